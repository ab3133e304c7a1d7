#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/mask.hpp>

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

TEST_CASE("fill_masked: no-data values under the mask become the channel's mean") {
    float const none = std::numeric_limits<float>::quiet_NaN();
    comir::image<float> const given({2, 1, 4}, {none, 1, 3, 9, 4, none, 5, none});
    comir::image_mask const mask({1, 1, 4}, {0, 1, 1, 0});
    auto const filled = comir::fill_masked(given, mask);
    CHECK(std::vector<float>(filled.channel(0).begin(), filled.channel(0).end()) == std::vector<float>{2, 1, 3, 9});
    CHECK(filled(1, 0, 0) == 4);
    CHECK(std::isnan(filled(1, 0, 1)));  // counts, so it is not hidden
    CHECK(filled(1, 0, 3) == 5);
    CHECK(std::isnan(comir::fill_masked(given, {})(0, 0, 0)));
    CHECK_THROWS_AS(comir::fill_masked(given, comir::image_mask({1, 2, 4})), comir::shape_error);
}

TEST_CASE("combine_masks: a pixel counts where it counts in both, an empty mask leaves the other") {
    comir::image_mask const a({1, 1, 4}, {0, 1, 7, 0}), b({1, 1, 4}, {0, 0, 2, 1});
    auto const both = comir::combine_masks(a, b);
    CHECK(std::vector<unsigned char>(both.values().begin(), both.values().end()) ==
          std::vector<unsigned char>{0, 0, 1, 0});
    CHECK(comir::combine_masks({}, b).values()[2] == 2);
    CHECK(comir::combine_masks(a, {}).values()[2] == 7);
    CHECK(comir::combine_masks({}, {}).empty());
    CHECK_THROWS_WITH_AS(comir::combine_masks(a, comir::image_mask({1, 2, 2})),
                         "comir::combine_masks: the masks are 1 x 1 x 4 and 1 x 2 x 2, expected equal sizes",
                         comir::shape_error);
    CHECK(comir::masked_share(a) == 0.5);
    CHECK(comir::masked_share({}) == 0.0);
}

TEST_CASE("replace_masked: what was found becomes the mean of what counts, other masked pixels stay") {
    comir::image<float> const given({1, 1, 4}, {-9999, 2, 4, 100});
    comir::image_mask const found({1, 1, 4}, {0, 1, 1, 1}), mask({1, 1, 4}, {1, 1, 1, 0});
    auto const filled = comir::replace_masked(given, found, mask);
    CHECK(std::vector<float>(filled.values().begin(), filled.values().end()) == std::vector<float>{3, 2, 4, 100});
    CHECK(comir::replace_masked(given, {}, mask)(0, 0, 3) == 100);
    CHECK_THROWS_AS(comir::replace_masked(given, comir::image_mask({1, 2, 4}), {}), comir::shape_error);
}
