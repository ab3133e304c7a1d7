#include <numbers>

#include <doctest/doctest.h>

#include <comir/image/canvas.hpp>
#include <comir/transform/rigid.hpp>

TEST_CASE("canvas_of_both: both images lie on the smallest canvas, wherever the moving one is") {
    comir::extent2 const square{100, 80};
    CHECK(comir::canvas_of_both(comir::rigid2{}, square, square) == comir::canvas{0, 0, {100, 80}});
    CHECK(comir::canvas_of_both(comir::translation2{{10.0, -5.5}}, square, square) == comir::canvas{-10, 0, {110, 86}});
    CHECK(comir::canvas_of_both(comir::translation2{{-3.0, -2.0}}, square, {20, 10}) == comir::canvas{0, 0, {100, 80}});
    // A quarter turn about the middle: 100 x 80 becomes 80 x 100.
    comir::rigid2 const turn{{std::numbers::pi / 2.0, 0.0, 0.0}, square.centre()};
    CHECK(comir::canvas_of_both(turn, square, square) == comir::canvas{0, -10, {100, 100}});
}

TEST_CASE("on_canvas: a pixel of the canvas goes where the fixed image's pixel goes") {
    comir::rigid2 const turn{{0.4, 3.0, -2.0}, {50.0, 40.0}};
    comir::canvas const c{-12, 7, {5, 5}};
    auto const moved = comir::on_canvas(turn, c);
    comir::point2 const a = moved({3.0, 9.0}), b = turn({3.0 - 12.0, 9.0 + 7.0});
    CHECK(a.x == doctest::Approx(b.x));
    CHECK(a.y == doctest::Approx(b.y));
}

TEST_CASE("canvas_of_both: transforms in other units and images without pixels are refused") {
    comir::extent2 const square{100, 80};
    CHECK_THROWS_AS(comir::canvas_of_both(comir::translation2{{1e6, 0.0}}, square, square), comir::error);
    CHECK_THROWS_AS(comir::canvas_of_both(comir::rigid2{}, {}, square), comir::shape_error);
    CHECK_THROWS_AS(comir::canvas_of_both(comir::rigid2{}, square, {}), comir::shape_error);
}
