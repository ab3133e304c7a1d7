#pragma once

#include <string>
#include <vector>

#include <comir/pipeline/aligned_pair.hpp>

/// The aligned pairs of two folders, compiled in one file; comir::read_folder_pairs says how and with which errors.
std::vector<comir::aligned_pair> load_scenes(std::string const& a, std::string const& b);
