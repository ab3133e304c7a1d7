#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/image/convert.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Pixels between the pictures on a sheet.
inline constexpr std::size_t sheet_gap = 4;

/// Three channels, so that grey and coloured pictures fit on one sheet.
inline image<float> as_colour(image<float> const& picture) {
    return picture.channels() == 3 ? picture : select_channels(picture, {0, 0, 0});
}

/// Pastes a picture with its first pixel at (x, y).
inline void paste(image<float>& sheet, image<float> const& picture, std::size_t x, std::size_t y) {
    for (std::size_t c = 0; c < sheet.channels(); ++c)
        for (std::size_t row = 0; row < picture.height(); ++row)
            std::copy_n(picture.row(c, row), picture.width(), sheet.row(c, y + row) + x);
}

}}}  // namespace comir::COMIR_ABI::detail
