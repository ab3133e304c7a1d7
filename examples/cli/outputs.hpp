#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

/// The name of the folder that holds a file, or of a folder itself: the default name of a modality.
std::string folder_name_of_file(std::filesystem::path const& file);
std::string folder_name(std::filesystem::path const& folder);

/// One path for all names of a file, whether it is there or not.
std::filesystem::path full_path(std::filesystem::path const& path);

/// Raises comir::error if a file could not be written there now, or has another extension than one of those given.
/// No path, no check.
void check_output(char const* option, std::filesystem::path const& path, std::vector<std::string> const& extensions);
/// Raises comir::error if an output is the same file as one of the inputs, which it would destroy. Empty paths are left
/// out.
void check_no_input(char const* option, std::filesystem::path const& output,
                    std::vector<std::filesystem::path> const& inputs);
/// Raises comir::error if two outputs, by their options, would be written to one file. Empty paths are left out.
void check_distinct(std::vector<std::pair<char const*, std::filesystem::path>> const& outputs);
/// As check_output for a folder that is made where it is missing.
void check_output_folder(char const* option, std::filesystem::path const& folder);
/// Makes the folder where it is missing.
void make_output_folder(char const* option, std::filesystem::path const& folder);
