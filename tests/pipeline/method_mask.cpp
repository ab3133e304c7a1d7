#include <limits>

#include <doctest/doctest.h>

#include <comir/pipeline/method_mask.hpp>

TEST_CASE("to_mask: a pixel counts where any channel is above 0") {
    comir::image<float> stored({2, 2, 3});
    stored(0, 0, 1) = 1e-6f;
    stored(1, 1, 2) = 255.0f;
    stored(0, 1, 0) = -1.0f;
    stored(0, 0, 0) = std::numeric_limits<float>::quiet_NaN();
    auto const mask = comir::to_mask(stored);
    REQUIRE(mask.shape() == comir::image_shape{1, 2, 3});
    for (std::size_t y = 0; y < 2; ++y)
        for (std::size_t x = 0; x < 3; ++x)
            CHECK((mask(0, y, x) != 0) == ((y == 0 && x == 1) || (y == 1 && x == 2)));
}
