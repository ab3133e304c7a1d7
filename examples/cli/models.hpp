#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <comir/models/any_unet.hpp>
#include <comir/models/encoder.hpp>

// Model files, read and written in one file. All networks are of the type whose shape is chosen while the program runs:
// it has the bits of the others, and a program that holds one type compiles one.

using any_network = comir::any_unet;

struct trained_model {
    std::vector<comir::encoder<any_network>> encoders;
    std::string critic, group;
    double temperature = 0.1;
    std::uint64_t steps = 0;

    /// Raises comir::error listing the modalities if there is none of that name.
    comir::encoder<any_network> const& find(std::string_view modality) const;
};

/// A training that was stopped; the fields are those of comir::checkpoint.
struct stopped_training {
    trained_model model;
    std::uint64_t step = 0, seed = 0;
    std::vector<std::vector<float>> velocity;
    std::map<std::string, std::string> settings;
};

trained_model load_model(std::string const& path);
void save_model(std::string const& path, trained_model const& model);
stopped_training load_training(std::string const& path);
void save_training(std::string const& path, stopped_training const& training);
