#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <comir/registration/windows/coordinate_ascent.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/any_transform.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A small affine map of the fixed image: p -> p + shift + change (p - centre), by numbers that all move the windows'
/// rim by as many pixels: shift x, shift y, turn, scale, and two of shear and stretch.
struct window_map {
    static constexpr std::size_t count = 6;

    point2 centre;
    double rim = 1.0;  // px
    std::array<double, count> by{};

    point2 shift_at(point2 p) const {
        double const x = (p.x - centre.x) / rim, y = (p.y - centre.y) / rim;
        return {by[0] - by[2] * y + by[3] * x + by[4] * x + by[5] * y,
                by[1] + by[2] * x + by[3] * y - by[4] * y + by[5] * x};
    }
    affine2 as_affine() const {
        return {{1.0 + (by[3] + by[4]) / rim, (by[5] - by[2]) / rim, (by[5] + by[2]) / rim, 1.0 + (by[3] - by[4]) / rim,
                 by[0], by[1]},
                centre};
    }
};

/// How many of a map's numbers a kind of transform may change.
constexpr std::size_t freedom_of(transform_kind kind) {
    switch (kind) {
        case transform_kind::translation:
            return 2;
        case transform_kind::rigid:
            return 3;
        case transform_kind::similarity:
            return 4;
        default:
            return 6;
    }
}

/// What windows say of a map, beside the map.
struct window_fit {
    window_map map{};
    double score = 0.0;    // sum over the windows
    double z_score = 0.0;  // of the sum, above all maps on the grid, in their standard deviations
};

inline double score_of(std::span<window_scores const> windows, window_map const& map) {
    double sum = 0.0;
    for (window_scores const& w : windows)
        sum += w(map.shift_at(w.middle));
    return sum;
}

/// The map that the windows agree on most: all shifts, turns and scales within the reach on a grid, then climbed from.
inline window_fit fit_windows(std::span<window_scores const> windows, transform_kind kind) {
    window_map best;
    if (windows.empty())
        return {};
    for (window_scores const& w : windows)
        best.centre = best.centre + w.middle * (1.0 / static_cast<double>(windows.size()));
    double square = 0.0;
    for (window_scores const& w : windows) {
        point2 const d = w.middle - best.centre;
        square += (d.x * d.x + d.y * d.y) / static_cast<double>(windows.size());
    }
    double const unit = windows.front().unit, reach = static_cast<double>(windows.front().reach) * unit;
    best.rim = std::max(unit, std::sqrt(square));
    std::size_t const freedom = freedom_of(kind);
    double const turns = freedom > 2 ? reach : 0.0, scales = freedom > 3 ? reach : 0.0, step = 1.5 * unit;
    window_map const none = best;
    double top = -std::numeric_limits<double>::infinity(), total = 0.0, squares = 0.0, count = 0.0;
    for (double turn = -turns; turn <= turns; turn += step)
        for (double scale = -scales; scale <= scales; scale += step)
            for (double y = -reach; y <= reach; y += unit)
                for (double x = -reach; x <= reach; x += unit) {
                    window_map trial = none;
                    trial.by = {x, y, turn, scale, 0.0, 0.0};
                    double sum = 0.0;
                    for (window_scores const& w : windows) {
                        point2 const s = trial.shift_at(w.middle) * (1.0 / unit);
                        auto const ix = static_cast<std::ptrdiff_t>(std::lround(s.x)),
                                   iy = static_cast<std::ptrdiff_t>(std::lround(s.y));
                        if (std::abs(ix) <= w.reach && std::abs(iy) <= w.reach)
                            sum += static_cast<double>(w.at(ix, iy));
                    }
                    total += sum;
                    squares += sum * sum;
                    count += 1.0;
                    if (sum > top) {
                        top = sum;
                        best = trial;
                    }
                }
    top = coordinate_ascent(
        best, score_of(windows, best), freedom, {0.5 * unit, 0.01 * unit, 8},
        [](window_map& map, std::size_t k, double by) { map.by[k] += by; },
        [&](window_map const& map) { return score_of(windows, map); });
    double const mean = total / count, deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
    return {best, top, deviation > 0.0 ? (top - mean) / deviation : 0.0};
}

}}}  // namespace comir::COMIR_ABI::detail
