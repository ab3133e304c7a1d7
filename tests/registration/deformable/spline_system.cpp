#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/linalg/banded_cholesky.hpp>
#include <comir/registration/deformable/spline_system.hpp>

TEST_CASE("solve_in_place: solves a banded system, and refuses one that is not positive") {
    comir::banded_matrix a(5, 2);
    for (std::size_t i = 0; i < 5; ++i)
        for (std::size_t j = i; j < std::min<std::size_t>(5, i + 3); ++j)
            a(i, j) = i == j ? 4.0 + static_cast<double>(i) : -1.0 / static_cast<double>(j);
    auto const at = [&a](std::size_t i, std::size_t j) {
        auto const [low, high] = std::minmax(i, j);
        return high - low > 2 ? 0.0 : a(low, high);
    };
    std::vector<double> const x{1.0, -2.0, 3.0, 0.5, 4.0};
    std::vector<double> b(5);
    for (std::size_t i = 0; i < 5; ++i)
        for (std::size_t j = 0; j < 5; ++j)
            b[i] += at(i, j) * x[j];
    comir::banded_matrix work = a;
    comir::solve_in_place(work, b);
    for (std::size_t i = 0; i < 5; ++i)
        CHECK(b[i] == doctest::Approx(x[i]).epsilon(1e-12));
    a(3, 3) = -1.0;
    CHECK_THROWS_AS(comir::solve_in_place(a, b), comir::error);
}

TEST_CASE("energy_of: is the mean square of the derivatives over the domain") {
    comir::bspline_grid const grid{{7, 6}, {3.0, -2.0}, {5.0, 4.0}};
    std::vector<comir::point2> d(grid.count());
    for (std::size_t k = 0; k < d.size(); ++k)
        d[k] = {std::sin(1.7 * static_cast<double>(k)), std::cos(0.9 * static_cast<double>(k * k))};
    comir::bspline2 const bend(grid, d);
    // By differences of the map's derivative on a fine grid of midpoints.
    double bending = 0.0, stretching = 0.0, count = 0.0;
    double const h = 1e-4, step = 0.1;
    for (double y = 2.0 + 0.5 * step; y < 14.0; y += step)
        for (double x = 8.0 + 0.5 * step; x < 28.0; x += step) {
            Eigen::Matrix2d const g = bend.derivative({x, y}) - Eigen::Matrix2d::Identity();
            Eigen::Matrix2d const by_x = (bend.derivative({x + h, y}) - bend.derivative({x - h, y})) / (2.0 * h);
            Eigen::Matrix2d const by_y = (bend.derivative({x, y + h}) - bend.derivative({x, y - h})) / (2.0 * h);
            stretching += g.squaredNorm();
            bending += by_x.squaredNorm() + by_y.squaredNorm();
            count += 1.0;
        }
    auto const energy = [&](comir::detail::spline_stiffness const& s) {
        return comir::detail::energy_at(comir::detail::energy_of(grid, s), d);
    };
    CHECK(energy({.bending = 0.0, .membrane = 1.0, .unit = 1.0}) == doctest::Approx(stretching / count).epsilon(2e-3));
    CHECK(energy({.bending = 1.0, .membrane = 0.0, .unit = 1.0}) == doctest::Approx(bending / count).epsilon(5e-3));
    CHECK(energy({.bending = 1.0, .membrane = 0.0, .unit = 2.0}) ==
          doctest::Approx(16.0 * bending / count).epsilon(5e-3));
}

TEST_CASE("fit_pulls: goes where it is pulled, and fades where nothing pulls") {
    auto const grid = comir::grid_over({64, 64}, 16.0);
    auto const energy = comir::detail::energy_of(grid, {.bending = 1e-6, .membrane = 1e-8, .unit = 16.0});
    std::vector<comir::detail::spline_pull> pulls;
    for (double y = 4.0; y < 64.0; y += 8.0)
        for (double x = 4.0; x < 64.0; x += 8.0)
            pulls.push_back({{x, y}, {0.05 * x, -0.02 * y + 1.0}, 1.0 / 64.0});
    auto const bend = comir::detail::fit_pulls(grid, energy, pulls);
    auto const moved = bend.displacement({30.0, 41.0});
    CHECK(moved.x == doctest::Approx(1.5).epsilon(0.01));
    CHECK(moved.y == doctest::Approx(0.18).epsilon(0.05));
    auto const none = comir::detail::fit_pulls(grid, energy, {});
    CHECK(none.displacement({10.0, 10.0}) == comir::point2{});
}
