#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/core/progress.hpp>
#include <comir/features/match.hpp>
#include <comir/features/ransac.hpp>
#include <comir/features/sift.hpp>
#include <comir/registration/confidence/features.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/starts.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How keypoints are found, matched and fitted. Threads and seed apply to all parts; those of the parts are not read.
struct feature_options {
    sift_options sift{.root = true};
    match_options match{};
    ransac_options ransac{.max_turn_error = 0.5, .max_zoom_error = 1.5};
    std::size_t least_keypoints = 200;  // of an image; with fewer, keypoints of a quarter and then a 16th of the
                                        // contrast are taken; 0: never
    std::uint64_t seed = 1;
    int threads = 0;
    progress on_progress{};  // after the keypoints of the moving image, the matches and the transform
};

/// The settings of the CoMIR experiments, but for three that measure better on held-out CoMIRs. The image is doubled
/// first and octaves go down to 32 pixels: 38 of 40 tissue pairs of 256 px instead of 36, 30 of 40 pairs of 96 px
/// instead of none (within 5 px). Their tolerance of 25 pixels leaves the transform to the outliers within it.
inline feature_options comir_feature_options() {
    feature_options options;
    options.sift = comir_sift_options();
    options.sift.doubled = true;
    options.sift.smallest_octave = 32;
    options.match.ratio = 0.9;
    return options;
}

/// What a registration by features found, with all that a picture of the matches needs.
template <class Transform>
struct feature_result : registration_result<Transform> {
    std::vector<point_match> matches{};  // places of the matched keypoints
    std::vector<std::size_t> inliers{};  // numbers of the matches that agree with the transform, ascending
    double residual = 0.0;               // root mean square distance of the inliers, pixels
    double uncertainty = 0.0;            // standard error of the fixed image's mapped corners, pixels
    std::size_t fixed_keypoints = 0, moving_keypoints = 0;
};

/// A fixed image prepared for registrations by features: its keypoints are found once and reused. Fixed and moving
/// image may differ in size and kind of values.
/// Errors:  those of sift, match_features and ransac. Images without texture, too few points, points in one place or on
///          a line are no errors: the result has not converged
/// Threads: the same bits for any number of threads
/// Source:  Lowe 2004; Pielawski et al. 2020, CoMIR
template <class Transform>
class feature_target {
    static_assert(
        fitted_transform<Transform>,
        "comir: feature_target fits translation2, rigid2, similarity2 or affine2; for another transform add its "
        "fit to comir/features/fit.hpp");

public:
    explicit feature_target(registration_input const& fixed, feature_options options = {})
        : feature_target(std::move(options), fixed.values, fixed.mask) {}
    /// Of values of any kind.
    template <class T>
    explicit feature_target(image<T> const& fixed, feature_options options = {})
        : feature_target(std::move(options), fixed, {}) {}
    template <class T>
    [[deprecated("give a registration_input")]] feature_target(image<T> const& fixed, feature_options options,
                                                               image_mask const& mask)
        : feature_target(std::move(options), fixed, mask) {}

    feature_options const& options() const { return options_; }
    feature_set const& features() const { return features_; }

    /// The transform from the fixed to the moving image that most matches agree with. It converged if chance does not
    /// explain its inliers; otherwise it is the best guess, or puts the images' centres on each other. The confidence
    /// is the share of inliers beyond what chance explains, less where they leave the corners uncertain. The result's
    /// value is the residual.
    feature_result<Transform> register_to(registration_input const& moving) const {
        return match(moving.values, moving.mask);
    }
    template <class T>
    feature_result<Transform> register_to(image<T> const& moving) const {
        return match(moving, {});
    }
    template <class T>
    [[deprecated("give a registration_input")]] feature_result<Transform> register_to(image<T> const& moving,
                                                                                      image_mask const& mask) const {
        return match(moving, mask);
    }

private:
    static constexpr std::size_t steps = 3;

    template <class T>
    feature_target(feature_options options, image<T> const& fixed, image_mask const& mask)
        : shape_(fixed.shape()), options_(std::move(options)) {
        options_.sift.threads = options_.match.threads = options_.threads;
        options_.ransac.seed = options_.seed;
        features_ = find_features(fixed, mask);
    }

    template <class T>
    feature_result<Transform> match(image<T> const& moving, image_mask const& mask) const {
        auto const begin = std::chrono::steady_clock::now();
        feature_result<Transform> result;
        result.transform = detail::centred_start<Transform>(shape_, moving.shape());
        result.fixed_keypoints = features_.size();
        estimate(moving, mask, result);
        result.seconds = detail::seconds_since(begin);
        return result;
    }

    template <class T>
    feature_set find_features(image<T> const& values, image_mask const& mask) const {
        feature_set found = sift(values, options_.sift, mask);
        sift_options fainter = options_.sift;
        for (int i = 0; i < 2 && found.size() < options_.least_keypoints; ++i) {
            fainter.contrast *= 0.25;
            found = sift(values, fainter, mask);
        }
        return found;
    }

    template <class T>
    void estimate(image<T> const& moving, image_mask const& mask, feature_result<Transform>& result) const {
        feature_set const others = find_features(moving, mask);
        result.moving_keypoints = others.size();
        if (!keep_going(options_.on_progress, 1, steps))
            return;
        for (feature_match const& m : match_features(features_, others, options_.match)) {
            keypoint const &a = features_.keypoints[m.fixed], &b = others.keypoints[m.moving];
            point_match pair;
            pair.fixed = {static_cast<double>(a.x), static_cast<double>(a.y)};
            pair.moving = {static_cast<double>(b.x), static_cast<double>(b.y)};
            pair.turn = static_cast<double>(b.angle) - static_cast<double>(a.angle);
            pair.zoom = static_cast<double>(b.scale) / static_cast<double>(a.scale);
            result.matches.push_back(pair);
        }
        if (!keep_going(options_.on_progress, 2, steps))
            return;
        auto const found = ransac<Transform>(result.matches, options_.ransac);
        bool const stopped = !keep_going(options_.on_progress, 3, steps);
        result.iterations = found.trials;
        if (found.inliers.size() < fit_size<Transform>)
            return;
        result.inliers = found.inliers;
        result.residual = result.value = found.residual;
        result.transform = with_centre(found.transform, result.transform.centre);
        result.uncertainty = detail::corner_uncertainty(result.transform, shape_, result.matches, result.inliers);
        result.overlap = detail::grid_overlap(result.transform, shape_, moving.shape());
        double const tolerance = options_.ransac.tolerance, doubt = result.uncertainty / tolerance;
        result.confidence = detail::share_beyond_chance(result.matches, result.inliers, fit_size<Transform>, tolerance,
                                                        options_.ransac.max_turn_error, moving.shape()) /
                            (1.0 + doubt * doubt);
        result.converged = !stopped && found.converged && result.confidence > 0.0 && result.overlap > 0.0;
    }

    image_shape shape_;
    feature_options options_;
    feature_set features_;
};

namespace detail {

template <class Transform, class Fixed, class Moving>
feature_result<Transform> match_images(Fixed const& fixed, Moving const& moving, feature_options const& options) {
    static_assert(
        fitted_transform<Transform>,
        "comir: register_features fits translation2, rigid2, similarity2 or affine2; for another transform add "
        "its fit to comir/features/fit.hpp");
    if constexpr (fitted_transform<Transform>) {
        auto const begin = std::chrono::steady_clock::now();
        auto result = feature_target<Transform>(fixed, options).register_to(moving);
        result.seconds = detail::seconds_since(begin);
        return result;
    }
}

}  // namespace detail

/// Registers the moving image to the fixed one by features; feature_target says how and with which errors.
/// To keep the fixed image for several moving ones, make the target yourself.
template <class Transform>
feature_result<Transform> register_features(registration_input const& fixed, registration_input const& moving,
                                            feature_options const& options = {}) {
    return detail::match_images<Transform>(fixed, moving, options);
}
/// The same of values of any two kinds.
template <class Transform, class T, class U>
feature_result<Transform> register_features(image<T> const& fixed, image<U> const& moving,
                                            feature_options const& options = {}) {
    return detail::match_images<Transform>(fixed, moving, options);
}

}}  // namespace comir::COMIR_ABI
