#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/image/image.hpp>
#include <comir/image/zncc.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/alpha_amd.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The options of both parts. Progress and threads of alpha_amd are not read: those of features apply to both.
struct feature_start_options {
    feature_options features{};
    alpha_amd_options alpha_amd = comir_alpha_amd_options();
};

/// What register_features_then_alpha_amd found.
template <class Transform>
struct feature_start_result : registration_result<Transform> {
    feature_result<Transform> features{};
    bool started_from_features = false;  // otherwise alpha-AMD began at its own starts
};

/// Registers by features and lets alpha-AMD refine what they found, at its resolutions of factor 1 and 2 alone, so that
/// a good start is not lost on the coarse ones. A refined transform that leaves the features' reach, or under which the
/// images correlate less, is undone. Where features do not converge, alpha-AMD runs in full from its own starts. The
/// confidence is that of the features, without them alpha-AMD's.
/// Shapes:  both images have the same channels, in 0..1 as alpha_amd_target expects
/// Errors:  those of feature_target and alpha_amd_target
/// Threads: the same bits for any number of threads
template <class Transform>
feature_start_result<Transform> register_features_then_alpha_amd(registration_input const& fixed,
                                                                 registration_input const& moving,
                                                                 feature_start_options const& options = {}) {
    static_assert(fitted_transform<Transform>,
                  "comir: register_features_then_alpha_amd fits translation2, rigid2, similarity2 or affine2; for "
                  "another transform add its fit to comir/features/fit.hpp");
    if constexpr (fitted_transform<Transform>) {
        auto const begin = std::chrono::steady_clock::now();
        feature_start_result<Transform> result;
        result.features = register_features<Transform>(fixed, moving, options.features);
        alpha_amd_options refine = options.alpha_amd;
        refine.threads = options.features.threads;
        refine.on_progress = options.features.on_progress;
        std::vector<Transform> starts;
        result.started_from_features = result.features.converged;
        if (result.started_from_features) {
            starts.push_back(result.features.transform);
            if (refine.pyramid.empty())
                refine.pyramid = alpha_amd_pyramid(fixed.values.shape());
            std::size_t const finest = refine.pyramid.back().factor;
            std::erase_if(refine.pyramid, [&](alpha_amd_step const& s) { return s.factor > 2 && s.factor != finest; });
        }
        registration_result<Transform>& own = result;
        own = alpha_amd_target<Transform>(fixed, refine).register_to(moving, starts);
        if (result.started_from_features) {
            Transform const& found = result.features.transform;
            auto const zncc_at = [&](Transform const& t) {
                return zncc(fixed.values, fixed.mask, moving.values, moving.mask, t, refine.threads);
            };
            double const apart = corner_distance(own.transform, found, fixed.values.height(), fixed.values.width());
            auto const by_features = zncc_at(found);
            if (apart > 3.0 * options.features.ransac.tolerance ||
                zncc_at(own.transform).correlation < by_features.correlation) {
                own.transform = found;
                own.overlap = by_features.overlap;
                own.converged = true;
            }
            own.confidence = result.features.confidence;
        }
        own.seconds = detail::seconds_since(begin);
        return result;
    }
}

/// The same for images without masks and raw images.
template <class Transform>
feature_start_result<Transform> register_features_then_alpha_amd(image<float> const& fixed, image<float> const& moving,
                                                                 feature_start_options const& options = {}) {
    return register_features_then_alpha_amd<Transform>(registration_input{.values = fixed},
                                                       registration_input{.values = moving}, options);
}

}}  // namespace comir::COMIR_ABI
