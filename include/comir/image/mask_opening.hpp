#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// Along one line: what ends a run of `side` ones stays, then spreads back over its run.
inline void open_line(unsigned char* line, std::size_t length, std::size_t stride, std::size_t side, bool erode) {
    if (erode) {
        std::size_t run = 0;
        for (std::size_t i = 0; i < length; ++i) {
            unsigned char& v = line[i * stride];
            run = v != 0 ? run + 1 : 0;
            v = run >= side;
        }
        return;
    }
    std::size_t left = 0;
    for (std::size_t i = length; i-- > 0;) {
        unsigned char& v = line[i * stride];
        left = v != 0 ? side : left - (left > 0 ? 1 : 0);
        v = left > 0;
    }
}

}  // namespace detail

/// The pixels of a set (not zero) that lie in a square of side x side pixels which all belong to it: its morphological
/// opening, without thin parts and specks. All that lies beyond the frame belongs to the set.
/// Shapes: set (1, H, W), result the same, ones and zeros
inline image_mask open_mask(image_mask const& set, std::size_t side) {
    if (set.empty() || side <= 1)
        return set;
    std::size_t const h = set.height() + 2 * side, w = set.width() + 2 * side;
    std::vector<unsigned char> wide(h * w, 1);
    for (std::size_t y = 0; y < set.height(); ++y)
        for (std::size_t x = 0; x < set.width(); ++x)
            wide[(y + side) * w + x + side] = set(0, y, x) != 0;
    for (bool const erode : {true, false}) {
        for (std::size_t y = 0; y < h; ++y)
            detail::open_line(wide.data() + y * w, w, 1, side, erode);
        for (std::size_t x = 0; x < w; ++x)
            detail::open_line(wide.data() + x, h, w, side, erode);
    }
    image_mask result(set.shape());
    for (std::size_t y = 0; y < set.height(); ++y)
        std::copy_n(wide.data() + (y + side) * w + side, set.width(), result.row(0, y));
    return result;
}

/// The set grown by some pixels along both axes: what lies in a square of 2 * reach + 1 pixels about one of its pixels.
/// Shapes: set (1, H, W), result the same, ones and zeros
inline image_mask grow_mask(image_mask const& set, std::size_t reach) {
    image_mask grown = set;
    auto const spread = [reach](unsigned char* line, std::size_t length, std::ptrdiff_t stride) {
        std::size_t left = 0;
        for (std::size_t i = 0; i < length; ++i, line += stride) {
            left = *line == 1 ? reach + 1 : left - (left > 0 ? 1 : 0);
            if (*line == 0 && left > 0)
                *line = 2;  // from another pixel, so it does not spread
        }
    };
    auto const settle = [&] {
        std::ranges::transform(grown.values(), grown.values().begin(), [](auto v) { return v != 0; });
    };
    settle();
    auto const w = static_cast<std::ptrdiff_t>(set.width());
    for (std::size_t y = 0; y < set.height(); ++y) {
        spread(grown.row(0, y), set.width(), 1);
        spread(grown.row(0, y) + w - 1, set.width(), -1);
    }
    settle();
    for (std::size_t x = 0; x < set.width(); ++x) {
        spread(grown.row(0, 0) + x, set.height(), w);
        spread(grown.row(0, set.height() - 1) + x, set.height(), -w);
    }
    settle();
    return grown;
}

}}  // namespace comir::COMIR_ABI
