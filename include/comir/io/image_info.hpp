#pragma once

#include <array>
#include <cstddef>

#include <comir/image/image.hpp>
#include <comir/io/any_image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a file says of a page before its pixels are read.
/// Units: spacing as in image
struct image_info {
    image_shape shape{};
    std::size_t value_bytes = 1;  // as stored
    std::array<double, 2> spacing{1.0, 1.0};
    geo_reference geo{};
    bool reduced = false;  // a smaller copy of another page, or a mask
};

}}  // namespace comir::COMIR_ABI
