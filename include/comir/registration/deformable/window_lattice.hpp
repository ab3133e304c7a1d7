#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/registration/deformable/bent_map.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Windows that overlap, `stride` steps apart or a little more, over the whole fixed image: at most `per_side` along a
/// side.
struct window_lattice {
    window_options windows{};
    double stride = 12.0;
    std::size_t per_side = 32;
};

/// The scores of such windows around a bent map.
inline std::vector<window_scores> score_lattice(prepared_image const& fixed, prepared_image const& moving,
                                                bent_map const& map, window_lattice const& l,
                                                global_search_options const& o) {
    search_level const& a = level_of(fixed, l.windows.fixed_factor, o, o.metric);
    if (a.width() < l.windows.side || a.height() < l.windows.side)
        return {};
    search_level const b = level_under(a, level_of(moving, l.windows.moving_factor, o, o.metric), map, o.threads);
    double const half = 0.5 * static_cast<double>(l.windows.side - 1);
    auto const middles_of = [&](std::size_t extent) {
        double const room = static_cast<double>(extent - l.windows.side);
        auto const steps = std::min(static_cast<std::size_t>(std::round(room / l.stride)), l.per_side - 1);
        std::vector<double> at;
        for (std::size_t i = 0; i <= steps; ++i)
            at.push_back(half + (steps > 0 ? room * static_cast<double>(i) / static_cast<double>(steps) : 0.5 * room));
        return at;
    };
    std::vector<point2> middles;
    for (double const y : middles_of(a.height()))
        for (double const x : middles_of(a.width()))
            middles.push_back(point2{x, y} * a.factor);
    return score_windows(a, b, middles, l.windows, o);
}

/// Colours of windows side by side: two in turn along a row, the other two along the next one.
inline constexpr std::size_t window_colours = 4;

/// The scores of windows side by side around a bent map, coloured.
inline std::vector<window_scores> score_tiles(prepared_image const& fixed, prepared_image const& moving,
                                              bent_map const& map, window_options const& w,
                                              global_search_options const& o) {
    search_level const& a = level_of(fixed, w.fixed_factor, o, o.metric);
    if (a.width() < w.side || a.height() < w.side)
        return {};
    search_level const b = level_under(a, level_of(moving, w.moving_factor, o, o.metric), map, o.threads);
    std::size_t const columns = a.width() / w.side, rows = a.height() / w.side;
    double const left = 0.5 * static_cast<double>(a.width() - columns * w.side) - 0.5,
                 top = 0.5 * static_cast<double>(a.height() - rows * w.side) - 0.5, side = static_cast<double>(w.side);
    std::vector<point2> middles;
    for (std::size_t j = 0; j < rows; ++j)
        for (std::size_t i = 0; i < columns; ++i)
            middles.push_back(
                point2{left + side * (static_cast<double>(i) + 0.5), top + side * (static_cast<double>(j) + 0.5)} *
                a.factor);
    auto all = score_windows(a, b, middles, w, o);
    for (window_scores& one : all)
        one.colour = one.number % columns % 2 + 2 * (one.number / columns % 2);
    return all;
}

}}}  // namespace comir::COMIR_ABI::detail
