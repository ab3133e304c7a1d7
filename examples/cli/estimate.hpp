#pragma once

#include <vector>

#include <comir/dataset/aligned_pair.hpp>

#include "commands.hpp"

/// Registers displaced patches of pairs that were not trained on with the model that the settings wrote, and prints how
/// many come out right. Images too small for patches of 48 px are left alone.
void print_estimate(train_settings const& settings, std::vector<comir::aligned_pair> const& scenes);
