#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/warp_masked.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/translation.hpp>

namespace {

using comir::interpolation;

comir::image<float> ramp(comir::image_shape shape) {
    comir::image<float> result(shape);
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = 100.0f + static_cast<float>(i % 97);
    return result;
}

comir::warp_options options(interpolation method, double background = -9999.0) {
    return {.sampling = {.method = method, .background = background}};
}

}  // namespace

TEST_CASE("warp_masked: no value is mixed with one that does not count") {
    auto image = ramp({2, 40, 50});
    comir::image_mask mask({1, 40, 50}, 1);
    for (std::size_t y = 0; y < 40; ++y)
        for (std::size_t x = 0; x < 50; ++x)
            if (x + y < 30 || (x == 40 && y == 20)) {
                mask(0, y, x) = 0;
                image(0, y, x) = -9999.0f;
                image(1, y, x) = std::numeric_limits<float>::quiet_NaN();
            }
    comir::rigid2 const turn{{0.3, 2.2, -1.7}, {24.5, 19.5}};
    for (auto const method : {interpolation::nearest, interpolation::linear, interpolation::cubic}) {
        comir::image_mask counts, inside;
        auto const result = warp_masked(image, mask, turn, image.shape(), options(method), &counts);
        warp(image, turn, image.shape(), options(method), &inside);
        std::size_t valid = 0;
        for (std::size_t i = 0; i < counts.values().size(); ++i) {
            valid += counts.values()[i];
            CHECK(counts.values()[i] <= inside.values()[i]);
            for (std::size_t c = 0; c < 2; ++c) {
                float const v = result.channel(c)[i];
                CHECK((counts.values()[i] != 0 ? v > 80.0f && v < 220.0f : v == -9999.0f));
            }
        }
        CHECK(valid > 500);
        for (int const threads : {1, 2}) {
            auto o = options(method);
            o.threads = threads;
            CHECK(std::ranges::equal(warp_masked(image, mask, turn, image.shape(), o).values(), result.values()));
        }
    }
}

TEST_CASE("warp_masked: pixels that are read with a weight of 0 do not matter") {
    auto const image = ramp({1, 8, 9});
    comir::image_mask mask({1, 8, 9}, 1);
    mask(0, 3, 4) = 0;
    for (auto const method : {interpolation::nearest, interpolation::linear, interpolation::cubic}) {
        comir::image_mask counts;
        auto const whole = warp_masked(image, mask, comir::rigid2{}, image, options(method), &counts);
        CHECK(std::ranges::count(counts.values(), 0) == 1);
        CHECK(whole(0, 3, 4) == -9999.0f);
        CHECK(whole(0, 3, 3) == image(0, 3, 3));
    }
    comir::image_mask counts;
    warp_masked(image, mask, comir::translation2{{0.5, 0.0}}, image, options(interpolation::linear), &counts);
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < counts.values().size(); ++i)
        if (counts.values()[i] == 0)
            out.push_back(i);
    std::vector<std::size_t> expected{3 * 9 + 3, 3 * 9 + 4};
    for (std::size_t y = 0; y < 8; ++y)
        expected.push_back(y * 9 + 8);  // beyond the right edge
    std::ranges::sort(expected);
    CHECK(out == expected);
}

TEST_CASE("warp_masked: without a mask it is warp; other borders keep what lies beyond the image") {
    auto image = ramp({1, 12, 10});
    image.spacing = {2.0, 3.0};
    comir::translation2 const shift{{3.25, -2.5}};
    comir::image_mask a, b;
    auto const o = options(interpolation::linear, 5.0);
    auto const masked = warp_masked(image, {}, shift, image, o, &a);
    CHECK(std::ranges::equal(masked.values(), warp(image, shift, image, o, &b).values()));
    CHECK(std::ranges::equal(a.values(), b.values()));
    CHECK(masked.spacing == image.spacing);
    auto clamped = o;
    clamped.sampling.outside = comir::border::clamp;
    comir::image_mask all({1, 12, 10}, 1);
    CHECK(std::ranges::equal(warp_masked(image, all, shift, image, clamped).values(),
                             warp(image, shift, image, clamped).values()));
    for (std::size_t y = 0; y < 12; ++y)
        all(0, y, 9) = 0;
    CHECK(warp_masked(image, all, shift, image, clamped)(0, 6, 9) == 5.0f);
    CHECK_THROWS_WITH_AS(warp_masked(image, comir::image_mask({1, 2, 10}), shift, image),
                         "comir::warp_masked: the mask is 1 x 2 x 10, expected 1 x 12 x 10 as its image",
                         comir::shape_error);
}
