#include <algorithm>
#include <array>
#include <cstddef>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/mask_opening.hpp>

namespace {

/// Whether all pixels of a square belong to the set; beyond the frame all do.
bool holds_square(comir::image_mask const& set, std::ptrdiff_t y0, std::ptrdiff_t x0, std::ptrdiff_t side) {
    for (std::ptrdiff_t y = y0; y < y0 + side; ++y)
        for (std::ptrdiff_t x = x0; x < x0 + side; ++x) {
            bool const inside = y >= 0 && x >= 0 && y < static_cast<std::ptrdiff_t>(set.height()) &&
                                x < static_cast<std::ptrdiff_t>(set.width());
            if (inside && set(0, static_cast<std::size_t>(y), static_cast<std::size_t>(x)) == 0)
                return false;
        }
    return true;
}

comir::image_mask random_set(std::size_t h, std::size_t w, double share) {
    comir::random_stream random(h * 1000 + w);
    comir::image_mask set({1, h, w});
    for (auto& v : set.values())
        v = random.uniform() < share ? 3 : 0;
    return set;
}

}  // namespace

TEST_CASE("open_mask: what lies in a square of the set stays, as a plain loop finds it") {
    for (auto const& [h, w, side] : {std::array{1, 1, 3}, {3, 17, 2}, {17, 16, 3}, {23, 15, 5}, {9, 31, 12}}) {
        auto const set = random_set(static_cast<std::size_t>(h), static_cast<std::size_t>(w), 0.9);
        auto const opened = comir::open_mask(set, static_cast<std::size_t>(side));
        REQUIRE(opened.shape() == set.shape());
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x) {
                bool expected = false;
                for (int v = y - side + 1; v <= y; ++v)
                    for (int u = x - side + 1; u <= x; ++u)
                        expected = expected || holds_square(set, v, u, side);
                CHECK(opened(0, static_cast<std::size_t>(y), static_cast<std::size_t>(x)) == expected);
            }
    }
    CHECK(comir::open_mask({}, 3).empty());
}

TEST_CASE("grow_mask: a pixel belongs to the set if one within reach does") {
    for (int const reach : {0, 1, 2, 5}) {
        auto const set = random_set(13, 18, 0.03);
        auto const grown = comir::grow_mask(set, static_cast<std::size_t>(reach));
        for (int y = 0; y < 13; ++y)
            for (int x = 0; x < 18; ++x) {
                bool expected = false;
                for (int v = std::max(y - reach, 0); v <= std::min(y + reach, 12); ++v)
                    for (int u = std::max(x - reach, 0); u <= std::min(x + reach, 17); ++u)
                        expected = expected || set(0, static_cast<std::size_t>(v), static_cast<std::size_t>(u)) != 0;
                CHECK(grown(0, static_cast<std::size_t>(y), static_cast<std::size_t>(x)) == expected);
            }
    }
    CHECK(comir::grow_mask({}, 3).empty());
}
