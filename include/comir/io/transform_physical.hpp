#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <variant>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/io/transform_text.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Where an image's pixels lie: pixel (x, y) has its centre at origin + (spacing[0] x, spacing[1] y), in the user's
/// length unit.
struct pixel_grid {
    std::array<double, 2> spacing{1.0, 1.0};
    std::array<double, 2> origin{0.0, 0.0};

    constexpr bool operator==(pixel_grid const&) const = default;
};

/// The grid of an image, from its spacing and origin.
template <class T>
pixel_grid grid_of(image<T> const& source) {
    return {source.spacing, source.origin};
}

namespace detail {

inline void check_grid(char const* who, char const* which, pixel_grid const& grid) {
    for (std::size_t i = 0; i < 2; ++i)
        require(grid.spacing[i] > 0.0 && std::isfinite(grid.spacing[i]) && std::isfinite(grid.origin[i]), who, ": the ",
                which, " image has spacing ", grid.spacing[i], " and origin ", grid.origin[i],
                ", expected a positive and a finite number");
}

/// The transform between other grids: points of the fixed image times `fixed` plus an offset, and so the moving one.
inline any_transform rescale(any_transform const& t, std::array<double, 2> fixed, point2 fixed_offset,
                             std::array<double, 2> moving, point2 moving_offset) {
    return std::visit(
        [&](auto const& held) -> any_transform {
            using type = std::decay_t<decltype(held)>;
            auto const scaled = [](std::array<double, 2> const& s, point2 p, point2 o) {
                return point2{s[0] * p.x + o.x, s[1] * p.y + o.y};
            };
            // A translation's centre has no effect, and the file formats have none for it.
            point2 const old_centre = std::is_same_v<type, translation2> ? point2{} : held.centre;
            point2 const centre = scaled(fixed, old_centre, fixed_offset);
            point2 const shift = scaled(moving, held(old_centre), moving_offset) - centre;
            auto const finish = [&](auto result) {
                result.centre = centre;
                result.parameters[result.parameters.size() - 2] = shift.x;
                result.parameters[result.parameters.size() - 1] = shift.y;
                return any_transform(result);
            };
            bool const square = fixed[0] == fixed[1] && moving[0] == moving[1];
            if (square && fixed[0] == moving[0])
                return finish(held);
            if constexpr (!std::is_same_v<type, affine2>)
                if (square) {
                    similarity2 result{{std::log(moving[0] / fixed[0]), 0.0, 0.0, 0.0}, {}};
                    if constexpr (std::is_same_v<type, rigid2>)
                        result.parameters[1] = held.parameters[0];
                    if constexpr (std::is_same_v<type, similarity2>) {
                        result.parameters[0] += held.parameters[0];
                        result.parameters[1] = held.parameters[1];
                    }
                    return finish(result);
                }
            auto const m = held.linear();
            return finish(affine2{{m(0, 0) * moving[0] / fixed[0], m(0, 1) * moving[0] / fixed[1],
                                   m(1, 0) * moving[1] / fixed[0], m(1, 1) * moving[1] / fixed[1], 0.0, 0.0},
                                  {}});
        },
        t);
}

}  // namespace detail

/// A transform between the pixels of two images as one between their places in the length unit, as ITK and elastix
/// have it. The type stays where both spacings are equal; otherwise a similarity2, or for oblong pixels an affine2.
/// Errors: error if a spacing is not positive or an origin not finite
inline any_transform to_physical(any_transform const& t, pixel_grid const& fixed, pixel_grid const& moving) {
    constexpr char const* who = "comir::to_physical";
    detail::check_grid(who, "fixed", fixed);
    detail::check_grid(who, "moving", moving);
    return detail::rescale(t, fixed.spacing, {fixed.origin[0], fixed.origin[1]}, moving.spacing,
                           {moving.origin[0], moving.origin[1]});
}

/// The inverse of to_physical.
/// Errors: error if a spacing is not positive or an origin not finite
inline any_transform to_pixels(any_transform const& t, pixel_grid const& fixed, pixel_grid const& moving) {
    constexpr char const* who = "comir::to_pixels";
    detail::check_grid(who, "fixed", fixed);
    detail::check_grid(who, "moving", moving);
    auto const inverse = [](pixel_grid const& g) {
        return std::array<double, 2>{1.0 / g.spacing[0], 1.0 / g.spacing[1]};
    };
    auto const offset = [](pixel_grid const& g) {
        return point2{-g.origin[0] / g.spacing[0], -g.origin[1] / g.spacing[1]};
    };
    return detail::rescale(t, inverse(fixed), offset(fixed), inverse(moving), offset(moving));
}

}}  // namespace comir::COMIR_ABI
