#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/pyramid.hpp>

namespace {

comir::image<double> random_image(comir::image_shape shape) {
    comir::image<double> out(shape);
    comir::random_stream random(9);
    for (double& value : out.values())
        value = random.uniform();
    return out;
}

}  // namespace

TEST_CASE("make_pyramid_level: equals every factor-th pixel of the blurred image") {
    auto const source = random_image({2, 23, 37});
    auto const blurred = comir::gaussian_blur(source, 1.7);
    for (std::size_t const factor : {1u, 2u, 3u, 8u}) {
        auto const level = comir::make_pyramid_level(source, {factor, 1.7}, {}, 2);
        REQUIRE(level.values.shape() == comir::image_shape{2, (22 / factor) + 1, (36 / factor) + 1});
        double worst = 0.0;
        for (std::size_t c = 0; c < 2; ++c)
            for (std::size_t y = 0; y < level.values.height(); ++y)
                for (std::size_t x = 0; x < level.values.width(); ++x)
                    worst = std::max(worst, std::abs(level.values(c, y, x) - blurred(c, factor * y, factor * x)));
        CHECK(worst <= 1e-14);
        CHECK(level.values.spacing[0] == static_cast<double>(factor));
    }
}

TEST_CASE("make_pyramid_level: a ramp keeps its values at the documented pixel centres") {
    comir::image<double> ramp({1, 40, 60});
    for (std::size_t y = 0; y < 40; ++y)
        for (std::size_t x = 0; x < 60; ++x)
            ramp(0, y, x) = 2.0 * static_cast<double>(x) - 3.0 * static_cast<double>(y);
    auto const level = comir::make_pyramid_level(ramp, {4, 1.0});
    comir::point2 const p = level.to_full({7.0, 5.0});
    CHECK(level.values(0, 5, 7) == doctest::Approx(2.0 * p.x - 3.0 * p.y).epsilon(1e-12));
    CHECK(level.to_level(p) == comir::point2{7.0, 5.0});
}

TEST_CASE("make_pyramid_level: ignored pixels, NaN among them, do not bleed") {
    comir::image<double> source({2, 12, 30}, 0.25);
    comir::image_mask mask({1, 12, 30}, 1);
    for (std::size_t y = 0; y < 12; ++y)
        for (std::size_t x = 14; x < 30; ++x) {
            source(0, y, x) = 7.0;
            source(1, y, x) = std::numeric_limits<double>::quiet_NaN();
            mask(0, y, x) = 0;
        }
    auto const level = comir::make_pyramid_level(source, {2, 1.0}, mask);
    for (std::size_t c = 0; c < 2; ++c)
        for (std::size_t x = 0; x < 15; ++x)
            // Pixel 18 and those right of it have no counting pixel within the kernel's radius of 4.
            CHECK(level.values(c, 3, x) == doctest::Approx(2 * x < 18 ? 0.25 : 0.0).epsilon(1e-12));
}

TEST_CASE("subsample: keeps the first pixel, its origin, and widens the spacing") {
    comir::image<int> source({1, 3, 5});
    for (std::size_t i = 0; i < 15; ++i)
        source.values()[i] = static_cast<int>(i);
    source.origin = {3.0, 4.0};
    source.spacing = {0.5, 2.0};
    auto const out = comir::subsample(source, 2);
    CHECK(out.shape() == comir::image_shape{1, 2, 3});
    CHECK(std::vector<int>(out.values().begin(), out.values().end()) == std::vector<int>{0, 2, 4, 10, 12, 14});
    CHECK(out.origin == std::array<double, 2>{3.0, 4.0});
    CHECK(out.spacing == std::array<double, 2>{1.0, 4.0});
}

TEST_CASE("make_pyramid_level: bad input is refused") {
    comir::image<float> const source({1, 4, 4});
    CHECK_THROWS_AS(comir::make_pyramid_level(source, {0, 1.0}), comir::error);
    CHECK_THROWS_AS(comir::make_pyramid_level(comir::image<float>(), {1, 1.0}), comir::shape_error);
    CHECK_THROWS_AS(comir::make_pyramid_level(source, {1, 1.0}, comir::image_mask({1, 4, 5})), comir::shape_error);
}
