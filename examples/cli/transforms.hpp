#pragma once

#include <array>
#include <optional>
#include <string>

#include <comir/image/grid.hpp>
#include <comir/image/image.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/io/any_image.hpp>
#include <comir/io/slide/slide_info.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/chain.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/physical.hpp>

#include "commands.hpp"
#include "images.hpp"

// The library's transform files, compiled in one file, and warping by any transform, in another. They have its errors.

struct grid_pair {
    comir::pixel_grid fixed{}, moving{};
};
/// A linear transform.
comir::any_transform load_transform(std::string const& path, grid_pair const& grids);
/// A transform of any kind. What another program would take otherwise is told to the user.
comir::transform_chain load_chain(std::string const& path, grid_pair const& grids);
void save_transform(std::string const& path, comir::any_transform const& transform, comir::image<float> const& fixed,
                    comir::image<float> const& moving);
void save_transform(std::string const& path, comir::transform_chain const& transform, comir::image<float> const& fixed,
                    comir::image<float> const& moving);

/// An image that a saved transform is applied to: its size and its pixels' places.
struct applied_image {
    comir::extent2 size{};
    comir::pixel_grid grid{};
};
/// A slide as transform files see it: with the pixel size that ITK takes from the file, or 1 where it cannot read it.
applied_image applied_slide(std::string const& path, comir::slide_info const& info);
/// A linear transform is saved without the images' pixels.
void save_transform(std::string const& path, comir::any_transform const& transform, applied_image const& fixed,
                    applied_image const& moving);
/// A transform of any kind between the pixels of two images, where it may have been found on smaller copies of them.
/// Copies have the same edges, so that the first pixel's centre is not at the same place.
comir::transform_chain load_applied(std::string const& path, applied_image const& fixed, applied_image const& moving,
                                    found_on_settings const& found_on);

/// An image to be warped as its file has it, and how.
struct warped_image {
    comir::stored_image moving{};
    std::string fill{};  // value of pixels that show nothing, white, or edge for the nearest pixel; empty: that for no
                         // data, nan where it has such, or 0
    comir::interpolation method = comir::interpolation::linear;
    int threads = 0;
    std::optional<comir::exact_image> exact{};  // its pixels, to be copied instead
};
/// A value for no data instead of the file's own, or none.
void declare_nodata(warped_image& image, std::optional<double> nodata);
/// Raises comir::error if the value of --fill, or of --nodata, is none that the image holds.
void check_fill(warped_image const& image);

/// The grid that an image is warped onto, and what is said of it.
struct warp_target {
    comir::image_shape shape{};  // its channels do not matter
    std::array<double, 2> spacing{1.0, 1.0};
};
/// The image on the target's grid, its values of the type that its file has, its alpha and its value for no data with
/// it; of `exact`, if there is one, copied. Pixels of no data, transparent ones and those that are not finite are mixed
/// into no other.
saved_page warp_page(warped_image const& image, comir::transform_chain const& transform, warp_target const& target);
/// The same of an image without `exact`, on the fixed image's grid.
comir::stored_image warp_as_stored(warped_image const& image, comir::any_transform const& transform,
                                   comir::image<float> const& fixed);
comir::stored_image warp_as_stored(warped_image const& image, comir::transform_chain const& transform,
                                   comir::image<float> const& fixed);
/// The same of values that are floats.
comir::image<float> warp_by(comir::any_transform const& transform, comir::image<float> const& moving,
                            comir::image<float> const& fixed, int threads);
comir::image<float> warp_by(comir::transform_chain const& transform, comir::image<float> const& moving,
                            comir::image<float> const& fixed, int threads);
