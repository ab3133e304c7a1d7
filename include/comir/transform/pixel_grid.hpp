#pragma once

#include <array>
#include <cmath>

#include <comir/core/error.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Where an image's pixels lie: pixel (x, y) has its centre at origin + D (spacing[0] x, spacing[1] y), in the user's
/// length unit.
/// Units: direction is D by rows, as ITK has it; its columns are the places' directions of x and y. Files of PNG and
///        TIFF have none, so that it is the identity
struct pixel_grid {
    std::array<double, 2> spacing{1.0, 1.0};
    std::array<double, 2> origin{0.0, 0.0};
    std::array<double, 4> direction{1.0, 0.0, 0.0, 1.0};

    constexpr bool operator==(pixel_grid const&) const = default;
    /// Whether x and y of pixels and places point the same way.
    constexpr bool is_upright() const { return direction == std::array<double, 4>{1.0, 0.0, 0.0, 1.0}; }
};

/// The map from pixels to their places, in the length unit.
inline affine2 pixel_to_place(pixel_grid const& grid) {
    auto const& [d00, d01, d10, d11] = grid.direction;
    return {{d00 * grid.spacing[0], d01 * grid.spacing[1], d10 * grid.spacing[0], d11 * grid.spacing[1], grid.origin[0],
             grid.origin[1]},
            {}};
}

namespace detail {

inline void check_grid(char const* who, char const* which, pixel_grid const& grid) {
    for (std::size_t i = 0; i < 2; ++i)
        require(grid.spacing[i] > 0.0 && std::isfinite(grid.spacing[i]) && std::isfinite(grid.origin[i]), who, ": the ",
                which, " has spacing ", grid.spacing[i], " and origin ", grid.origin[i],
                ", expected a positive and a finite number");
    auto const& [a, b, c, d] = grid.direction;
    require(std::isnormal(a * d - b * c), who, ": the ", which, " has the direction (", a, " ", b, "; ", c, " ", d,
            "), expected a matrix with an inverse");
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
