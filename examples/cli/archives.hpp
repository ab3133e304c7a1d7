#pragma once

#include <string>

#include <comir/io/archive_file.hpp>

// Archives of images that can be found, as the tool makes and reads them.

/// Of a file's bytes.
std::string fingerprint_of_file(std::string const& path);

/// Raises comir::error if the archive was made with another model than this file, or with other settings.
void check_origin(std::string const& path, comir::image_archive const& archive, std::string const& model);
