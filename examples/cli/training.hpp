#pragma once

#include <map>
#include <string>
#include <vector>

#include <comir/dataset/aligned_pair.hpp>

#include "commands.hpp"

// Training, compiled in one file, for the subcommands that train.

/// The pairs to train on, and those that are kept from it.
struct pair_sets {
    std::vector<comir::aligned_pair> training, validation;
};

/// Rows and columns of a patch, px; if none are given, as many as suit the smallest image. A training takes two cells
/// more, and small images have less room.
std::size_t patch_of(train_settings const& settings, pair_sets const& sets);

/// The folders of the settings, cut and divided as these say.
pair_sets read_sets(train_settings const& settings);
/// Calls modalities that have no name as their folders.
void name_modalities(train_settings& settings);
/// By name, all settings that make a model what it is, but for its images.
std::map<std::string, std::string> settings_record(train_settings const& settings);
/// Trains, reports and writes the model; a checkpoint lies beside it until then.
void train_model(train_settings const& settings, pair_sets pairs);
