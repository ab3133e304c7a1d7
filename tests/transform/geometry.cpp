#include <array>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <comir/transform/geometry.hpp>
#include <comir/transform/rigid.hpp>

TEST_CASE("corner_error: a shift moves every corner by its length, a turn by its chord") {
    comir::extent2 const size{101, 51};
    auto const truth = comir::map_corners([](comir::point2 p) { return p; }, size);
    CHECK(truth == size.corners());
    auto const shifted = comir::map_corners(comir::rigid2{{0.0, 3.0, -4.0}, size.centre()}, size);
    CHECK(comir::corner_error(shifted, truth) == doctest::Approx(5.0).epsilon(1e-12));
    double const angle = 0.3;
    auto const turned = comir::map_corners(comir::rigid2{{angle, 0.0, 0.0}, size.centre()}, size);
    CHECK(comir::corner_error(turned, truth) ==
          doctest::Approx(2.0 * std::sin(angle / 2) * std::hypot(50.0, 25.0)).epsilon(1e-12));
}

TEST_CASE("corner_error: two different corners count with their mean, and what is not finite is infinitely wrong") {
    std::array<comir::point2, 4> const truth{};
    std::array<comir::point2, 4> estimate{};
    estimate[1] = {0.0, 8.0};
    estimate[3] = {-4.0, 0.0};
    CHECK(comir::corner_error(estimate, truth) == 3.0);
    estimate[2].x = std::numeric_limits<double>::quiet_NaN();
    CHECK(comir::corner_error(estimate, truth) == std::numeric_limits<double>::infinity());
}

TEST_CASE("extent2: the centre of an odd image is its middle pixel, of an even one between two") {
    CHECK(comir::extent2{3, 5}.centre() == comir::point2{1.0, 2.0});
    CHECK(comir::extent2{4, 1}.centre() == comir::point2{1.5, 0.0});
    CHECK_THROWS_AS(comir::map_corners([](comir::point2 p) { return p; }, comir::extent2{0, 3}), comir::shape_error);
}
