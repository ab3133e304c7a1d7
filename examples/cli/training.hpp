#pragma once

#include <map>
#include <string>
#include <vector>

#include <comir/dataset/aligned_pair.hpp>

#include "commands.hpp"

// What the subcommands that train share.

/// The pairs to train on, and those that are kept from it.
struct pair_sets {
    std::vector<comir::aligned_pair> training, validation;
};

/// Rows and columns of a patch, px; if none are given, as many as suit the smallest image.
std::size_t patch_of(train_settings const& settings, pair_sets const& sets);

/// The folders of the settings, cut and divided as these say.
pair_sets read_sets(train_settings const& settings);
/// Validation pairs come from folders of their own, and the trainer, which checks values too, knows no names.
/// Errors: comir::error if a pair has other channels than the first one, or values that are not finite
void check_images(char const* which, std::vector<comir::aligned_pair> const& pairs, comir::aligned_pair const& first,
                  train_settings const& settings);
/// Calls modalities that have no name as their folders.
void name_modalities(train_settings& settings);
/// By name, all settings that make a model what it is, but for its images.
std::map<std::string, std::string> settings_record(train_settings const& settings);
/// Trains, reports and writes the model; a checkpoint lies beside it until then.
void train_model(train_settings const& settings, pair_sets pairs);
