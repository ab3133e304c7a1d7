#pragma once

#include <cstdint>
#include <string>

#include <comir/image/image.hpp>
#include <comir/io/any_image.hpp>

// The library's readers and writers of image files, compiled in one file. They have its errors.

/// Tells the user, once a file, that a file has more pages than the one that is read.
void note_pages(std::string const& path);

comir::any_image load_image(std::string const& path);
comir::image<float> load_float_image(std::string const& path);
/// No path, no mask.
comir::image_mask load_mask(std::string const& path);
/// Without the values that are infinite or not numbers where the mask is zero; refuses others.
comir::image<float> load_masked_image(std::string const& path, comir::image_mask const& mask);
void save_image(std::string const& path, comir::any_image const& image);
/// With 8 bits; values are 0 to 1.
void save_picture(std::string const& path, comir::image<float> const& picture);

/// Raises comir::error if a file of this name cannot hold such an image, which is known before the work.
void check_holds(char const* option, std::string const& path, comir::any_image const& image);
