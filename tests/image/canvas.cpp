#include <cmath>
#include <numbers>
#include <vector>

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

TEST_CASE("canvas_of_both: a bend that carries the middle of a side out has room, its ends alone would not tell") {
    std::vector<comir::point2> shifts(8 * 8);
    shifts[4 * 8 + 4] = {0, 30};  // a bump that reaches over the image's edge and fades out before its corners
    shifts[3 * 8 + 4] = {0, 30};
    comir::bspline2 const bend({{8, 8}, {-40, -40}, {25, 25}}, shifts);
    comir::extent2 const square{100, 80};
    comir::transform_chain const chain{{bend, comir::translation2{{0, -20}, {}}}};
    comir::canvas const c = comir::canvas_of_both(chain, square, square);
    CHECK(c.y == 0);
    CHECK(c.size.h > 85);
    for (double x = 0; x < 100; x += 3)
        for (double const y : {0.0, 79.0}) {
            auto const p = comir::invert(chain, {x, y});
            if (!p.converged)
                continue;
            CHECK(p.point.y <= static_cast<double>(c.size.h) - 1.0);
            comir::point2 const on = comir::on_canvas(chain, c)({p.point.x - static_cast<double>(c.x), p.point.y});
            CHECK(on.x == doctest::Approx(x).epsilon(1e-6));
            CHECK(std::abs(on.y - y) < 1e-6);
        }
    comir::rigid2 const turn{{0.4, 3.0, -2.0}, {50.0, 40.0}};
    CHECK(comir::canvas_of_both(comir::to_chain(turn), square, square) == comir::canvas_of_both(turn, square, square));
    CHECK_THROWS_AS(comir::canvas_of_both(chain, square, {}), comir::shape_error);
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
