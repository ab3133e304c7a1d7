#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/registration/automatic/hypothesis.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/automatic/refine.hpp>
#include <comir/registration/automatic/result.hpp>
#include <comir/registration/automatic/stages.hpp>
#include <comir/registration/automatic/working_copy.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/windows/family_fit.hpp>
#include <comir/registration/windows/follow_down.hpp>
#include <comir/registration/windows/verdict.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// Looks for a pose of two working copies: at the expected scale as register_auto does, and where that is in doubt at
/// other scales and mirrored. Windows judge what is found.
class pose_hunt {
public:
    pose_hunt(prepared_image const& fixed, prepared_image const& moving, automatic_options const& options)
        : fixed_(fixed), moving_(moving), options_(std::make_shared<automatic_options const>(options)) {
        windows_ = options.search;
        windows_.threads = options.threads;
        // Representations are alike, raw images are not.
        bool const alike = !fixed.input().raw.empty() && options.values_alike;
        windows_.metric = alike ? search_metric::zncc_and_mi : search_metric::mutual_information;
    }

    pose_hypothesis const& best() const { return best_; }
    global_search_options const& windows() const { return windows_; }

    void run() {
        if (options_->mirror != mirror_search::yes)
            search_in(moving_, false);
        if (is_sure() || options_->mirror == mirror_search::no)
            return;
        prepared_image const flipped(mirrored(moving_));
        if (options_->mirror == mirror_search::yes)
            search_in(flipped, true);
        else
            search_scales(flipped, true,
                          options_->values_alike ? search_metric::zncc : search_metric::mutual_information);
    }

private:
    bool is_sure() const { return best_.confidence >= 0.9; }

    void search_in(prepared_image const& moving, bool mirrored) {
        bool const scales = options_->min_scale < options_->max_scale;
        pose_refiner<rigid2> const refiner(fixed_, *options_);
        automatic_stages<rigid2> stages(fixed_, moving, options_, refiner);
        auto const judged = [&] {
            auto const& r = stages.best();
            if (!r.converged)
                return;
            pose_hypothesis h;
            h.pose = to_affine(r.transform);
            h.rigid = true;
            h.mirrored = mirrored;
            h.found_with = r.confidence;
            h.value = r.value;
            h.overlap = r.overlap;
            consider(std::move(h), moving);
            // Windows may agree on two poses of a regular pattern; a search that is in doubt knows the other one.
            if (is_sure() && r.confidence >= 0.9)
                return;
            for (auto const& c : stages.candidates())
                consider({.pose = to_affine(c.transform), .rigid = true, .mirrored = mirrored, .value = c.score,
                          .overlap = c.overlap},
                         moving);
        };
        stages.search();
        judged();
        // What costs least is asked first: correlation, then mutual information at the expected scale, then at others.
        if (!is_sure() && scales && options_->values_alike)
            search_scales(moving, mirrored, search_metric::zncc);
        if (!is_sure() && stages.best().converged && options_->ask_raw_below > 0.0) {
            stages.search_raw();
            judged();
        }
        if (!is_sure() && scales)
            search_scales(moving, mirrored, search_metric::mutual_information);
        if (!is_sure() && options_->small_structures)
            search_small_structures(moving, mirrored);
    }

    /// Once more at a finer coarsest resolution, for images whose structures are small.
    void search_small_structures(prepared_image const& moving, bool mirrored) {
        global_search_options o = options_->search;
        o.threads = options_->threads;
        o.finest = 2;
        o.clusters = 5;
        o.candidates = 6;
        o.coarse_side = 128;
        o.metric = options_->values_alike ? search_metric::zncc : search_metric::mutual_information;
        consider_all(global_search_target<rigid2>(fixed_, o).search(moving), o.metric, moving, mirrored, true);
    }

    void search_scales(prepared_image const& moving, bool mirrored, search_metric metric) {
        global_search_options o = options_->search;
        o.threads = options_->threads;
        o.min_scale = options_->min_scale;
        o.max_scale = options_->max_scale;
        o.metric = metric;
        // Windows reach some pixels and a tenth of the scale further than a search needs to be exact.
        o.scale_step = 0.13;
        o.finest = 2;
        o.coarse_side = metric == search_metric::zncc ? 64 : 40;
        o.clusters = 5;
        auto const outcome = global_search_target<similarity2>(fixed_, o).search(moving);
        consider_all(outcome, metric, moving, mirrored, false);
    }

    template <class Transform>
    void consider_all(search_outcome<Transform> const& outcome, search_metric metric, prepared_image const& moving,
                      bool mirrored, bool rigid) {
        for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
            pose_hypothesis h;
            h.rigid = rigid;
            h.pose = to_affine(outcome.candidates[i].transform);
            h.mirrored = mirrored;
            h.found_with = metric == search_metric::zncc
                               ? search_confidence(evidence_of(outcome, i))
                               : confidence_of(outcome, i, metric, fixed_, moving, options_->threads);
            h.value = outcome.candidates[i].score;
            h.overlap = outcome.candidates[i].overlap;
            consider(std::move(h), moving);
        }
    }

    void consider(pose_hypothesis h, prepared_image const& moving) {
        h.verdict = judge(fixed_, moving, h.pose, windows_);
        h.confidence = joint_confidence(h.found_with, h.verdict);
        h.own_confidence = h.confidence;
        if (!found_) {
            best_ = std::move(h);
            found_ = true;
            return;
        }
        bool const same = h.mirrored == best_.mirrored && is_near(h.verdict.transform, best_.verdict.transform);
        if (same) {
            if (h.own_confidence > best_.own_confidence) {
                h.confidence = std::min(h.confidence, rival_bound(h));
                best_ = std::move(h);
            }
            return;
        }
        // Of two poses that windows agree on, such as one turned by a quarter in a regular array, the better one counts,
        // and less the more alike they are.
        bool const wins = h.verdict.agrees() && best_.verdict.agrees() ? h.verdict.score > best_.verdict.score
                                                                       : h.own_confidence > best_.own_confidence;
        if (wins)
            std::swap(h, best_);
        if (h.verdict.agrees() && best_.verdict.agrees())
            rival_score_ = std::max(rival_score_, h.verdict.score);
        best_.confidence = std::min(best_.own_confidence, rival_bound(best_));
    }
    double rival_bound(pose_hypothesis const& h) const {
        if (!(h.verdict.score > 0.0) || !(rival_score_ > 0.0))
            return 1.0;
        double const ratio = std::min(1.0, rival_score_ / h.verdict.score);
        return 1.0 - 0.5 * ratio * ratio * ratio * ratio;
    }
    bool is_near(affine2 const& a, affine2 const& b) const {
        image_shape const& s = fixed_.shape();
        return corner_distance(a, with_centre(b, a.centre), s.h, s.w) <= 0.1 * static_cast<double>(std::min(moving_.shape().w, moving_.shape().h));
    }

    prepared_image const &fixed_, &moving_;
    std::shared_ptr<automatic_options const> options_;
    global_search_options windows_;
    pose_hypothesis best_;
    bool found_ = false;
    double rival_score_ = 0.0;  // of the best other pose that windows agreed on
};

/// The share of windows whose own best shift is what a transform says, within one and a half steps, and what is left.
inline double measure_residuals(std::vector<window_scores> const& windows, affine2 const& scored_under,
                                affine2 const& transform, std::vector<local_residual>& residuals) {
    affine2 const back = scored_under.inverse();
    double agree = 0.0;
    for (window_scores const& w : windows) {
        point2 const shift = own_shift(w) - (back(transform(w.middle)) - w.middle);
        residuals.push_back({w.middle, shift, certainty_of(w)});
        agree += std::hypot(shift.x, shift.y) <= 1.6 * w.unit ? 1.0 : 0.0;
    }
    return windows.empty() ? 0.0 : agree / static_cast<double>(windows.size());
}

/// The kind of transform that windows support: a richer one has to explain windows that it was not fitted to better.
inline transform_kind supported_kind(std::vector<window_scores> const& windows, affine2 const& scored_under,
                                     image_shape const& fixed) {
    constexpr double significant = 2.5;
    auto const all = [](std::size_t) { return true; };
    auto const differ = [&](auto const& richer, auto const& poorer) {
        return corner_distance(to_affine(richer), to_affine(poorer), fixed.h, fixed.w) >
               0.004 * static_cast<double>(std::min(fixed.h, fixed.w));
    };
    auto const rigid = fit_family<rigid2>(windows, scored_under, fixed, all);
    auto const similar = fit_family<similarity2>(windows, scored_under, fixed, all);
    auto const affine = fit_family<affine2>(windows, scored_under, fixed, all);
    if (differ(affine, similar) && gain_of<affine2, similarity2>(windows, scored_under, fixed).significance() > significant)
        return transform_kind::affine;
    if (differ(similar, rigid) && gain_of<similarity2, rigid2>(windows, scored_under, fixed).significance() > significant)
        return transform_kind::similarity;
    return transform_kind::rigid;
}

}  // namespace detail

/// Registers a pair of any scale, mirrored or not, of any size, in the kind of transform that the images support.
inline automatic_result register_any(registration_input const& fixed, registration_input const& moving,
                                     automatic_options options = {}) {
    auto const begin = std::chrono::steady_clock::now();
    automatic_result result;
    image_shape const &fs = fixed.values.shape(), &ms = moving.values.shape();
    options.search.threads = options.refine.threads = options.features.threads = options.threads;
    if (double const stated = detail::stated_scale(fixed.values, moving.values); !options.scale && stated > 0.0) {
        options.scale = stated;
        if (options.min_scale == automatic_options{}.min_scale && options.max_scale == automatic_options{}.max_scale) {
            options.min_scale = 1.0 / 1.08;
            options.max_scale = 1.08;
        }
    }
    detail::working_factors const factors(fs, ms, options.scale.value_or(1.0), options.working_pixels);
    prepared_image const a = factors.shrink() ? prepared_image(detail::shrink(fixed, factors.fixed, options.threads))
                                              : prepared_image::referring_to(fixed);
    prepared_image const b = factors.shrink() ? prepared_image(detail::shrink(moving, factors.moving, options.threads))
                                              : prepared_image::referring_to(moving);
    detail::check_search_input("fixed", a);
    detail::check_search_input("moving", b);
    options.small_structures = factors.shrink();
    detail::pose_hunt hunt(a, b, options);
    hunt.run();
    detail::pose_hypothesis const& found = hunt.best();
    result.mirrored = found.mirrored;
    result.value = found.value;
    result.overlap = found.overlap;
    result.confidence = found.confidence;
    result.converged = found.confidence > 0.0;
    result.kind = options.kind.value_or(found.rigid ? transform_kind::rigid : transform_kind::similarity);
    if (factors.fixed != factors.moving && result.kind == transform_kind::rigid && !options.kind)
        result.kind = transform_kind::similarity;

    // All further on in pixels of the full images, the moving one mirrored if found so.
    affine2 transform = detail::enlarge(found.pose, factors);
    if (found.verdict.windows.size() >= detail::window_verdict::least_windows && found.verdict.agreement >= 0.3) {
        detail::window_fitting fitting{found.verdict.windows, detail::enlarge(found.verdict.scored_under, factors)};
        for (detail::window_scores& w : fitting.windows) {
            w.middle = w.middle * factors.fixed;
            w.unit *= factors.fixed;
        }
        if (factors.shrink() || fitting.windows.front().unit > 1.0)
            detail::follow_down(fitting, fixed, found.mirrored ? detail::mirrored(moving) : copy_of(moving), hunt.windows());
        auto const& windows = fitting.windows;
        affine2 const& under = fitting.scored_under;
        auto const all = [](std::size_t) { return true; };
        transform_kind const kind = options.kind ? *options.kind : detail::supported_kind(windows, under, fs);
        result.kind = kind;
        if (kind == transform_kind::affine)
            transform = detail::fit_family<affine2>(windows, under, fs, all);
        else if (kind == transform_kind::similarity)
            transform = to_affine(detail::fit_family<similarity2>(windows, under, fs, all));
        else {
            auto const fitted = to_affine(detail::fit_family<rigid2>(windows, under, fs, all));
            // A pose that was refined in the whole images is more exact than one of windows.
            if (!found.rigid || factors.shrink() || corner_distance(fitted, to_affine(transform), fs.h, fs.w) > 1.5)
                transform = fitted;
        }
        result.agreeing = detail::measure_residuals(windows, under, transform, result.residuals);
        result.residual_step = windows.front().unit;
    }
    if (found.mirrored) {
        transform = compose(detail::mirror_map(ms), transform);
        result.kind = transform_kind::affine;
    }
    point2 const centre = image_centre(fs);
    if (result.kind == transform_kind::affine)
        result.transform = detail::nearest_of_kind<affine2>(transform, centre);
    else if (result.kind == transform_kind::similarity)
        result.transform = detail::nearest_of_kind<similarity2>(transform, centre);
    else
        result.transform = detail::nearest_of_kind<rigid2>(transform, centre);
    result.seconds = detail::seconds_since(begin);
    return result;
}

}}  // namespace comir::COMIR_ABI
