#pragma once

#include <comir/image/image.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The point halfway between the centres of the first and the last pixel, px.
constexpr point2 image_centre(image_shape const& s) {
    return image_centre(s.w, s.h);
}

}}  // namespace comir::COMIR_ABI
