#include "pictures/pair_sheet.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

using namespace comir;

TEST_CASE("pair_sheet: two rows of images, representations and checkerboards, aligned after the true transform") {
    image<float> fixed({1, 40, 40});
    for (std::size_t y = 0; y < 40; ++y)
        for (std::size_t x = 0; x < 40; ++x)
            fixed(0, y, x) = static_cast<float>((x * 3 + y * y) % 17) / 17.0f;
    image<float> moving({3, 40, 40});  // the fixed image, 4 px to the left, with the values turned over
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t y = 0; y < 40; ++y)
            for (std::size_t x = 0; x < 40; ++x)
                moving(c, y, x) = 1.0f - fixed(0, y, std::min<std::size_t>(x + 4, 39));
    rigid2 const truth{{0.0, -4.0, 0.0}, {19.5, 19.5}};
    auto const invert = [](image<float> const& source) {
        image<float> one({1, 40, 40});
        for (std::size_t i = 0; i < 1600; ++i)
            one.values()[i] = 1.0f - source.values()[i];
        return one;
    };
    auto const same = [](image<float> const& source) { return source; };
    image<float> const sheet = pair_sheet(fixed, moving, truth, {same, invert});
    CHECK(sheet.shape() == image_shape{3, 84, 172});
    int before = 0, after = 0;
    for (std::size_t y = 0; y < 40; ++y)
        for (std::size_t x = 8; x < 36; ++x) {
            CHECK(sheet(0, 44 + y, x) == fixed(0, y, x));
            before += std::abs(sheet(1, 44 + y, 88 + x) - fixed(0, y, x)) > 1e-5f;
            after += std::abs(sheet(1, 44 + y, 132 + x) - fixed(0, y, x)) > 1e-5f;
        }
    CHECK(before > 300);
    CHECK(after == 0);
}
