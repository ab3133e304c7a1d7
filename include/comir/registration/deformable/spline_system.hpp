#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/linalg/banded_cholesky.hpp>
#include <comir/transform/bspline.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Integrals over a grid's domain of the products of neighbouring splines' derivatives along one axis: [i][d] of number
/// i and i + d, in units of the spacing.
class spline_products {
public:
    spline_products(std::size_t points, int order) : of_(points) {
        // Exact: the products have degree 6.
        constexpr std::array<double, 4> node{0.06943184420297371, 0.33000947820757187, 0.6699905217924281,
                                             0.9305681557970263},
            weight{0.17392742256872693, 0.32607257743127307, 0.32607257743127307, 0.17392742256872693};
        for (std::size_t span = 0; span + 3 < points; ++span)
            for (std::size_t q = 0; q < 4; ++q) {
                auto const v = order == 0   ? bspline_values(node[q])
                               : order == 1 ? bspline_slopes(node[q])
                                            : curvatures(node[q]);
                for (std::size_t a = 0; a < 4; ++a)
                    for (std::size_t b = a; b < 4; ++b)
                        of_[span + a][b - a] += weight[q] * v[a] * v[b];
            }
    }
    double operator()(std::size_t i, std::size_t j) const {
        std::size_t const low = std::min(i, j), d = std::max(i, j) - low;
        return d < 4 ? of_[low][d] : 0.0;
    }

private:
    static std::array<double, 4> curvatures(double t) { return {1.0 - t, 3.0 * t - 2.0, 1.0 - 3.0 * t, t}; }

    std::vector<std::array<double, 4>> of_;
};

/// How stiff a bend is: weights of the mean square over the domain of its second and first derivatives, for lengths of
/// one unit, px.
struct spline_stiffness {
    double bending = 1.0, membrane = 0.01;
    double unit = 1.0;
};

/// Half the second derivative of the stiffness' energy by the displacements, the same for x and y.
inline banded_matrix energy_of(bspline_grid const& g, spline_stiffness const& s) {
    std::size_t const nx = g.size.w, ny = g.size.h;
    std::array<spline_products, 3> const x{spline_products(nx, 0), {nx, 1}, {nx, 2}},
        y{spline_products(ny, 0), {ny, 1}, {ny, 2}};
    double const hx = g.spacing.x / s.unit, hy = g.spacing.y / s.unit;
    double const spans = static_cast<double>((nx - 3) * (ny - 3));
    // Far from all evidence a bend fades, and with none it is zero.
    constexpr double fading = 1e-7;
    banded_matrix m(g.count(), 3 * nx + 3);
    for (std::size_t j = 0; j < ny; ++j)
        for (std::size_t i = 0; i < nx; ++i)
            for (std::size_t l = j; l < std::min(ny, j + 4); ++l)
                for (std::size_t k = i < 3 ? 0 : i - 3; k < std::min(nx, i + 4); ++k) {
                    std::size_t const from = j * nx + i, to = l * nx + k;
                    if (to < from)
                        continue;
                    double const bend = x[2](i, k) * y[0](j, l) / (hx * hx * hx * hx) +
                                        2.0 * x[1](i, k) * y[1](j, l) / (hx * hx * hy * hy) +
                                        x[0](i, k) * y[2](j, l) / (hy * hy * hy * hy);
                    double const stretch = x[1](i, k) * y[0](j, l) / (hx * hx) + x[0](i, k) * y[1](j, l) / (hy * hy);
                    m(from, to) = (s.bending * bend + s.membrane * stretch) / spans + (from == to ? fading : 0.0);
                }
    return m;
}

/// Adds factor times the energy's derivative at the displacements, halved, to the right side.
inline point2 row_times(banded_matrix const& m, std::size_t i, std::span<point2 const> d) {
    point2 sum{};
    for (std::size_t j = i; j <= std::min(m.size - 1, i + m.band); ++j)
        sum = sum + m(i, j) * d[j];
    for (std::size_t j = i > m.band ? i - m.band : 0; j < i; ++j)
        sum = sum + m(j, i) * d[j];
    return sum;
}
inline double energy_at(banded_matrix const& m, std::span<point2 const> d) {
    double sum = 0.0;
    for (std::size_t i = 0; i < m.size; ++i) {
        point2 const r = row_times(m, i, d);
        sum += r.x * d[i].x + r.y * d[i].y;
    }
    return sum;
}

/// What pulls the plane at one point: a displacement that is wanted there, and how much.
struct spline_pull {
    point2 at{}, displacement{};
    double weight = 1.0;
};

/// The bend with the least sum of weighted squared distances to what is wanted, and of its energy.
inline bspline2 fit_pulls(bspline_grid const& grid, banded_matrix const& energy, std::span<spline_pull const> pulls) {
    banded_matrix system = energy;
    std::vector<double> x(grid.count()), y(grid.count());
    bspline2 result(grid);
    for (spline_pull const& p : pulls) {
        auto const w = result.weights_at(p.at);
        if (!w)
            continue;
        for (std::size_t a = 0; a < 16; ++a) {
            double const wa = p.weight * w->x[a % 4] * w->y[a / 4];
            std::size_t const i = (w->first_y + a / 4) * grid.size.w + w->first_x + a % 4;
            x[i] += wa * p.displacement.x;
            y[i] += wa * p.displacement.y;
            for (std::size_t b = a; b < 16; ++b)
                system(i, (w->first_y + b / 4) * grid.size.w + w->first_x + b % 4) += wa * w->x[b % 4] * w->y[b / 4];
        }
    }
    banded_matrix again = system;
    solve_in_place(system, x);
    solve_in_place(again, y);
    for (std::size_t i = 0; i < x.size(); ++i)
        result.displacements()[i] = {x[i], y[i]};
    return result;
}

}}}  // namespace comir::COMIR_ABI::detail
