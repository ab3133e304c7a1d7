#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

#include <comir/core/clock.hpp>
#include <comir/image/centre.hpp>
#include <comir/registration/confidence/search.hpp>
#include <comir/registration/confidence/search_information.hpp>
#include <comir/registration/global/check.hpp>
#include <comir/registration/global/find_poses.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/pose.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/result.hpp>
#include <comir/registration/search_outcome.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A fixed image prepared for global searches: its levels are kept, so that many moving images can be looked for in it.
/// Every angle and every shift with enough overlap is scored at a coarse resolution by Fourier transforms; the best
/// poses that differ are then climbed from at finer resolutions. Images may differ in size; the smaller one is turned.
/// Spectra are not kept: they depend on the moving image's size, and are less than 1 % of a search.
/// Mutual information compares the raw images, or without them the values; their channels may differ.
/// Memory:  levels take 4 (C + 1) bytes a pixel for ZNCC, 8 for mutual information, over all resolutions a third more
/// Errors:  error or shape_error, beginning "comir::global_search", for options out of range, images below 8 x 8,
///          masks or raw images of another size, unmasked values that are not finite, unlike channel counts for ZNCC.
///          Constant images and masks without pixels are no errors: there are no candidates then
/// Threads: over angles, then over candidates; the same bits for any number of threads
template <class Transform = rigid2>
class global_search_target {
public:
    /// The first two copy what the input refers to, or take the image; the last shares what others prepared.
    explicit global_search_target(registration_input const& fixed, global_search_options options = {})
        : global_search_target(prepared_image(fixed), std::move(options)) {}
    explicit global_search_target(image<float> fixed, global_search_options options = {})
        : global_search_target(prepared_image(registration_image{std::move(fixed)}), std::move(options)) {}
    explicit global_search_target(prepared_image fixed, global_search_options options = {})
        : fixed_(std::move(fixed)), options_(std::move(options)) {
        detail::check_search_options(options_);
        detail::check_search_input("fixed", fixed_);
    }
    [[deprecated("give a registration_input")]] global_search_target(image<float> fixed, global_search_options options,
                                                                     image_mask mask, image<float> raw = {})
        : global_search_target(
              prepared_image(registration_image{std::move(fixed), std::move(mask), std::move(raw), {}}),
              std::move(options)) {}

    global_search_options const& options() const { return options_; }

    /// Where the moving image may lie, best first.
    search_outcome<Transform> search(registration_input const& moving) const {
        return search(prepared_image::referring_to(moving));
    }
    search_outcome<Transform> search(image<float> const& moving) const {
        return search(registration_input{.values = moving});
    }
    search_outcome<Transform> search(prepared_image const& moving) const {
        auto const begin = std::chrono::steady_clock::now();
        detail::check_search_input("moving", moving);
        image_shape const &from = fixed_.shape(), &to = moving.shape();
        require<shape_error>(!detail::uses_zncc(options_.metric) || to.c == from.c,
                             "comir::global_search: the moving image has ", to.c, " channels, the fixed image ", from.c,
                             "; give images of one kind, or search by mutual information");
        global_search_options here = options_;
        bool const swapped = to.h * to.w > from.h * from.w;
        if (swapped) {
            here.angle = -here.angle;
            here.min_scale = 1.0 / options_.max_scale;
            here.max_scale = 1.0 / options_.min_scale;
        }
        detail::found_poses const found =
            detail::find_poses(swapped ? moving : fixed_, swapped ? fixed_ : moving, here);
        search_outcome<Transform> outcome{{}, found.statistics, 0.0};
        for (detail::search_pose const& p : found.poses) {
            auto transform = detail::to_transform<Transform>(p, swapped ? to : from, swapped ? from : to);
            if (swapped)
                transform = with_centre(transform.inverse(), image_centre(from));
            outcome.candidates.push_back({transform, p.score, p.overlap});
        }
        outcome.seconds = detail::seconds_since(begin);
        return outcome;
    }
    [[deprecated("give a registration_input")]] search_outcome<Transform> search(image<float> const& moving,
                                                                                 image_mask const& mask,
                                                                                 image<float> const& raw = {}) const {
        return search(registration_input{.values = moving, .mask = mask, .raw = raw});
    }

private:
    prepared_image fixed_;
    global_search_options options_;
};

/// The best pose over all angles and shifts; global_search_target says how and with which errors. The value is the
/// score, the overlap is as candidates have it, the confidence search_confidence, or where mutual information counts
/// detail::confidence_of. Not converged if no pose has texture and enough overlap; confidence 0 then.
template <class Transform = rigid2>
registration_result<Transform> global_search(prepared_image const& fixed, prepared_image const& moving,
                                             global_search_options const& options = {}) {
    auto const begin = std::chrono::steady_clock::now();
    auto const outcome = global_search_target<Transform>(fixed, options).search(moving);
    registration_result<Transform> result;
    result.transform.centre = image_centre(fixed.shape());
    result.iterations = static_cast<std::size_t>(outcome.statistics.count);
    result.value = -std::numeric_limits<double>::infinity();
    if (!outcome.candidates.empty()) {
        auto const& best = outcome.candidates.front();
        result.transform = best.transform;
        result.value = best.score;
        result.overlap = best.overlap;
        result.converged = true;
        result.confidence = detail::uses_mi(options.metric)
                                ? detail::confidence_of(outcome, 0, options.metric, fixed, moving, options.threads)
                                : search_confidence(evidence_of(outcome));
    }
    result.seconds = detail::seconds_since(begin);
    return result;
}

/// The same of images that nothing is kept of.
template <class Transform = rigid2>
registration_result<Transform> global_search(registration_input const& fixed, registration_input const& moving,
                                             global_search_options const& options = {}) {
    return global_search<Transform>(prepared_image::referring_to(fixed), prepared_image::referring_to(moving), options);
}
/// The same for images without masks and raw images.
template <class Transform = rigid2>
registration_result<Transform> global_search(image<float> const& fixed, image<float> const& moving,
                                             global_search_options const& options = {}) {
    return global_search<Transform>(registration_input{.values = fixed}, registration_input{.values = moving}, options);
}

}}  // namespace comir::COMIR_ABI
