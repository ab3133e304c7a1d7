#include "pictures/training_sheet.hpp"

#include <array>
#include <cstddef>
#include <limits>

#include <doctest/doctest.h>

using namespace comir;

namespace {

/// Values that rise from pixel to pixel, from `low` on.
image<float> ramp(std::size_t channels, std::size_t h, std::size_t w, float low) {
    image<float> result({channels, h, w});
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = low + static_cast<float>(i % (h * w));
    return result;
}

}  // namespace

TEST_CASE("training_sheet: images above, representations through one mapping below") {
    std::array const images{ramp(3, 20, 30, 0.0f), ramp(1, 20, 30, 0.0f)};
    std::array const representations{ramp(1, 20, 30, -600.0f), ramp(1, 20, 30, 0.0f)};
    image<float> const sheet = training_sheet(images, representations);
    REQUIRE(sheet.shape() == image_shape{3, 44, 64});
    // -600 to 599 became 0 to 1, but for the half percent at either end: the second one begins in the middle.
    CHECK(sheet(0, 24, 0) == 0.0f);
    CHECK(sheet(1, 24, 34) == doctest::Approx(0.5).epsilon(0.01));
    CHECK(sheet(2, 43, 63) == 1.0f);
    CHECK(sheet(0, 43, 29) == doctest::Approx(0.5).epsilon(0.01));
    CHECK(sheet(0, 10, 31) == 1.0f);  // between the columns
    CHECK(sheet(0, 21, 10) == 1.0f);  // between the rows
    CHECK(sheet(0, 0, 0) == 0.0f);
    CHECK(sheet(0, 19, 63) == 1.0f);
}

TEST_CASE("training_sheet: three channels are colours, constant ones grey") {
    std::array const images{ramp(1, 8, 8, 0.0f)};
    std::array const flat{image<float>({5, 8, 8})};
    CHECK(training_sheet(images, flat)(2, 15, 3) == 0.5f);
    std::array coloured{image<float>({3, 8, 8})};
    for (std::size_t i = 0; i < 64; ++i)
        coloured[0].channel(1)[i] = static_cast<float>(i % 2);
    image<float> const sheet = training_sheet(images, coloured);
    CHECK(sheet(0, 12, 1) == 0.0f);
    CHECK(sheet(1, 12, 1) == 1.0f);
    CHECK(sheet(2, 12, 1) == 0.0f);
}

TEST_CASE("training_sheet: refuses what does not belong together") {
    std::array const images{ramp(1, 8, 8, 0.0f), ramp(1, 8, 8, 0.0f)};
    std::array const one{ramp(1, 8, 8, 0.0f)};
    CHECK_THROWS_AS((void)training_sheet(images, one), shape_error);
    CHECK_THROWS_AS((void)training_sheet({}, {}), shape_error);
    std::array const smaller{ramp(1, 8, 8, 0.0f), ramp(1, 8, 7, 0.0f)};
    CHECK_THROWS_AS((void)training_sheet(images, smaller), shape_error);
    std::array const channels{ramp(1, 8, 8, 0.0f), ramp(2, 8, 8, 0.0f)};
    CHECK_THROWS_AS((void)training_sheet(images, channels), shape_error);
    std::array infinite{ramp(1, 8, 8, 0.0f), ramp(1, 8, 8, 0.0f)};
    infinite[1](0, 3, 3) = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS((void)training_sheet(images, infinite), error);
}
