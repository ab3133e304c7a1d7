#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/global/local_scores.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// How alike a window of the fixed image and the moving image are at every small shift from where a transform puts it.
struct window_scores {
    point2 middle;              // of the window, px of the full fixed image
    std::size_t number = 0;     // in the order they were asked for
    std::size_t colour = 0;     // 0 or 1, of its field on a chessboard
    double unit = 1.0;          // px of the full fixed image that a step measures
    std::ptrdiff_t reach = 0;   // steps to either side
    std::vector<float> scores;  // (2 reach + 1)^2, rows of y: 0 on average, in units of the score

    std::size_t side() const { return static_cast<std::size_t>(2 * reach + 1); }
    float at(std::ptrdiff_t x, std::ptrdiff_t y) const {
        return scores[static_cast<std::size_t>(y + reach) * side() + static_cast<std::size_t>(x + reach)];
    }
    /// At a shift in px of the full fixed image, by cubic convolution; beyond the reach the lowest score.
    double operator()(point2 shift) const {
        double const x = shift.x / unit, y = shift.y / unit, last = static_cast<double>(reach);
        if (!(std::abs(x) <= last && std::abs(y) <= last))
            return static_cast<double>(*std::ranges::min_element(scores));
        auto const taps = [](double t) {
            double const t2 = t * t, t3 = t2 * t;
            return std::array{-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3,
                              -0.5 * t2 + 0.5 * t3};
        };
        auto const ix = static_cast<std::ptrdiff_t>(std::floor(x)), iy = static_cast<std::ptrdiff_t>(std::floor(y));
        auto const u = taps(x - std::floor(x)), v = taps(y - std::floor(y));
        double value = 0.0;
        for (std::ptrdiff_t j = 0; j < 4; ++j)
            for (std::ptrdiff_t i = 0; i < 4; ++i)
                value += u[static_cast<std::size_t>(i)] * v[static_cast<std::size_t>(j)] *
                         static_cast<double>(
                             at(std::clamp(ix + i - 1, -reach, reach), std::clamp(iy + j - 1, -reach, reach)));
        return value;
    }
};

/// Which windows are compared, and how far they are shifted.
struct window_options {
    double fixed_factor = 1.0, moving_factor = 1.0;  // px of each full image on a step
    std::size_t side = 48;                           // of a window, steps
    std::ptrdiff_t reach = 6;                        // steps
    double least_share = 0.6;                        // of a window's pixels that must count in both images
};

/// The moving image's level on the fixed image's grid, as a level; position(x, y) says where a pixel of the fixed level
/// is read, in pixels of the moving level.
template <class Position>
search_level resample_level(search_level const& fixed, search_level const& moving, Position const& position,
                            int threads = 1) {
    search_level out;
    out.factor = fixed.factor;
    image_shape const shape{1, fixed.height(), fixed.width()};
    image<float> weight(shape, 0.0f), values, numbers;
    if (moving.values)
        values = image<float>({moving.values->channels(), shape.h, shape.w}, 0.0f);
    if (moving.numbers)
        numbers = image<float>(shape, 0.0f);
    double const right = static_cast<double>(moving.width() - 1), bottom = static_cast<double>(moving.height() - 1);
    parallel_for(shape.h, threads, [&](std::size_t y) {
        for (std::size_t x = 0; x < shape.w; ++x) {
            point2 const p = position(x, y);
            if (!(p.x >= 0.0 && p.y >= 0.0 && p.x <= right && p.y <= bottom))
                continue;
            auto const x0 = std::min(static_cast<std::size_t>(p.x), moving.width() - 2),
                       y0 = std::min(static_cast<std::size_t>(p.y), moving.height() - 2);
            auto const tx = static_cast<float>(p.x - static_cast<double>(x0)),
                       ty = static_cast<float>(p.y - static_cast<double>(y0));
            auto const mix = [&](float const* plane) {
                return between_pixels(plane + y0 * moving.width() + x0, moving.width(), tx, ty);
            };
            if (mix(moving.weight->row(0, 0)) < 0.999f)
                continue;
            weight(0, y, x) = 1.0f;
            for (std::size_t c = 0; c < values.channels(); ++c)
                values(c, y, x) = mix(moving.values->row(c, 0));
            if (moving.numbers)
                numbers(0, y, x) = (*moving.numbers)(0, y0 + (ty > 0.5f ? 1 : 0), x0 + (tx > 0.5f ? 1 : 0));
        }
    });
    out.weight = share(std::move(weight));
    if (moving.values)
        out.values = share(std::move(values));
    if (moving.numbers)
        out.numbers = share(std::move(numbers));
    return out;
}

/// The same under a transform.
inline search_level level_under(search_level const& fixed, search_level const& moving, affine2 const& fixed_to_moving) {
    Eigen::Matrix2d const m = fixed_to_moving.linear() * (fixed.factor / moving.factor);
    point2 const start = fixed_to_moving(point2{}) * (1.0 / moving.factor);
    return resample_level(fixed, moving, [&](std::size_t x, std::size_t y) {
        return start + multiply(m, {static_cast<double>(x), static_cast<double>(y)});
    });
}

/// The scores of windows about these points, px of the full fixed image, of those that have enough pixels and texture.
/// The metric, its weights and what it compares are the search's.
inline std::vector<window_scores> score_windows(search_level const& a, search_level const& b,
                                                std::vector<point2> const& middles, window_options const& windows,
                                                global_search_options const& o) {
    auto const side = windows.side;
    double const least = windows.least_share * static_cast<double>(side * side);
    std::vector<window_scores> all(middles.size());
    parallel_for(all.size(), o.threads, [&](std::size_t i) {
        auto const first = [&](double middle, std::size_t extent) {
            double const at = std::round(middle / a.factor - 0.5 * static_cast<double>(side - 1));
            return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(extent - side)));
        };
        if (a.width() < side || a.height() < side)
            return;
        std::size_t const x0 = first(middles[i].x, a.width()), y0 = first(middles[i].y, a.height());
        turned_level part;
        if (uses_zncc(o.metric))
            part.values = turned_image::cut(a, x0, y0, side, side, false);
        if (uses_mi(o.metric))
            part.numbers = turned_image::cut(a, x0, y0, side, side, true);
        window_scores& w = all[i];
        w.unit = a.factor;
        double const half = 0.5 * static_cast<double>(side - 1);
        w.middle = point2{static_cast<double>(x0) + half, static_cast<double>(y0) + half} * a.factor;
        std::vector<float> scores;
        double total = 0.0, count = 0.0;
        for (std::ptrdiff_t dy = -windows.reach; dy <= windows.reach; ++dy)
            for (std::ptrdiff_t dx = -windows.reach; dx <= windows.reach; ++dx) {
                auto const x = static_cast<std::ptrdiff_t>(x0) + dx, y = static_cast<std::ptrdiff_t>(y0) + dy;
                local_score const s = score_at(b, part, x, y, o);
                bool const known = s.overlap >= least && s.score > static_cast<double>(no_score);
                scores.push_back(known ? static_cast<float>(s.score) : no_score);
                if (known) {
                    total += s.score;
                    count += 1.0;
                }
            }
        if (count < 0.5 * static_cast<double>(scores.size()))
            return;
        auto const mean = static_cast<float>(total / count);
        // Without texture every shift is as good.
        if (!(*std::ranges::max_element(scores) - mean > 1e-6f))
            return;
        for (float& s : scores)
            s = s > no_score ? s - mean : 0.0f;
        w.reach = windows.reach;
        w.scores = std::move(scores);
    });
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i].number = i;
    std::erase_if(all, [](window_scores const& w) { return w.scores.empty(); });
    return all;
}

/// The same of the images' levels under a transform.
inline std::vector<window_scores> score_windows_at(prepared_image const& fixed, prepared_image const& moving,
                                                   affine2 const& fixed_to_moving, window_options const& windows,
                                                   std::vector<point2> const& middles, global_search_options const& o) {
    search_level const& a = level_of(fixed, windows.fixed_factor, o, o.metric);
    search_level const b = level_under(a, level_of(moving, windows.moving_factor, o, o.metric), fixed_to_moving);
    return score_windows(a, b, middles, windows, o);
}

/// The scores of windows side by side in the middle of what both images show.
inline std::vector<window_scores> score_windows(prepared_image const& fixed, prepared_image const& moving,
                                                affine2 const& fixed_to_moving, window_options const& windows,
                                                global_search_options const& o) {
    search_level const& a = level_of(fixed, windows.fixed_factor, o, o.metric);
    search_level const b = level_under(a, level_of(moving, windows.moving_factor, o, o.metric), fixed_to_moving);
    std::size_t left = a.width(), top = a.height(), right = 0, bottom = 0;
    for (std::size_t y = 0; y < a.height(); ++y)
        for (std::size_t x = 0; x < a.width(); ++x)
            if ((*a.weight)(0, y, x) * (*b.weight)(0, y, x) > 0.0f) {
                left = std::min(left, x);
                right = std::max(right, x + 1);
                top = std::min(top, y);
                bottom = std::max(bottom, y + 1);
            }
    if (right <= left)
        return {};
    auto const middles_of = [side = windows.side](std::size_t from, std::size_t to) {
        std::vector<double> at;
        std::size_t const count = (to - from) / side, rest = (to - from) - count * side;
        for (std::size_t i = 0; i < count; ++i)
            at.push_back(static_cast<double>(from + rest / 2 + i * side) + 0.5 * static_cast<double>(side - 1));
        return at;
    };
    auto const xs = middles_of(left, right), ys = middles_of(top, bottom);
    std::vector<point2> middles;
    for (double const y : ys)
        for (double const x : xs)
            middles.push_back(point2{x, y} * a.factor);
    auto all = score_windows(a, b, middles, windows, o);
    for (window_scores& w : all)
        w.colour = (w.number % xs.size() + w.number / xs.size()) % 2;
    return all;
}

}}}  // namespace comir::COMIR_ABI::detail
