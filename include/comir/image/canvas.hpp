#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/transform/chain.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/concepts.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/translation.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A grid of the fixed image's pixels that may begin beside the image and be larger.
/// Units: pixels; (x, y) is the pixel of the fixed image that becomes (0, 0)
struct canvas {
    std::ptrdiff_t x = 0, y = 0;
    extent2 size{};

    constexpr bool operator==(canvas const&) const = default;
};

namespace detail {

inline canvas canvas_around(std::span<point2 const> moved, extent2 fixed, extent2 moving) {
    double left = 0.0, top = 0.0, right = static_cast<double>(fixed.w) - 1.0,
           bottom = static_cast<double>(fixed.h) - 1.0;
    // A pixel that a rounding error puts on the other side of an edge asks for no further column.
    constexpr double nearly = 1e-6;
    for (point2 const& p : moved) {
        left = std::min(left, std::floor(p.x + nearly));
        top = std::min(top, std::floor(p.y + nearly));
        right = std::max(right, std::ceil(p.x - nearly));
        bottom = std::max(bottom, std::ceil(p.y - nearly));
    }
    double const most = 100.0 * static_cast<double>(fixed.w + fixed.h + moving.w + moving.h);
    double const w = right - left + 1.0, h = bottom - top + 1.0;
    require(w <= most && h <= most, "comir::canvas_of_both: the canvas would have ", w, " x ", h,
            " pixels for images of ", fixed.w, " x ", fixed.h, " and ", moving.w, " x ", moving.h,
            "; check that the transform is one of these images, in their units");
    return {static_cast<std::ptrdiff_t>(left),
            static_cast<std::ptrdiff_t>(top),
            {static_cast<std::size_t>(w), static_cast<std::size_t>(h)}};
}

}  // namespace detail

/// The smallest canvas that holds all of the fixed image and all of the moving one where a transform puts it.
/// Errors: shape_error if an image has no pixel; error if the transform has no inverse, or the canvas would be more than
///         a hundred times as wide or as high as the images together, as of a transform in other units
template <affine_transform T>
canvas canvas_of_both(T const& fixed_to_moving, extent2 fixed, extent2 moving) {
    require<shape_error>(fixed.w > 0 && fixed.h > 0, "comir::canvas_of_both: the fixed image has ", fixed.w, " x ",
                         fixed.h, " pixels, expected at least one");
    return detail::canvas_around(map_corners(fixed_to_moving.inverse(), moving), fixed, moving);
}

/// The transform of the fixed image as one of the canvas's pixels.
template <affine_transform T>
affine2 on_canvas(T const& fixed_to_moving, canvas const& c) {
    return compose(to_affine(fixed_to_moving), translation2{{static_cast<double>(c.x), static_cast<double>(c.y)}, {}});
}

/// The same of a chain, from all pixels of the moving image's edge: a bend may carry a side further out than its ends.
inline canvas canvas_of_both(transform_chain const& fixed_to_moving, extent2 fixed, extent2 moving) {
    require<shape_error>(fixed.w > 0 && fixed.h > 0 && moving.w > 0 && moving.h > 0,
                         "comir::canvas_of_both: the images have ", fixed.w, " x ", fixed.h, " and ", moving.w, " x ",
                         moving.h, " pixels, expected at least one");
    std::vector<point2> moved;
    double const right = static_cast<double>(moving.w) - 1.0, bottom = static_cast<double>(moving.h) - 1.0;
    auto const add = [&](point2 p) { moved.push_back(invert(fixed_to_moving, p).point); };
    for (double x = 0.0; x <= right; ++x) {
        add({x, 0.0});
        add({x, bottom});
    }
    for (double y = 1.0; y < bottom; ++y) {
        add({0.0, y});
        add({right, y});
    }
    return detail::canvas_around(moved, fixed, moving);
}

/// The chain of the fixed image as one of the canvas's pixels.
inline transform_chain on_canvas(transform_chain const& fixed_to_moving, canvas const& c) {
    return compose(fixed_to_moving, to_chain(translation2{{static_cast<double>(c.x), static_cast<double>(c.y)}, {}}));
}

}}  // namespace comir::COMIR_ABI
