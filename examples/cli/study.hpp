#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include <comir/dataset/aligned_pair.hpp>
#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/success.hpp>
#include <comir/image/image.hpp>

#include "commands.hpp"

// The parts of `comir study`: models, what is measured of them, and tables.

/// A model that a study trains.
struct study_variant {
    std::string name;
    train_settings settings{};
    std::vector<std::size_t> scenes{};  // the places of the pairs to train on; none: all
};

/// The variant's model in the folder, trained now unless a study with the same settings and images has left it there.
std::string trained_file(study_variant const& variant, std::vector<comir::aligned_pair> const& training,
                         std::string const& folder);

/// What models are compared on.
struct study_test {
    std::vector<comir::aligned_pair> scenes;      // not trained on
    std::vector<comir::registration_pair> pairs;  // made of them
};

struct study_model {
    std::string name, file;
};

/// Correlation at an angle in degrees.
using angle_curve = std::vector<std::array<double, 2>>;

struct model_figures {
    std::string name;
    std::array<angle_curve, 2> equivariance{};    // of each modality
    std::array<double, 2> mean_equivariance{};    // over the angles
    std::vector<comir::score_summary> success{};  // of each method
};
model_figures measure(study_settings const& settings, study_test const& test, study_model const& model);

/// The representations of all scenes, of each modality.
using study_representations = std::array<std::vector<comir::image<float>>, 2>;
study_representations represent(study_settings const& settings, study_test const& test, study_model const& model);
/// comir::stability of each modality.
std::array<double, 2> stability_of(study_representations const& a, study_representations const& b);

struct study_table {
    std::vector<std::string> columns{};
    std::vector<std::vector<std::variant<std::string, double>>> rows{};
};
void print_table(study_table const& table);
void write_table(std::string const& path, study_table const& table);

/// Pictures, where gnuplot is there to draw them. The lines' labels tell the model and the modality.
void draw_curves(std::string const& path, study_settings const& settings, std::vector<model_figures> const& figures);
/// One group of bars for each row of a table, with a bar for each of the columns listed.
void draw_bars(std::string const& path, study_table const& table, std::vector<std::size_t> const& columns);
