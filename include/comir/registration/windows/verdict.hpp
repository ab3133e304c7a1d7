#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/registration/global/options.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/family_fit.hpp>
#include <comir/registration/windows/window_fit.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What small windows all over the images say of a transform.
struct window_verdict {
    affine2 transform{};      // the affine map that they agree on most, near the one that was judged
    double z_score = 0.0;     // of their agreement at first, against all maps nearby
    double agreement = 0.0;   // share of the windows whose own best shift is within one and a half steps of the map's
    double gain = 0.0;        // mean score of the windows under the map, over their own best
    double moved = 0.0;       // largest distance of the fixed image's corners under both transforms, px of the moving one
    std::vector<window_scores> windows;  // around `transform`, at the finest resolution that was compared
};

/// Pixels of the coarser image that windows measure with one step, so that the smaller image has about 256.
inline double window_step(image_shape const& fixed, image_shape const& moving, double scale) {
    double const f = static_cast<double>(std::min(fixed.h, fixed.w)) / std::max(1.0, 1.0 / scale);
    double const m = static_cast<double>(std::min(moving.h, moving.w)) / std::max(1.0, scale);
    return std::max(1.0, std::round(std::min(f, m) / 256.0));
}

/// The shift of a window that scores best by itself, px of the full fixed image.
inline point2 own_shift(window_scores const& w) {
    auto const k = static_cast<std::size_t>(std::ranges::max_element(w.scores) - w.scores.begin());
    return {static_cast<double>(static_cast<std::ptrdiff_t>(k % w.side()) - w.reach) * w.unit,
            static_cast<double>(static_cast<std::ptrdiff_t>(k / w.side()) - w.reach) * w.unit};
}

/// Lets windows judge a pose: first at half the resolution, where they reach further, then at the whole.
inline window_verdict judge(prepared_image const& fixed, prepared_image const& moving, affine2 const& pose,
                            global_search_options const& o) {
    constexpr std::size_t least_windows = 6;
    window_verdict verdict;
    verdict.transform = pose;
    Eigen::Matrix2d const linear = pose.linear();
    double const scale = std::sqrt(std::abs(linear(0, 0) * linear(1, 1) - linear(0, 1) * linear(1, 0)));
    double const step = window_step(fixed.shape(), moving.shape(), scale);
    auto const smaller = static_cast<double>(std::min({fixed.shape().h, fixed.shape().w, moving.shape().h, moving.shape().w}));
    window_map map;
    for (int round = 0; round < 5; ++round) {
        bool const coarse = round < 3;
        double const unit = coarse ? 2.0 * step : step;
        window_options w{.fixed_factor = unit * std::max(1.0, 1.0 / scale), .moving_factor = unit * std::max(1.0, scale)};
        w.side = static_cast<std::size_t>(std::clamp(smaller / std::max(w.fixed_factor, w.moving_factor) / 5.0, 20.0, 48.0));
        w.reach = coarse ? 6 : 4;
        verdict.windows = score_windows(fixed, moving, verdict.transform, w, o);
        if (verdict.windows.size() < least_windows)
            return verdict;
        auto const fit = fit_windows(verdict.windows, round == 0 ? transform_kind::similarity : transform_kind::affine);
        if (round == 0)
            verdict.z_score = fit.z_score;
        map = fit.map;
        verdict.transform = compose(verdict.transform, map.as_affine());
        if (round == 1 && std::ranges::all_of(map.by, [&](double b) { return std::abs(b) < 0.5 * unit; }))
            ++round;
    }
    std::size_t agree = 0;
    double gain = 0.0;
    for (window_scores const& w : verdict.windows) {
        point2 const d = own_shift(w) - map.shift_at(w.middle);
        agree += std::hypot(d.x, d.y) <= 1.6 * w.unit;
        gain += w(map.shift_at(w.middle)) / std::max(1e-6, static_cast<double>(*std::ranges::max_element(w.scores)));
    }
    auto const n = static_cast<double>(verdict.windows.size());
    verdict.agreement = static_cast<double>(agree) / n;
    verdict.gain = gain / n;
    verdict.moved = corner_distance(pose, with_centre(verdict.transform, pose.centre), fixed.shape().h, fixed.shape().w);
    return verdict;
}

}}}  // namespace comir::COMIR_ABI::detail
