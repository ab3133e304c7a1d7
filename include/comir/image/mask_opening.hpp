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
    std::size_t const h = set.height(), w = set.width();
    auto const settle = [&] {
        std::ranges::transform(grown.values(), grown.values().begin(), [](auto v) { return v != 0; });
    };
    // `left` counts down behind a pixel of the set; what it reaches becomes 2, which does not spread itself.
    auto const spread = [reach](unsigned char& v, std::size_t& left) {
        left = v == 1 ? reach + 1 : left - (left > 0 ? 1 : 0);
        if (v == 0 && left > 0)
            v = 2;
    };
    settle();
    for (std::size_t y = 0; y < h; ++y) {
        std::size_t right = 0, back = 0;
        for (std::size_t x = 0; x < w; ++x)
            spread(grown(0, y, x), right);
        for (std::size_t x = w; x-- > 0;)
            spread(grown(0, y, x), back);
    }
    settle();
    std::vector<std::size_t> down(w, 0), up(w, 0);
    for (std::size_t y = 0; y < h; ++y)
        for (std::size_t x = 0; x < w; ++x)
            spread(grown(0, y, x), down[x]);
    for (std::size_t y = h; y-- > 0;)
        for (std::size_t x = 0; x < w; ++x)
            spread(grown(0, y, x), up[x]);
    settle();
    return grown;
}

}}  // namespace comir::COMIR_ABI
