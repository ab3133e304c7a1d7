#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/global/bands.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/box.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/registration/windows/window_fit.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Scores of windows that are cut out of large images, spread over what both show: `per_side` along each side of the
/// fixed image at most, so that work and memory do not grow with the images.
inline std::vector<window_scores> score_spread_windows(registration_input const& fixed,
                                                       registration_input const& moving, affine2 const& fixed_to_moving,
                                                       window_options const& w, std::size_t per_side,
                                                       global_search_options const& options) {
    constexpr std::size_t least_side = 16;  // px of a part
    global_search_options o = options;
    o.threads = 1;
    double const unit = w.fixed_factor, half = 0.5 * unit * static_cast<double>(w.side - 1);
    // Room for the shifts, and for what blurring and local contrast look at.
    double const margin = unit * (static_cast<double>(w.reach) + 8.0);
    image_shape const &f = fixed.values.shape(), &m = moving.values.shape();
    std::vector<std::vector<window_scores>> found(per_side * per_side);
    parallel_for(found.size(), options.threads, [&](std::size_t i) {
        double const n = static_cast<double>(per_side);
        point2 const at{(static_cast<double>(i % per_side) + 0.5) / n * static_cast<double>(f.w),
                        (static_cast<double>(i / per_side) + 0.5) / n * static_cast<double>(f.h)};
        double const reach = half + margin;
        std::array<point2, 4> corners{at - point2{reach, reach}, at + point2{reach, -reach}, at + point2{reach, reach},
                                      at + point2{-reach, reach}};
        region const a = box_around(corners, f, 0.0);
        for (point2& p : corners)
            p = fixed_to_moving(p);
        region const b = box_around(corners, m, 0.0);
        if (std::min({a.w, a.h, b.w, b.h}) < least_side)
            return;
        point2 const first_a{static_cast<double>(a.x), static_cast<double>(a.y)},
            first_b{static_cast<double>(b.x), static_cast<double>(b.y)};
        affine2 const here = make_affine(fixed_to_moving.linear(), fixed_to_moving(first_a) - first_b, point2{});
        prepared_image const part_a(crop(fixed, a)), part_b(crop(moving, b));
        found[i] = score_windows_at(part_a, part_b, here, w, {at - first_a}, o);
        for (window_scores& one : found[i]) {
            one.middle = one.middle + first_a;
            one.colour = (i % per_side + i / per_side) % 2;
        }
    });
    std::vector<window_scores> all;
    for (auto& part : found)
        for (window_scores& one : part)
            all.push_back(std::move(one));
    return all;
}

/// Windows, and the map that their scores are around.
struct window_fitting {
    std::vector<window_scores> windows;
    affine2 scored_under{};
};

/// Follows a transform from the resolution of windows to the pixels of the images, halving it each time, as long as the
/// windows agree.
inline void follow_down(window_fitting& fitting, registration_input const& fixed, registration_input const& moving,
                        global_search_options const& options) {
    constexpr std::size_t per_side = 6;
    // Of what they agreed at the resolution before: noise may drown what small windows show at the finest one.
    constexpr double kept_agreement = 0.8;
    double const scale = mean_scale(fitting.scored_under), finest = common_units(scale).fixed;
    double unit = fitting.windows.front().unit;
    window_fit const first = fit_windows(fitting.windows, transform_kind::affine);
    affine2 transform = compose(fitting.scored_under, first.map.as_affine());
    double agreed = agreement_of(fitting.windows, first.map);
    while (unit > 1.01 * finest) {
        unit = std::max(finest, 0.5 * unit);
        window_options const w{
            .fixed_factor = unit, .moving_factor = std::max(1.0, unit * scale), .side = 48, .reach = 6};
        auto windows = score_spread_windows(fixed, moving, transform, w, per_side, options);
        if (windows.size() < window_verdict::least_windows)
            return;
        auto const fit = fit_windows(windows, transform_kind::affine);
        double const agreement = agreement_of(windows, fit.map);
        if (agreement < kept_agreement * agreed)
            return;
        agreed = agreement;
        fitting = {std::move(windows), transform};
        transform = compose(transform, fit.map.as_affine());
    }
}

}}}  // namespace comir::COMIR_ABI::detail
