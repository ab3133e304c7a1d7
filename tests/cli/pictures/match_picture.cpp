#include "pictures/match_picture.hpp"

#include <array>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

using namespace comir;

namespace {

std::array<float, 3> pixel(image<float> const& picture, std::size_t x, std::size_t y) {
    return {picture(0, y, x), picture(1, y, x), picture(2, y, x)};
}

point_match match_of(point2 fixed, point2 moving) {
    point_match match;
    match.fixed = fixed;
    match.moving = moving;
    return match;
}

}  // namespace

TEST_CASE("match_picture: the images side by side, and lines from place to place by whether they agree") {
    // The fixed image has the columns 0 to 19, a gap of 4 follows, and the moving image begins at column 24.
    image<float> const fixed({1, 30, 20}, 0.25f);
    image<float> const moving({3, 10, 16}, 0.5f);
    std::vector<point_match> const matches{match_of({2.0, 3.0}, {5.0, 3.0}), match_of({4.2, 7.8}, {0.0, 8.0}),
                                           match_of({6.0, 5.0}, {6.0, 1.0})};
    std::vector<std::size_t> const inliers{0};
    image<float> const picture = match_picture(fixed, moving, {matches, inliers});
    REQUIRE(picture.shape() == image_shape{3, 30, 40});

    auto const green = pixel(picture, 2, 3), red = pixel(picture, 4, 8);
    CHECK(green[1] > 2.0f * green[0]);
    CHECK(red[0] > 2.0f * red[1]);
    for (std::size_t x = 2; x <= 29; ++x)
        CHECK(pixel(picture, x, 3) == green);  // above the third line, which it crosses
    for (std::size_t x = 4; x <= 24; ++x)
        CHECK(pixel(picture, x, 8) == red);
    CHECK(pixel(picture, 6, 5) == red);
    CHECK(pixel(picture, 30, 1) == red);
    CHECK(pixel(picture, 1, 3) == std::array{0.25f, 0.25f, 0.25f});
    CHECK(pixel(picture, 30, 3) == std::array{0.5f, 0.5f, 0.5f});
    CHECK(pixel(picture, 21, 20) == std::array{1.0f, 1.0f, 1.0f});  // the gap
    CHECK(pixel(picture, 30, 20) == std::array{1.0f, 1.0f, 1.0f});  // below the lower image
}

TEST_CASE("match_picture: other numbers of channels show their mean, and what lies outside is left out") {
    image<float> fixed({2, 6, 8}, 0.2f);
    for (float& v : fixed.channel(1))
        v = 0.6f;
    image<float> const moving({1, 6, 8}, 7.0f);
    std::vector<point_match> const matches{match_of({-3.0, 2.0}, {20.0, 2.0})};
    image<float> const picture = match_picture(fixed, moving, {matches, {}});
    CHECK(picture(0, 0, 0) == doctest::Approx(0.4));
    CHECK(picture(2, 5, 7) == doctest::Approx(0.4));
    CHECK(picture(1, 0, 15) == 1.0f);  // values beyond 1 are white
    CHECK(picture(0, 2, 0) == picture(0, 2, 19));
    CHECK(picture(1, 2, 0) < 0.2f);
}

TEST_CASE("match_picture: an inlier without a match and an empty image are refused") {
    image<float> const grey({1, 4, 4}, 0.5f);
    std::vector<point_match> const matches(2);
    std::vector<std::size_t> const inliers{2};
    CHECK_THROWS_WITH_AS(match_picture(grey, grey, {matches, inliers}),
                         "comir::match_picture: an inlier has the number 2, expected one of 2 matches, counted from 0",
                         error);
    CHECK_THROWS_AS(match_picture(grey, image<float>(), {matches, {}}), shape_error);
}
