#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>

#include <comir/registration/automatic/hypothesis.hpp>
#include <comir/registration/automatic/mirror.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/automatic/refine.hpp>
#include <comir/registration/automatic/stages.hpp>
#include <comir/registration/confidence/search.hpp>
#include <comir/registration/confidence/search_information.hpp>
#include <comir/registration/deformable/held_out.hpp>
#include <comir/registration/deformable/register_deformable.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Looks for a pose of two working copies: at the expected scale as register_auto does, and where that is in doubt at
/// other scales and mirrored. Windows judge what is found.
class pose_hunt {
public:
    pose_hunt(prepared_image const& fixed, prepared_image const& moving, automatic_options const& options)
        : fixed_(fixed), moving_(moving), options_(std::make_shared<automatic_options const>(options)) {
        windows_ = options.search;
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
                          options_->values_alike
                              ? scale_search{}
                              : scale_search{search_metric::mutual_information, 1.0 / near, near, 40});
    }

    /// Takes a pose of the working copies instead of a search, if windows near it agree; false if they do not, or if the
    /// images are too small for windows.
    bool take_start(affine2 const& start) {
        pose_hypothesis h;
        h.mirrored = is_mirrored(start);
        h.pose = h.mirrored ? compose(mirror_map(moving_.shape()), start) : start;
        h.verdict = h.mirrored ? judge(fixed_, prepared_image(mirrored(moving_)), h.pose, windows_)
                               : judge(fixed_, moving_, h.pose, windows_);
        if (h.verdict.windows.size() < window_verdict::least_windows)
            return false;
        constexpr double undecided = 0.5;  // no search speaks for or against it
        h.found_with = undecided;
        h.own_confidence = h.confidence = joint_confidence(undecided, h.verdict);
        if (h.confidence < undecided)
            return false;
        h.value = h.verdict.score;
        h.overlap = shared_part(h.pose, fixed_.shape(), moving_.shape());
        best_ = std::move(h);
        found_ = true;
        return true;
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
            h.refined = r.transform;
            h.mirrored = mirrored;
            h.found_with = r.confidence;
            h.value = r.value;
            h.overlap = r.overlap;
            consider(std::move(h), moving);
        };
        auto const candidates_judged = [&] {
            // Windows may agree on two poses of a regular pattern; a search that is in doubt knows the other one.
            if (!stages.best().converged || (is_sure() && stages.best().confidence >= 0.9))
                return;
            for (auto const& c : stages.candidates())
                consider({.pose = to_affine(c.transform),
                          .rigid = true,
                          .mirrored = mirrored,
                          .value = c.score,
                          .overlap = c.overlap},
                         moving);
        };
        stages.search();
        judged();
        candidates_judged();
        try_bend(moving);
        // What costs least is asked first: correlation, then mutual information at the expected scale, then at others.
        if (!is_sure() && scales && options_->values_alike)
            search_scales(moving, mirrored, {});
        // Without windows the search itself says whether it is in doubt.
        bool const in_doubt = !best_.verdict.asked ? stages.asks_raw() : !is_sure();
        if (in_doubt && stages.best().converged && options_->ask_raw_below > 0.0) {
            stages.search_raw();
            judged();
            candidates_judged();
        }
        if (!is_sure() && scales && !options_->values_alike)
            search_near_scales(moving, mirrored);
        if (!is_sure() && scales)
            search_far_scales(moving, mirrored);
        if (!is_sure() && options_->small_structures)
            search_small_structures(moving, mirrored);
        if (best_.confidence < options_->ask_features_below && stages.best().converged) {
            stages.match_features();
            judged();
        }
        if (best_.mirrored == mirrored)
            try_bend(moving);
    }

    /// Once more at a finer coarsest resolution, for images whose structures are small.
    void search_small_structures(prepared_image const& moving, bool mirrored) {
        global_search_options o = options_->search;
        o.finest = 2;
        o.clusters = 5;
        o.candidates = 6;
        o.coarse_side = 128;
        o.metric = options_->values_alike ? search_metric::zncc : search_metric::mutual_information;
        consider_all(global_search_target<rigid2>(fixed_, o).search(moving), o.metric, moving, mirrored);
    }

    /// One of the searches over scales, factors of the expected one.
    struct scale_search {
        search_metric metric = search_metric::zncc;
        double low = 0.0, high = 1e9;  // as far as the options go
        std::size_t coarse_side = 48, clusters = 5, candidates = 6;
    };
    // Scales that images have more often than others: joint histograms cost so much that only these are searched finely.
    static constexpr double near = 1.25;

    void search_scales(prepared_image const& moving, bool mirrored, scale_search const& s) {
        global_search_options o = options_->search;
        o.min_scale = std::max(options_->min_scale, s.low);
        o.max_scale = std::min(options_->max_scale, s.high);
        if (o.min_scale > o.max_scale)
            return;
        o.metric = s.metric;
        o.coarse_side = s.coarse_side;
        o.clusters = s.clusters;
        o.candidates = s.candidates;
        // Windows reach further than these leave open.
        o.scale_step = 0.13;
        o.finest = 2;
        consider_all(global_search_target<similarity2>(fixed_, o).search(moving), s.metric, moving, mirrored);
    }
    void search_near_scales(prepared_image const& moving, bool mirrored) {
        search_scales(moving, mirrored, {search_metric::mutual_information, 1.0 / near, near, 56, 8, 12});
    }
    /// By mutual information at a coarse resolution and with few clusters.
    void search_far_scales(prepared_image const& moving, bool mirrored) {
        if (options_->min_scale < 1.0 / near)
            search_scales(moving, mirrored, {search_metric::mutual_information, 0.0, 1.0 / near, 40});
        if (options_->max_scale > near)
            search_scales(moving, mirrored, {search_metric::mutual_information, near, 1e9, 40});
    }

    template <class Transform>
    void consider_all(search_outcome<Transform> const& outcome, search_metric metric, prepared_image const& moving,
                      bool mirrored) {
        for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
            pose_hypothesis h;
            h.rigid = std::same_as<Transform, rigid2>;
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
        // Among so many poses at other scales, the best of images too small for windows is soon a wrong one.
        if (!h.rigid && !h.verdict.asked)
            h.confidence = std::min(h.confidence, unconfirmed);
        h.own_confidence = h.confidence;
        if (!found_) {
            best_ = std::move(h);
            found_ = true;
            return;
        }
        bool const same = h.mirrored == best_.mirrored && is_near(h.verdict.transform, best_.verdict.transform);
        if (same) {
            if (h.own_confidence >= best_.own_confidence) {
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
    /// Windows of a bent image do not agree on any affine map, but on a bend. The best pose that is in doubt may be that
    /// of one.
    void try_bend(prepared_image const& moving) {
        constexpr double least_agreement = 0.1;  // of windows of twice the step with the pose alone
        if (options_->bend == bend_search::no || !found_ || best_.confidence >= 0.9 || best_.bent_agreement > 0.0)
            return;
        pose_hypothesis& h = best_;
        deformable_options o;
        o.search = windows_;
        o.threads = options_->threads;
        held_out_bend const held_out = bend_held_out(fixed_, moving, h.pose, o);
        if (held_out.windows < window_verdict::least_windows || held_out.agreement < least_agreement)
            return;
        o.polish = false;
        o.least_gain = 0.0;
        auto const bent = bend_if_supported(fixed_, moving, {h.pose, o, held_out});
        if (!bent.bent)
            return;
        h.bent_agreement = bent.agreeing;
        h.own_confidence = std::max(h.own_confidence, bend_confidence(bent));
        h.confidence = std::min(h.own_confidence, rival_bound(h));
    }
    double rival_bound(pose_hypothesis const& h) const {
        if (!(h.verdict.score > 0.0) || !(rival_score_ > 0.0))
            return 1.0;
        double const ratio = std::min(1.0, rival_score_ / h.verdict.score);
        return 1.0 - 0.5 * ratio * ratio * ratio * ratio;
    }
    bool is_near(affine2 const& a, affine2 const& b) const {
        image_shape const& s = fixed_.shape();
        return corner_distance(a, b, s.h, s.w) <=
               0.1 * static_cast<double>(std::min(moving_.shape().w, moving_.shape().h));
    }

    prepared_image const &fixed_, &moving_;
    std::shared_ptr<automatic_options const> options_;
    global_search_options windows_;
    pose_hypothesis best_;
    bool found_ = false;
    double rival_score_ = 0.0;  // of the best other pose that windows agreed on
};

}}}  // namespace comir::COMIR_ABI::detail
