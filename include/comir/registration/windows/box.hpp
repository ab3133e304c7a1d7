#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <comir/image/image.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The pixels of an image that hold four points, such as the corners of a mapped rectangle, and `margin` pixels around
/// them; without width or height where they lie outside.
inline region box_around(std::array<point2, 4> const& points, image_shape const& image, double margin) {
    point2 low = points[0], high = low;
    for (point2 const p : points) {
        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    auto const span = [margin](double from, double to, std::size_t extent) {
        double const last = static_cast<double>(extent);
        double const a = std::clamp(std::floor(from - margin), 0.0, last);
        double const b = std::clamp(std::ceil(to + margin) + 1.0, a, last);
        return std::array<std::size_t, 2>{static_cast<std::size_t>(a), static_cast<std::size_t>(b - a)};
    };
    auto const x = span(low.x, high.x, image.w), y = span(low.y, high.y, image.h);
    return {x[0], y[0], x[1], y[1]};
}

}}}  // namespace comir::COMIR_ABI::detail
