#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <comir/dataset/aligned_pair.hpp>

#include "commands.hpp"

/// The aligned pairs of two folders, compiled in one file; comir::read_folder_pairs says how and with which errors.
std::vector<comir::aligned_pair> load_scenes(std::string const& a, std::string const& b);

/// The least width or height of all scenes, px; without scenes the largest number.
std::size_t shorter_side(std::vector<comir::aligned_pair> const& scenes);

/// Makes pairs of the settings' kind and number of scenes in memory; the path of their list. Both modalities are named.
std::string make_pairs_of(std::vector<comir::aligned_pair> const& scenes, make_pairs_settings const& settings);
