#pragma once

#include <optional>
#include <string>

#include <comir/image/grid.hpp>
#include <comir/image/image.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/io/any_image.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/physical.hpp>

// The library's transform files, compiled in one file, and warping by any transform, in another. They have its errors.

struct grid_pair {
    comir::pixel_grid fixed{}, moving{};
};
comir::any_transform load_transform(std::string const& path, grid_pair const& grids);
void save_transform(std::string const& path, comir::any_transform const& transform, comir::image<float> const& fixed,
                    comir::image<float> const& moving);

/// An image to be warped as its file has it, and how.
struct warped_image {
    comir::stored_image moving{};
    std::string fill{};  // value of pixels that show nothing; empty: that for no data, nan where it has such, or 0
    comir::interpolation method = comir::interpolation::linear;
    int threads = 0;
};
/// A value for no data instead of the file's own, or none.
void declare_nodata(warped_image& image, std::optional<double> nodata);
/// Raises comir::error if the value of --fill, or of --nodata, is none that the image holds.
void check_fill(warped_image const& image);
/// The image on the fixed image's grid, its values of the type that its file has, its alpha and its value for no data
/// with it. Pixels of no data, transparent ones and those that are not finite are mixed into no other.
comir::stored_image warp_as_stored(warped_image const& image, comir::any_transform const& transform,
                                   comir::image<float> const& fixed);
/// The same of values that are floats.
comir::image<float> warp_by(comir::any_transform const& transform, comir::image<float> const& moving,
                            comir::image<float> const& fixed, int threads);
