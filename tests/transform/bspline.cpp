#include <array>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include <comir/transform/bspline.hpp>
#include <comir/transform/bspline_folding.hpp>
#include <comir/transform/bspline_inverse.hpp>
#include <comir/transform/bspline_refine.hpp>

namespace {

using comir::bspline2;
using comir::bspline_grid;
using comir::point2;

bspline_grid worked_grid() {
    return {{5, 4}, {8.0, 17.0}, {2.0, 3.0}};
}

/// Displacements in the order of ITK's parameters: all x, then all y, of a function of the parameter's number.
template <class Value>
std::vector<point2> numbered(bspline_grid const& g, Value const& value) {
    std::vector<point2> out(g.count());
    for (std::size_t k = 0; k < out.size(); ++k)
        out[k] = {value(static_cast<double>(k)), value(static_cast<double>(k + out.size()))};
    return out;
}

bspline2 random_bend(double most, unsigned seed) {
    bspline_grid const grid = comir::grid_over({64, 48}, 12.0);
    std::mt19937 draw(seed);
    std::uniform_real_distribution<double> by(-most, most);
    std::vector<point2> d(grid.count());
    for (point2& p : d)
        p = {by(draw), by(draw)};
    return bspline2(grid, d);
}

void check_near(point2 a, point2 b, double tolerance) {
    CHECK(std::hypot(a.x - b.x, a.y - b.y) <= tolerance);
}

}  // namespace

TEST_CASE("bspline2: maps points as ITK and elastix do") {
    auto const g = worked_grid();
    bspline2 const t(g, numbered(g, [](double k) { return 0.1 * k; }));
    check_near(t({11.0, 21.5}), {11.9, 24.4}, 1e-12);
    check_near(t({10.0, 20.0}), {10.6, 22.6}, 1e-12);
    check_near(t({13.5, 22.0}), {14.608333, 25.108333}, 1e-6);
    CHECK(t({9.99, 20.0}) == point2{9.99, 20.0});
    // The last edge of the domain belongs to it, as in ITK.
    check_near(t({14.0, 20.0}), {14.8, 22.8}, 1e-12);
    CHECK(t({14.01, 20.0}) == point2{14.01, 20.0});
}

TEST_CASE("bspline2: a turned grid maps points as ITK and elastix do") {
    bspline_grid g{{5, 4}, {9.0, 15.0}, {2.0, 3.0}};
    g.direction << 0.8, -0.6, 0.6, 0.8;
    bspline2 const t(g, numbered(g, [](double k) { return 0.1 * k + 0.01 * k * k; }));
    check_near(t({10.0, 20.0}), {11.415878, 30.442544}, 1e-6);
}

TEST_CASE("bspline2: displacements that are affine in the control points make an affine map") {
    bspline_grid g{{7, 6}, {-3.0, 2.0}, {4.0, 5.0}};
    g.direction << 0.8, -0.6, 0.6, 0.8;
    auto const map = [](point2 p) { return point2{0.1 * p.x - 0.2 * p.y + 3.0, 0.05 * p.x + 0.3 * p.y - 1.0}; };
    std::vector<point2> d;
    for (std::size_t j = 0; j < g.size.h; ++j)
        for (std::size_t i = 0; i < g.size.w; ++i)
            d.push_back(map(g.origin + comir::detail::multiply(
                                           g.direction, {4.0 * static_cast<double>(i), 5.0 * static_cast<double>(j)})));
    bspline2 const t(g, d);
    point2 const p{0.0, 18.0};
    REQUIRE(t.contains(p));
    check_near(t.displacement(p), map(p), 1e-12);
    Eigen::Matrix2d expected;
    expected << 1.1, -0.2, 0.05, 1.3;
    CHECK((t.derivative(p) - expected).norm() < 1e-12);
    CHECK(t.jacobian_determinant(p) == doctest::Approx(1.1 * 1.3 + 0.2 * 0.05).epsilon(1e-12));
}

TEST_CASE("bspline2: the derivative is the difference of mapped points, the weights are those of the displacements") {
    bspline2 t = random_bend(3.0, 1);
    double const h = 1e-5;
    for (point2 const p : {point2{10.3, 7.9}, {31.0, 40.2}, {62.9, 0.3}}) {
        Eigen::Matrix2d const d = t.derivative(p);
        point2 const by_x = (t(p + point2{h, 0.0}) - t(p - point2{h, 0.0})) * (0.5 / h);
        point2 const by_y = (t(p + point2{0.0, h}) - t(p - point2{0.0, h})) * (0.5 / h);
        Eigen::Matrix2d expected;
        expected << by_x.x, by_y.x, by_x.y, by_y.y;
        CHECK((d - expected).norm() < 1e-8);
        auto const w = t.weights_at(p);
        REQUIRE(w);
        std::size_t const k = (w->first_y + 2) * t.grid().size.w + w->first_x + 1;
        point2 const before = t(p);
        t.displacements()[k].x += 1.0;
        CHECK(t(p).x - before.x == doctest::Approx(w->x[1] * w->y[2]).epsilon(1e-9));
        t.displacements()[k].x -= 1.0;
    }
}

TEST_CASE("grid_over: the domain holds all pixels of an image and half a pixel around them, few points more") {
    for (comir::extent2 const image : {comir::extent2{100, 80}, {81, 1}, {1, 7}, {64, 64}})
        for (double const spacing : {5.0, 16.0, 63.5}) {
            bspline2 const t(comir::grid_over(image, spacing));
            for (point2 const corner : image.corners())
                for (point2 const off : {point2{-0.499, -0.499}, {0.499, 0.499}})
                    CHECK(t.contains(corner + off));
            auto const spans = static_cast<double>(t.grid().size.w - 3);
            CHECK((spans - 1.0) * spacing < static_cast<double>(image.w));
        }
    CHECK_THROWS_AS(comir::grid_over({0, 5}, 4.0), comir::error);
    CHECK_THROWS_AS(comir::grid_over({5, 5}, 0.0), comir::error);
}

TEST_CASE("refined: half the spacing, the same map") {
    bspline2 const coarse = random_bend(4.0, 2), fine = comir::refined(coarse);
    CHECK(fine.grid().spacing == 0.5 * coarse.grid().spacing);
    for (double y = 0.0; y < 48.0; y += 3.7)
        for (double x = 0.0; x < 64.0; x += 2.9)
            check_near(fine({x, y}), coarse({x, y}), 1e-12);
}

TEST_CASE("invert: leads back to the point, and its error is bounded") {
    bspline2 const t = random_bend(2.5, 3);
    REQUIRE(comir::minimum_jacobian(t, {64, 48}).determinant > 0.1);
    for (double y = 0.0; y < 48.0; y += 4.3)
        for (double x = 0.0; x < 64.0; x += 3.9) {
            auto const back = comir::invert(t, t({x, y}));
            CHECK(back.converged);
            check_near(back.point, {x, y}, 1e-8);
            auto const rough = comir::invert(t, t({x, y}), {.tolerance = 0.3, .iterations = 50});
            CHECK(std::hypot(rough.point.x - x, rough.point.y - y) <= rough.error);
        }
}

TEST_CASE("invert: outside the domain points stay, and where nothing is moved to a point it says so") {
    bspline_grid const g = comir::grid_over({32, 32}, 8.0);
    bspline2 const shift(g, std::vector<point2>(g.count(), point2{3.0, 0.0}));
    auto const outside = comir::invert(shift, {100.0, 5.0});
    CHECK(outside.converged);
    CHECK(outside.point == point2{100.0, 5.0});
    // Moved by 3 px, the domain leaves a strip that nothing is mapped to.
    CHECK_FALSE(comir::invert(shift, {1.0, 16.0}).converged);
    CHECK_FALSE(comir::invert(shift, {std::nan(""), 0.0}).converged);
    CHECK_THROWS_AS(comir::invert(shift, {1.0, 1.0}, {.tolerance = 0.0}), comir::error);
}

TEST_CASE("minimum_jacobian: finds the fold of a control point that is pulled past its neighbour") {
    bspline_grid const g = comir::grid_over({40, 40}, 8.0);
    bspline2 t(g);
    CHECK(comir::minimum_jacobian(t, {40, 40}).determinant == doctest::Approx(1.0));
    t.displacements()[4 * g.size.w + 4].x = 30.0;
    auto const least = comir::minimum_jacobian(t, {40, 40});
    CHECK(least.determinant < 0.0);
    CHECK(t.jacobian_determinant(least.at) == least.determinant);
    CHECK(comir::largest_displacement(t, {40, 40}) == doctest::Approx(30.0 * 4.0 / 9.0).epsilon(0.05));
}

TEST_CASE("bspline2: grids that cannot be are refused") {
    auto const g = worked_grid();
    CHECK_THROWS_AS(bspline2(g, std::vector<point2>(19)), comir::error);
    CHECK_THROWS_AS(bspline2({{3, 4}, {}, {1.0, 1.0}}), comir::error);
    CHECK_THROWS_AS(bspline2({{4, 4}, {}, {0.0, 1.0}}), comir::error);
    bspline_grid flat{{4, 4}, {}, {1.0, 1.0}};
    flat.direction << 1.0, 2.0, 2.0, 4.0;
    CHECK_THROWS_AS(bspline2{flat}, comir::error);
}
