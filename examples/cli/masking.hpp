#pragma once

#include <string>

#include <comir/io/masked_image_file.hpp>

#include "commands.hpp"

/// Which image of a pair is meant.
enum class pair_image { fixed, moving };

/// How an image of a pair is masked: by what the settings say, and a mask file, which may be empty.
/// Raises comir::error if a value for no data is no number.
comir::masking_options masking_of(masking_settings const& settings, pair_image which, std::string const& mask = {});

/// Reads it, and tells the user, once a file, of further pages and of a tag that could not be read.
comir::masked_image load_masked_image(std::string const& path, comir::masking_options const& options);

/// Raises comir::error if two images are known to take more memory than there is, before any is read.
void check_pair_memory(std::string const& fixed, std::string const& moving, masking_settings const& settings);

/// One line on what was found in an image and how to leave it in; empty if nothing was.
std::string masking_line(std::string const& which, comir::masked_image const& image);
