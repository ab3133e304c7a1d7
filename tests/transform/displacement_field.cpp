#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/transform/displacement_field.hpp>
#include <comir/transform/displacement_field_inverse.hpp>

namespace {

using comir::displacement_field2;
using comir::point2;

/// v_ij = (0.1 i, 0.2 j + 0.01 i) on 8 x 6 points, as it was given to ITK 5.2.1 and elastix 5.0.1.
displacement_field2 known_field(std::array<double, 4> direction = {1, 0, 0, 1}) {
    std::vector<point2> shifts;
    for (int j = 0; j < 6; ++j)
        for (int i = 0; i < 8; ++i)
            shifts.push_back({0.1 * i, 0.2 * j + 0.01 * i});
    return {{{0.5, 0.25}, {10, 20}, direction}, {8, 6}, shifts};
}

void check_near(point2 a, point2 b) {
    CHECK(std::abs(a.x - b.x) < 1e-9);
    CHECK(std::abs(a.y - b.y) < 1e-9);
}

}  // namespace

TEST_CASE("displacement_field2: points that ITK and elastix map alike") {
    auto const field = known_field();
    check_near(field({10.6, 20.3}), {10.72, 20.552});
    check_near(field({13.6, 21.25}), {14.3, 22.32});  // beyond the last column, within half a step
    check_near(field({14, 20}), {14, 20});
    check_near(field({13.75, 20}), {13.75, 20});  // the upper edge is outside, the lower one is not
    check_near(field({9.75, 20.25}), {9.75, 20.45});
    check_near(known_field({0.8, -0.6, 0.6, 0.8})({10.6, 20.3}), {10.732, 20.3132});
    double const nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(std::isnan(field({nan, 20}).x));
}

TEST_CASE("displacement_field2: numbers that do not fit the grid are refused") {
    CHECK_THROWS_AS(displacement_field2({}, {2, 2}, std::vector<point2>(3)), comir::shape_error);
    CHECK_THROWS_AS(displacement_field2({}, {0, 0}, {}), comir::shape_error);
    CHECK_THROWS_AS(displacement_field2({}, {std::size_t{1} << 63, 2}, {}), comir::shape_error);
    CHECK_THROWS_WITH_AS(displacement_field2({{1, 0}, {}, {1, 0, 0, 1}}, {1, 1}, {{}}),
                         doctest::Contains("the field has spacing 0 and origin 0"), comir::error);
    CHECK_THROWS_WITH_AS(displacement_field2({{1, 1}, {}, {1, 1, 1, 1}}, {1, 1}, {{}}),
                         doctest::Contains("a matrix with an inverse"), comir::error);
}

TEST_CASE("invert: a field is undone within its bound, also where it changes by more than a pixel a pixel") {
    for (double const strength : {0.1, 0.7, 3.0}) {
        std::vector<point2> shifts;
        for (int j = 0; j < 20; ++j)
            for (int i = 0; i < 20; ++i)  // stretches by up to 1 + 4 strength / 5, never folds
                shifts.push_back({strength * (i - 10 + 2 * std::sin(0.4 * i)), strength * 0.5 * (j - 10)});
        displacement_field2 const field({{4, 4}, {}, {1, 0, 0, 1}}, {20, 20}, shifts);
        for (double x = 3; x < 74; x += 7.3)
            for (double y = 2; y < 74; y += 9.1) {
                auto const back = comir::invert(field, field({x, y}));
                CAPTURE(strength);
                CHECK(back.converged);
                CHECK(std::hypot(back.point.x - x, back.point.y - y) <= back.error + 1e-12);
                CHECK(back.error < 1e-8);
            }
    }
    // Near an edge where all points are moved inwards nothing arrives, and the search says so.
    displacement_field2 const inwards({}, {10, 10}, std::vector<point2>(100, point2{3, 0}));
    CHECK_FALSE(comir::invert(inwards, {1, 5}).converged);
    CHECK(comir::invert(inwards, {5, 5}).converged);
    CHECK(comir::invert(inwards, {-9, 5}).point == point2{-9, 5});
}
