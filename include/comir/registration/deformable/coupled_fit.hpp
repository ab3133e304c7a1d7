#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/linalg/banded_cholesky.hpp>
#include <comir/registration/deformable/spline_system.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/bspline.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The shift of a window with the highest score less `tie` times its squared distance, in steps, from an expected shift;
/// between steps by a parabola along each axis. In steps.
inline point2 tied_shift(window_scores const& w, point2 expected, double tie) {
    auto const value = [&](std::ptrdiff_t x, std::ptrdiff_t y) {
        double const dx = static_cast<double>(x) - expected.x, dy = static_cast<double>(y) - expected.y;
        return static_cast<double>(w.at(x, y)) - tie * (dx * dx + dy * dy);
    };
    std::ptrdiff_t bx = 0, by = 0;
    double top = value(0, 0);
    for (std::ptrdiff_t y = -w.reach; y <= w.reach; ++y)
        for (std::ptrdiff_t x = -w.reach; x <= w.reach; ++x)
            if (double const v = value(x, y); v > top) {
                top = v;
                bx = x;
                by = y;
            }
    auto const vertex = [](double before, double at, double after) {
        double const bow = before - 2.0 * at + after;
        return bow < 0.0 ? std::clamp(0.5 * (before - after) / bow, -0.5, 0.5) : 0.0;
    };
    point2 best{static_cast<double>(bx), static_cast<double>(by)};
    if (std::abs(bx) < w.reach)
        best.x += vertex(value(bx - 1, by), top, value(bx + 1, by));
    if (std::abs(by) < w.reach)
        best.y += vertex(value(bx, by - 1), top, value(bx, by + 1));
    return best;
}

/// How much a window's shift counts: by how much its scores vary, in their common deviation, and by how far the best
/// stands above the next best of another place. Edges, whose scores vary along one direction, keep some.
inline double weight_of(window_scores const& w, double deviation) {
    double squares = 0.0;
    for (float const s : w.scores)
        squares += static_cast<double>(s) * static_cast<double>(s);
    double const own = std::sqrt(squares / static_cast<double>(w.scores.size()));
    return own / std::max(1e-12, deviation) * (0.1 + 0.9 * certainty_of(w));
}

/// How a bend is fitted to windows.
struct coupling_options {
    double first_tie = 0.005, last_tie = 0.3;  // of windows to the bend, in deviations of the scores for a squared step
    int rounds = 8;
    spline_stiffness stiffness{};
};

/// The bend that all windows agree on: each has a shift of its own, tied to the bend ever more closely, and the bend is
/// fitted to these. `scored_under` is the bend that the scores are around.
/// Source: coupled convex optimisation, Heinrich et al. 2014, MICCAI
inline bspline2 fit_coupled(std::span<window_scores const> windows, bspline2 const& scored_under,
                            bspline_grid const& grid, coupling_options const& o, auto const& chosen) {
    double squares = 0.0, count = 0.0;
    for (window_scores const& w : windows)
        for (float const s : w.scores) {
            squares += static_cast<double>(s) * static_cast<double>(s);
            count += 1.0;
        }
    double const deviation = std::sqrt(squares / std::max(1.0, count));
    banded_matrix const energy = energy_of(grid, o.stiffness);
    struct place {
        std::size_t window;
        point2 moved{};
        Eigen::Matrix2d slope, back;
        double weight = 1.0;
    };
    std::vector<place> places;
    double total = 0.0;
    for (std::size_t i = 0; i < windows.size(); ++i)
        if (chosen(i)) {
            Eigen::Matrix2d const slope = scored_under.derivative(windows[i].middle);
            places.push_back({i, scored_under.displacement(windows[i].middle), slope, slope.inverse(),
                              weight_of(windows[i], deviation)});
            total += places.back().weight;
        }
    for (place& p : places)
        p.weight /= std::max(1e-12, total);
    bspline2 bend(grid);
    // Begin with what is known.
    std::vector<spline_pull> pulls(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)
        pulls[i] = {windows[places[i].window].middle, places[i].moved, places[i].weight};
    if (!places.empty())
        bend = fit_pulls(grid, energy, pulls);
    for (int round = 0; round < o.rounds; ++round) {
        double const t = o.rounds > 1 ? static_cast<double>(round) / (o.rounds - 1) : 1.0;
        double const tie = o.first_tie * std::pow(o.last_tie / o.first_tie, t) * deviation;
        for (std::size_t i = 0; i < places.size(); ++i) {
            place const& p = places[i];
            window_scores const& w = windows[p.window];
            point2 const expected = multiply(p.back, bend.displacement(w.middle) - p.moved) * (1.0 / w.unit);
            point2 const own = tied_shift(w, expected, tie);
            pulls[i].displacement = p.moved + multiply(p.slope, own * w.unit);
        }
        bend = fit_pulls(grid, energy, pulls);
    }
    return bend;
}

}}}  // namespace comir::COMIR_ABI::detail
