#include <algorithm>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/global/grid.hpp>

namespace detail = comir::detail;

TEST_CASE("make_shift_axis: parts cover all shifts once, and no pixel meets another by wrapping") {
    struct setting {
        std::ptrdiff_t first, last;
        std::size_t fixed, moving;
    };
    for (setting const s :
         {setting{-5, 20, 21, 6}, {-100, 160, 200, 140}, {-20, 2000, 2010, 91}, {-400, 900, 800, 500}}) {
        auto const axis = detail::make_shift_axis(s.first, s.last, s.fixed, s.moving);
        std::ptrdiff_t next = s.first;
        auto const fixed = static_cast<std::ptrdiff_t>(s.fixed), moving = static_cast<std::ptrdiff_t>(s.moving);
        for (std::size_t i = 0; i < axis.parts(); ++i) {
            CHECK(axis.begin(i) == next);
            REQUIRE(axis.size(i) > 0);
            next += axis.size(i);
            // Where each place of the cycle holds a pixel of the fixed image.
            std::vector<std::ptrdiff_t> held(axis.cycle, -1);
            for (auto x = std::max<std::ptrdiff_t>(0, axis.begin(i));
                 x < std::min(fixed, axis.begin(i) + axis.size(i) + moving - 1); ++x) {
                CHECK(held[axis.index_of(x)] == -1);
                held[axis.index_of(x)] = x;
            }
            for (auto const shift : {axis.begin(i), axis.begin(i) + axis.size(i) - 1})
                for (std::ptrdiff_t q = 0; q < moving; ++q) {
                    std::ptrdiff_t const x = shift + q;
                    CHECK(held[axis.index_of(x)] == (x >= 0 && x < fixed ? x : -1));
                }
        }
        CHECK(next == s.last + 1);
    }
}
