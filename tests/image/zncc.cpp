#include <cmath>
#include <cstddef>
#include <limits>

#include <doctest/doctest.h>

#include <comir/image/zncc.hpp>

#include "support/textured_pair.hpp"

using comir::image;
using comir::image_mask;
using comir::rigid2;

TEST_CASE("zncc: equals the plain loop, and ignored pixels do not count") {
    auto const fixed = texture({1, 20, 20}, 6, {.gain = 6.0f});
    auto moving = texture({1, 24, 24}, 7, {.gain = 6.0f});
    rigid2 const t{{0.0, 3.0, -2.0}, {0.0, 0.0}};
    image_mask fixed_mask({1, 20, 20}, 1), moving_mask({1, 24, 24}, 1);
    fixed_mask(0, 10, 10) = 0;
    moving_mask(0, 5, 9) = 0;
    moving(0, 5, 9) = std::numeric_limits<float>::quiet_NaN();
    double n = 0.0, f = 0.0, m = 0.0, fm = 0.0, ff = 0.0, mm = 0.0;
    for (std::size_t y = 2; y < 20; ++y)
        for (std::size_t x = 0; x < 20; ++x) {
            if (!fixed_mask(0, y, x) || !moving_mask(0, y - 2, x + 3))
                continue;
            auto const a = static_cast<double>(fixed(0, y, x)), b = static_cast<double>(moving(0, y - 2, x + 3));
            n += 1.0;
            f += a;
            m += b;
            fm += a * b;
            ff += a * a;
            mm += b * b;
        }
    double const expected = (fm - f * m / n) / std::sqrt((ff - f * f / n) * (mm - m * m / n));
    auto const found = comir::zncc(fixed, fixed_mask, moving, moving_mask, t, 2);
    CHECK(found.correlation == doctest::Approx(expected).epsilon(1e-6));
    CHECK(found.overlap == n / 400.0);
    CHECK(comir::zncc(image<float>({1, 20, 20}), {}, texture({1, 20, 20}, 8), {}, rigid2{}, 1).correlation == 0.0);
}
