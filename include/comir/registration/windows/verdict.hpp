#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/registration/global/bands.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/box.hpp>
#include <comir/registration/windows/window_fit.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What small windows all over the images say of a transform.
struct window_verdict {
    static constexpr std::size_t least_windows = 6;  // to say anything

    bool asked = false;      // windows can judge images of this size
    affine2 transform{};     // the affine map that they agree on most, near the one that was judged
    double score = 0.0;      // mean of the windows' scores under it
    double agreement = 0.0;  // share of the windows whose own best shift is within one and a half steps of the map's
    std::vector<window_scores> windows;  // at the finest resolution that was compared
    affine2 scored_under{};              // the map that their scores are around

    bool agrees() const { return windows.size() >= least_windows && agreement >= 0.4; }
};

/// Pixels of the coarser image that windows measure with one step, so that the smaller image has about 256.
inline double window_step(image_shape const& fixed, image_shape const& moving, double scale) {
    return std::max(1.0, std::round(common_side(fixed, moving, scale) / 256.0));
}

/// The shift of a window that scores best by itself, px of the full fixed image.
inline point2 own_shift(window_scores const& w) {
    auto const k = static_cast<std::size_t>(std::ranges::max_element(w.scores) - w.scores.begin());
    return {static_cast<double>(static_cast<std::ptrdiff_t>(k % w.side()) - w.reach) * w.unit,
            static_cast<double>(static_cast<std::ptrdiff_t>(k / w.side()) - w.reach) * w.unit};
}

/// Whether a window's own best shift lies within one and a half steps of this one, px of the full fixed image.
inline bool agrees(window_scores const& w, point2 shift) {
    point2 const d = own_shift(w) - shift;
    return std::hypot(d.x, d.y) <= 1.6 * w.unit;
}

/// The share of the windows whose own best shift lies within one and a half steps of what shift_at(its middle) says.
template <class ShiftAt>
double agreement_with(std::span<window_scores const> windows, ShiftAt const& shift_at) {
    double agree = 0.0;
    for (window_scores const& w : windows)
        agree += agrees(w, shift_at(w.middle)) ? 1.0 : 0.0;
    return windows.empty() ? 0.0 : agree / static_cast<double>(windows.size());
}
inline double agreement_of(std::span<window_scores const> windows, window_map const& map) {
    return agreement_with(windows, [&map](point2 p) { return map.shift_at(p); });
}

/// How far a window's best score stands above the next best of another place, as a share of it.
inline double certainty_of(window_scores const& w) {
    point2 const best = own_shift(w) * (1.0 / w.unit);
    float top = *std::ranges::max_element(w.scores), next = 0.0f;
    for (std::ptrdiff_t y = -w.reach; y <= w.reach; ++y)
        for (std::ptrdiff_t x = -w.reach; x <= w.reach; ++x)
            if (std::hypot(static_cast<double>(x) - best.x, static_cast<double>(y) - best.y) > 2.0)
                next = std::max(next, w.at(x, y));
    return top > 0.0f ? static_cast<double>((top - next) / top) : 0.0;
}

/// The narrower side of the box around what a pose lets both images show, px of the fixed image.
inline double shown_side(image_shape const& fixed, image_shape const& moving, affine2 const& pose) {
    affine2 const back = pose.inverse();
    double const right = static_cast<double>(moving.w - 1), bottom = static_cast<double>(moving.h - 1);
    region const shown =
        box_around({back({0.0, 0.0}), back({right, 0.0}), back({right, bottom}), back({0.0, bottom})}, fixed, 0.0);
    return static_cast<double>(std::min(shown.w, shown.h));
}

/// Lets windows judge a pose: first at half the resolution, where they reach further, then at the whole.
inline window_verdict judge(prepared_image const& fixed, prepared_image const& moving, affine2 const& pose,
                            global_search_options const& o) {
    window_verdict verdict;
    verdict.transform = pose;
    double const scale = mean_scale(pose);
    common_units const units(scale);
    double const step = window_step(fixed.shape(), moving.shape(), scale);
    auto const smaller =
        static_cast<double>(std::min({fixed.shape().h, fixed.shape().w, moving.shape().h, moving.shape().w}));
    // Windows of smaller images would be next to each other and see the same.
    constexpr double least_side = 112.0;
    if (common_side(fixed.shape(), moving.shape(), scale) / step < least_side)
        return verdict;
    verdict.asked = true;
    double const shown = shown_side(fixed.shape(), moving.shape(), pose);
    window_map map;
    bool reached = false;  // as far as windows of half the resolution do
    for (int round = 0; round < 5; ++round) {
        bool const coarse = round < 3;
        double const unit = coarse ? 2.0 * step : step;
        window_options w{.fixed_factor = unit * units.fixed, .moving_factor = unit * units.moving};
        // Five windows side by side, and more than two in what both images show.
        double const side =
            std::min(smaller / std::max(w.fixed_factor, w.moving_factor) / 5.0, shown / w.fixed_factor / 2.5);
        w.side = static_cast<std::size_t>(std::clamp(side, 20.0, 48.0));
        w.reach = coarse || !reached ? 6 : 4;
        verdict.windows = score_windows(fixed, moving, verdict.transform, w, o);
        verdict.scored_under = verdict.transform;
        if (verdict.windows.size() < window_verdict::least_windows) {
            if (!coarse)
                return verdict;
            round = 2;  // enough may fit at the finer resolution
            continue;
        }
        reached = true;
        auto const fit = fit_windows(verdict.windows, round == 0 ? transform_kind::similarity : transform_kind::affine);
        // What is wrong at first stays wrong, and most poses are.
        if (double const agreement = agreement_of(verdict.windows, fit.map); round == 1 && agreement < 0.2) {
            verdict.agreement = agreement;
            return verdict;
        }
        map = fit.map;
        verdict.score = fit.score / static_cast<double>(verdict.windows.size());
        verdict.transform = compose(verdict.transform, map.as_affine());
        if (round == 1 && std::ranges::all_of(map.by, [&](double b) { return std::abs(b) < 0.5 * unit; }))
            ++round;
    }
    verdict.agreement = agreement_of(verdict.windows, map);
    return verdict;
}

}}}  // namespace comir::COMIR_ABI::detail
