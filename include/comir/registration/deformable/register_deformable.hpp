#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/registration/deformable/held_out.hpp>
#include <comir/registration/deformable/options.hpp>
#include <comir/registration/deformable/polish.hpp>
#include <comir/registration/deformable/result.hpp>
#include <comir/registration/deformable/window_bend.hpp>
#include <comir/registration/deformable/window_lattice.hpp>
#include <comir/registration/global/check.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/bspline.hpp>
#include <comir/transform/bspline_folding.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// Less of a bend until its determinant is above the least one everywhere; at last nothing of it.
inline void unfold(bspline2& bend, extent2 image, double least) {
    for (int halving = 0; halving < 8; ++halving) {
        if (minimum_jacobian(bend, image).determinant > least)
            return;
        for (point2& d : bend.displacements())
            d = 0.5 * d;
    }
    bend = bspline2(bend.grid());
}

/// What is left at windows side by side under a bent map; writes residuals, agreeing and residual_step.
inline void measure_bent_residuals(deformable_result& result, prepared_image const& fixed, prepared_image const& moving,
                                   deformable_options const& o) {
    double const scale = mean_scale(result.map.affine), step = window_step(fixed.shape(), moving.shape(), scale);
    global_search_options search = o.search;
    search.threads = o.threads;
    auto const windows = score_tiles(fixed, moving, result.map, windows_of(step, scale, 40, 4), search);
    result.residuals.clear();
    for (window_scores const& w : windows)
        result.residuals.push_back({w.middle, own_shift(w), certainty_of(w)});
    result.agreeing = agreement_with(windows, [](point2) { return point2{}; });
    result.residual_step = windows.empty() ? 0.0 : windows.front().unit;
}

/// Whether windows support a bend over none: more of them agree, and either those that it was not fitted to score higher
/// under it, or most agree of which many did not.
/// Of 56 pairs with a start 14 to 200 px off, at most 52 % agree after a bend, but for one that it brings back.
inline bool is_supported(deformable_result const& bent, deformable_result const& straight,
                         deformable_options const& o) {
    if (o.least_gain == 0.0)
        return true;
    double const more = bent.agreeing - straight.agreeing;
    return (more >= 0.1 && bent.gain >= o.least_gain) || (more >= 0.2 && bent.agreeing >= 0.6);
}

/// A bend to be tried after a start, and what bends that windows were held out of say of it.
struct bend_trial {
    affine2 const& start;
    deformable_options const& options;
    held_out_bend const& held_out;
};

/// The bend that windows agree on, if they support it; `seconds` is left to the caller.
inline deformable_result bend_if_supported(prepared_image const& fixed, prepared_image const& moving,
                                           bend_trial const& trial) {
    deformable_options const& options = trial.options;
    extent2 const size = extent_of(fixed.shape());
    bspline2 const none(bend_grid(fixed.shape(), 2.0 * bend_unit(fixed.shape())));
    deformable_result result{.map = {trial.start, none}};
    result.gain = trial.held_out.gain.significance();
    result.held_out_agreement = trial.held_out.agreement;
    measure_bent_residuals(result, fixed, moving, options);
    if (trial.held_out.windows < window_verdict::least_windows)
        return result;
    deformable_result bent = result;
    bent.map = bend_by_windows(fixed, moving, trial.start, options);
    if (options.polish)
        polish(bent.map, fixed, moving, options);
    unfold(bent.map.bend, size, options.least_jacobian);
    measure_bent_residuals(bent, fixed, moving, options);
    bent.largest_displacement = largest_displacement(bent.map.bend, size);
    bent.least_jacobian = minimum_jacobian(bent.map.bend, size);
    bent.bent = bent.largest_displacement > 0.0;
    double const most = options.most_displacement * static_cast<double>(std::min(size.w, size.h));
    bool const keep = bent.largest_displacement <= most && is_supported(bent, result, options);
    return keep ? bent : result;
}

}  // namespace detail

/// Bends the fixed image's pixels smoothly, so that an affine map, which is right to a few percent of the image, is right
/// everywhere. Small windows that overlap all over the images are scored at all shifts around the map, at ever finer
/// resolutions, and one cubic B-spline is fitted to all of them together; where images correlate, it is polished by
/// that at last. A bend is kept only where windows support it, and never folds: where it would, it is made stiffer.
/// The windows' metric is options.search.metric: mutual information for raw images of two modalities, together with
/// ZNCC for representations.
/// Errors:  error for options out of range, those of global_search_target for images, and error if the start is
///          singular. Images without anything in common are no errors: the result is then not bent
/// Threads: the same bits for any number of threads
/// Source:  coupled fit: Heinrich et al. 2014, MICCAI; free-form transform: Rueckert et al. 1999, IEEE TMI 18(8)
inline deformable_result register_deformable(prepared_image const& fixed, prepared_image const& moving,
                                             affine2 const& start, deformable_options const& options = {}) {
    auto const begin = std::chrono::steady_clock::now();
    detail::check_deformable_options(options);
    detail::check_search_input("fixed", fixed);
    detail::check_search_input("moving", moving);
    require(std::isnormal(start.linear().determinant()), "comir::register_deformable: the start has determinant ",
            start.linear().determinant(), ", expected a finite number other than 0");
    auto const held_out = detail::bend_held_out(fixed, moving, start, options);
    deformable_result result = detail::bend_if_supported(fixed, moving, {start, options, held_out});
    result.seconds = detail::seconds_since(begin);
    return result;
}
/// The same of images that were not prepared.
inline deformable_result register_deformable(registration_input const& fixed, registration_input const& moving,
                                             affine2 const& start, deformable_options const& options = {}) {
    return register_deformable(prepared_image::referring_to(fixed), prepared_image::referring_to(moving), start,
                               options);
}

}}  // namespace comir::COMIR_ABI
