#pragma once

#include <string>

#include <comir/image/image.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/io/any_image.hpp>
#include <comir/io/transform_physical.hpp>
#include <comir/transform/any_transform.hpp>

// The library's transform files, compiled in one file, and warping by any transform, in another. They have its errors.

struct grid_pair {
    comir::pixel_grid fixed{}, moving{};
};
comir::any_transform load_transform(std::string const& path, grid_pair const& grids);
void save_transform(std::string const& path, comir::any_transform const& transform, comir::image<float> const& fixed,
                    comir::image<float> const& moving);

/// The image on the fixed image's grid, its values of the type that its file has.
comir::any_image warp_as_stored(comir::any_image const& moving, comir::any_transform const& transform,
                                comir::image<float> const& fixed, comir::interpolation method, int threads);
/// The same of values that are floats.
comir::image<float> warp_by(comir::any_transform const& transform, comir::image<float> const& moving,
                            comir::image<float> const& fixed, int threads);
