#pragma once

#include <cstddef>

#include <comir/image/image.hpp>
#include <comir/transform/concepts.hpp>

namespace comir::inline COMIR_ABI {

/// The point halfway between the centres of the first and the last pixel, px.
constexpr point2 image_centre(std::size_t w, std::size_t h) {
    return {0.5 * (static_cast<double>(w) - 1.0), 0.5 * (static_cast<double>(h) - 1.0)};
}
constexpr point2 image_centre(image_shape const& s) {
    return image_centre(s.w, s.h);
}

}  // namespace comir::inline COMIR_ABI
