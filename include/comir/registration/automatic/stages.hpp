#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include <comir/image/centre.hpp>
#include <comir/registration/automatic/contest.hpp>
#include <comir/registration/automatic/drift.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/automatic/ranges.hpp>
#include <comir/registration/automatic/refine.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/confidence/search.hpp>
#include <comir/registration/confidence/search_information.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The keypoints of a fixed image, for the target whose options they were found with.
template <class Transform>
struct kept_features {
    using key = std::shared_ptr<automatic_options const>;

    feature_target<Transform> target;
};

/// The stages of one automatic registration. Each asks something else where the image lies, and takes its answer if it
/// is surer than what is known.
template <class Transform>
class automatic_stages {
public:
    automatic_stages(prepared_image const& fixed, prepared_image const& moving,
                     std::shared_ptr<automatic_options const> const& options, pose_refiner<Transform> const& refiner)
        : fixed_(fixed), moving_(moving), kept_options_(options), options_(*options), refiner_(refiner) {
        best_.transform.centre = image_centre(fixed.shape());
        best_.value = std::numeric_limits<double>::infinity();
    }

    registration_result<Transform> const& best() const { return best_; }
    /// The poses that the last search found.
    std::vector<search_candidate<Transform>> const& candidates() const { return candidates_; }
    /// Whether further stages can be afforded.
    bool is_small() const { return std::max(pixel_count(fixed_.shape()), pixel_count(moving_.shape())) <= large_image; }

    /// Searches by ZNCC of the values' local contrast; the poses found compete.
    void search() {
        auto const outcome = global_search_target<Transform>(fixed_, options_.search).search(moving_);
        bool const knows_raw = is_small() && !(fixed_.input().raw.empty() && moving_.input().raw.empty());
        auto const sure_of = [&](std::size_t which) {
            return knows_raw ? confidence_by_raw(outcome, which, search_metric::zncc)
                             : search_confidence(evidence_of(outcome, which));
        };
        candidates_ = outcome.candidates;
        bool const undisputed = take_winner(outcome, pose_evidence::values, sure_of);
        if (!best_.converged)
            return;
        // Raw images may confirm a pose that values hardly alike put some pixels off.
        double const sure = std::min(best_.confidence, search_confidence(evidence_of(outcome)));
        search_in_doubt_ = !undisputed || sure < options_.ask_raw_below;
    }
    bool asks_raw() const { return options_.ask_raw_below > 0.0 && search_in_doubt_; }

    /// Searches by values and raw images together, and by the raw images alone.
    void search_raw() {
        global_search_options o = options_.search;
        o.metric = search_metric::zncc_and_mi;
        auto const outcome = global_search_target<Transform>(fixed_, o).search(moving_);
        candidates_ = outcome.candidates;
        take_winner(outcome, pose_evidence::raw,
                    [&](std::size_t which) { return confidence_by_raw(outcome, which, o.metric); });
        o.metric = search_metric::mutual_information;
        auto const found = global_search<Transform>(fixed_, moving_, o);
        if (found.converged) {
            candidates_.push_back({found.transform, found.value, found.overlap});
            take(found.transform, pose_evidence::raw, found.confidence);
        }
    }
    bool asks_features() const { return best_.confidence < options_.ask_features_below; }

    /// Matches the features of the values.
    void match_features() {
        auto const& features = fixed_.once<kept_features<Transform>>(kept_options_, [&] {
            return kept_features<Transform>{feature_target<Transform>(fixed_.input(), options_.features)};
        });
        auto const found = features.target.register_to(moving_.input());
        auto const f = static_cast<double>(pixel_count(fixed_.shape())),
                   m = static_cast<double>(pixel_count(moving_.shape()));
        if (!found.converged || found.confidence < options_.ask_features_below ||
            found.overlap * f < least_overlap(options_.search, fixed_.shape(), moving_.shape()) * std::min(f, m) ||
            !is_in_ranges(found.transform, options_.search, {fixed_.shape(), moving_.shape()}))
            return;
        best_ = refiner_.refine(found.transform, pose_evidence::values, moving_);
        best_.confidence = found.confidence;
    }

private:
    double confidence_by_raw(search_outcome<Transform> const& outcome, std::size_t which, search_metric metric) const {
        return confidence_of(outcome, which, metric, fixed_, moving_, options_.threads);
    }

    /// Refines a pose of this confidence, and takes it if that is more than what is known, or if it is the same pose:
    /// what asks later compares more.
    void take(Transform const& pose, pose_evidence evidence, double confidence) {
        bool const same =
            best_.converged && is_same_pose(pose, best_.transform, options_.drift, fixed_.shape(), moving_.shape());
        if (best_.converged && !same && confidence <= best_.confidence)
            return;
        auto refined = refiner_.refine(pose, evidence, moving_);
        refined.confidence = same ? std::max(confidence, best_.confidence) : confidence;
        best_ = refined;
    }
    /// The same with the best of a search's candidates if it is surer than a draw, else with the winner of the contest:
    /// plain values may differ where a search by more than ZNCC is right. sure_of(number) is the confidence of each.
    /// Returns whether the best one wins the contest, too.
    template <class SureOf>
    bool take_winner(search_outcome<Transform> const& outcome, pose_evidence evidence, SureOf const& sure_of) {
        if (outcome.candidates.empty())
            return false;
        std::size_t const winner = contest_winner(outcome.candidates, fixed_, moving_, options_);
        double const sure = sure_of(0);
        if (winner == 0 || sure > 0.5)
            take(outcome.candidates[0].transform, evidence, sure);
        else
            take(outcome.candidates[winner].transform, evidence, sure_of(winner));
        return winner == 0;
    }

    prepared_image const &fixed_, &moving_;
    std::shared_ptr<automatic_options const> const& kept_options_;
    automatic_options const& options_;
    pose_refiner<Transform> const& refiner_;
    registration_result<Transform> best_;
    std::vector<search_candidate<Transform>> candidates_;
    bool search_in_doubt_ = false;
};

}}}  // namespace comir::COMIR_ABI::detail
