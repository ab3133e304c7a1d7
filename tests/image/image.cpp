#include <array>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/image.hpp>

TEST_CASE("image: planes, rows and columns in storage order") {
    std::vector<int> numbers(2 * 3 * 4);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = static_cast<int>(i);
    comir::image<int> picture({2, 3, 4}, numbers);
    CHECK(picture(0, 0, 1) == 1);
    CHECK(picture(0, 1, 0) == 4);
    CHECK(picture(1, 0, 0) == 12);
    CHECK(picture.row(1, 2)[3] == 23);
    CHECK(picture.channel(1).size() == 12);
    CHECK(picture.channel(1)[5] == 17);
    picture.channel(1)[5] = -1;
    CHECK(picture(1, 1, 1) == -1);
}

TEST_CASE("image: values that do not fill the shape are refused") {
    CHECK_THROWS_WITH_AS(comir::image<int>({1, 2, 2}, std::vector<int>(3)),
                         "comir::image: 3 values were given, expected 4 for 1 x 2 x 2", comir::shape_error);
}

TEST_CASE("image: its view sees the same values") {
    comir::image<float> picture({2, 3, 5});
    picture.view()(0, 1, 2, 4) = 7.0f;
    CHECK(picture(1, 2, 4) == 7.0f);
    CHECK(picture.view().shape() == comir::shape4{1, 2, 3, 5});
}

TEST_CASE("crop: takes the region of every channel and moves the origin along") {
    comir::image<int> picture({2, 4, 5});
    for (std::size_t c = 0; c < 2; ++c)
        for (std::size_t y = 0; y < 4; ++y)
            for (std::size_t x = 0; x < 5; ++x)
                picture(c, y, x) = static_cast<int>(100 * c + 10 * y + x);
    picture.spacing = {0.5, 2.0};
    picture.origin = {1.0, -3.0};
    auto const part = crop(picture, {.x = 2, .y = 1, .w = 3, .h = 2});
    CHECK(part.shape() == comir::image_shape{2, 2, 3});
    CHECK(part(0, 0, 0) == 12);
    CHECK(part(1, 1, 2) == 124);
    CHECK(part.spacing == picture.spacing);
    CHECK(part.origin == std::array{2.0, -1.0});
    CHECK(crop(picture, {0, 0, 5, 4}).shape() == picture.shape());
    CHECK_THROWS_AS(crop(picture, {.x = 3, .y = 0, .w = 3, .h = 1}), comir::shape_error);
    CHECK_THROWS_AS(crop(picture, {.x = 0, .y = 4, .w = 1, .h = 1}), comir::shape_error);
    std::size_t const huge = std::numeric_limits<std::size_t>::max();
    CHECK_THROWS_AS(crop(picture, {.x = huge, .y = 0, .w = 2, .h = 1}), comir::shape_error);
}
