#pragma once

#include <cstddef>

#include <comir/registration/global/level.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/bspline.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A bend first, among pixels of the fixed image, then an affine map to those of the moving image.
struct bent_map {
    affine2 affine{};
    bspline2 bend;

    point2 operator()(point2 p) const { return affine(bend(p)); }
};

namespace detail {

/// The moving image's level on the fixed image's grid under a bent map, as a level.
inline search_level level_under(search_level const& fixed, search_level const& moving, bent_map const& map,
                                int threads) {
    return resample_level(
        fixed, moving,
        [&](std::size_t x, std::size_t y) {
            point2 const p{static_cast<double>(x), static_cast<double>(y)};
            return map(p * fixed.factor) * (1.0 / moving.factor);
        },
        threads);
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
