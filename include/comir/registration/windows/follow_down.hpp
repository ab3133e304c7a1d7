#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/parallel_throwing.hpp>
#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/global/bands.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/box.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/registration/windows/window_fit.hpp>
#include <comir/registration/windows/window_part.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Scores of windows that are cut out of large images, spread over what both show: `per_side` along each side of the
/// fixed image at most, so that work and memory do not grow with the images. Either image is whatever full_shape() and
/// read_part() know (window_part.hpp).
template <class Fixed, class Moving>
std::vector<window_scores> score_spread_windows(Fixed const& fixed, Moving const& moving,
                                                affine2 const& fixed_to_moving, window_options const& w,
                                                std::size_t per_side, global_search_options const& options) {
    constexpr std::size_t least_side = 16;  // px of a part
    global_search_options o = options;
    o.threads = 1;
    double const unit = w.fixed_factor, half = 0.5 * unit * static_cast<double>(w.side - 1);
    // Room for the shifts, and for what blurring and local contrast look at.
    double const margin = unit * (static_cast<double>(w.reach) + 8.0);
    image_shape const f = full_shape(fixed), m = full_shape(moving);
    std::vector<std::vector<window_scores>> found(per_side * per_side);
    parallel_for_throwing(found.size(), options.threads, [&](std::size_t i) {
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
        window_part part_a = read_part(fixed, a, w.fixed_factor), part_b = read_part(moving, b, w.moving_factor);
        image_shape const &as = part_a.images.values.shape(), &bs = part_b.images.values.shape();
        if (std::min({as.w, as.h, bs.w, bs.h}) < least_side)
            return;
        affine2 const here =
            make_affine((part_a.factor / part_b.factor) * fixed_to_moving.linear(),
                        (fixed_to_moving(part_a.first) - part_b.first) * (1.0 / part_b.factor), point2{});
        window_options in_parts = w;
        in_parts.fixed_factor = std::max(1.0, w.fixed_factor / part_a.factor);
        in_parts.moving_factor = std::max(1.0, w.moving_factor / part_b.factor);
        prepared_image const image_a(std::move(part_a.images)), image_b(std::move(part_b.images));
        found[i] = score_windows_at(image_a, image_b, here, in_parts, {(at - part_a.first) * (1.0 / part_a.factor)}, o);
        for (window_scores& one : found[i]) {
            one.middle = one.middle * part_a.factor + part_a.first;
            one.unit *= part_a.factor;
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

/// How far windows follow a transform.
struct follow_options {
    global_search_options const& windows;
    double finest = 0.0;       // px of the fixed image: steps are not made finer; they never are than a pixel of either
    progress on_step = {};     // before each halving; stopping keeps what was reached
    std::size_t per_side = 6;  // windows along each side of the fixed image
    std::size_t side = 48;     // of a window at most, in its steps: the more, the less noise matters
};

/// The steps that windows are followed down to, px of the fixed image, beginning below `unit`.
inline std::vector<double> steps_below(double unit, affine2 const& transform, double least) {
    double const finest = std::max(least, common_units(mean_scale(transform)).fixed);
    std::vector<double> steps;
    while (unit > 1.01 * finest) {
        unit = std::max(finest, 0.5 * unit);
        steps.push_back(unit);
    }
    return steps;
}

/// Windows for steps of `unit` px of the fixed image: 48 steps wide, or more where four of them still fit side by side.
inline window_options following_windows(double unit, affine2 const& transform, image_shape const& fixed,
                                        std::size_t most) {
    constexpr std::size_t least = 48;
    double const quarter = static_cast<double>(std::min(fixed.h, fixed.w)) / (4.0 * unit);
    return {.fixed_factor = unit,
            .moving_factor = std::max(1.0, unit * mean_scale(transform)),
            .side = std::clamp(static_cast<std::size_t>(quarter), least, std::max(least, most)),
            .reach = 6};
}

/// Follows a transform from the resolution of windows to the pixels of the images, halving it each time, as long as the
/// windows agree. The images are as score_spread_windows takes them.
template <class Fixed, class Moving>
void follow_down(window_fitting& fitting, Fixed const& fixed, Moving const& moving, follow_options const& options) {
    // Of what they agreed at the resolution before: noise may drown what small windows show at the finest one.
    constexpr double kept_agreement = 0.8;
    affine2 const begin = fitting.scored_under;
    window_fit const first = fit_windows(fitting.windows, transform_kind::affine);
    affine2 transform = compose(begin, first.map.as_affine());
    double agreed = agreement_of(fitting.windows, first.map);
    auto const steps = steps_below(fitting.windows.front().unit, begin, options.finest);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!keep_going(options.on_step, i, steps.size()))
            return;
        auto windows = score_spread_windows(fixed, moving, transform,
                                            following_windows(steps[i], begin, full_shape(fixed), options.side),
                                            options.per_side, options.windows);
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
