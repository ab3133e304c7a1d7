#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include <comir/image/zncc.hpp>
#include <comir/registration/automatic/drift.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/automatic/windows.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/alpha_amd.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/result.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What a pose was found by: the values alone, by which it can be refined, or the raw images besides, of which values
/// know nothing.
enum class pose_evidence { values, raw };

/// Refines poses by alpha-AMD: in windows about them where images are large and little is covered, else in the whole
/// images. Of a fixed image that is not large the distance maps are kept.
template <class Transform>
class pose_refiner {
public:
    pose_refiner(prepared_image fixed, automatic_options const& options)
        : fixed_(std::move(fixed)), options_(options), own_pyramid_(options.refine.pyramid.empty()) {
        if (own_pyramid_)
            options_.refine.pyramid = refining_pyramid(fixed_.shape());
        if (pixel_count(fixed_.shape()) <= large_image && has_pixels(fixed_.mask()))
            kept_.emplace(make_target(fixed_, options_.refine));
    }

    /// The refined pose, or the pose itself where the images correlate no less there or had no say. The result's value
    /// is alpha-AMD's; its confidence is left to the caller.
    registration_result<Transform> refine(Transform const& pose, pose_evidence evidence,
                                          registration_input const& moving) const {
        if (need_windows(fixed_.shape(), moving.values.shape())) {
            window_pair const w(pose, fixed_, moving, options_.drift);
            alpha_amd_options refine = options_.refine;
            if (own_pyramid_)
                refine.pyramid = refining_pyramid(w.fixed.values.shape());
            auto result = refine_in(make_target(w.fixed, refine), w.at.to_windows(pose), evidence, w.fixed, w.moving);
            result.transform = w.at.to_images(result.transform);
            result.overlap *= static_cast<double>(pixel_count(w.fixed.values.shape())) /
                              static_cast<double>(pixel_count(fixed_.shape()));
            return result;
        }
        return kept_ ? refine_in(*kept_, pose, evidence, fixed_, moving)
                     : refine_in(make_target(fixed_, options_.refine), pose, evidence, fixed_, moving);
    }

private:
    static bool has_pixels(image_mask const& mask) {
        return mask.empty() || std::ranges::any_of(mask.values(), [](unsigned char m) { return m != 0; });
    }
    static alpha_amd_target<Transform> make_target(registration_input const& fixed, alpha_amd_options const& options) {
        return alpha_amd_target<Transform>(fixed, options);
    }

    registration_result<Transform> refine_in(alpha_amd_target<Transform> const& target, Transform const& pose,
                                             pose_evidence evidence, registration_input const& fixed,
                                             registration_input const& moving) const {
        auto const zncc_at = [&](Transform const& t) {
            return zncc(fixed.values, fixed.mask, moving.values, moving.mask, t, options_.threads);
        };
        auto refined = target.register_to(moving, {pose});
        auto const before = zncc_at(pose);
        if (evidence == pose_evidence::raw || !refined.converged ||
            !is_same_pose(pose, refined.transform, options_.drift, fixed.values.shape(), moving.values.shape()) ||
            before.correlation >= zncc_at(refined.transform).correlation) {
            refined.transform = pose;
            refined.overlap = before.overlap;
            refined.converged = true;
        }
        return refined;
    }

    prepared_image fixed_;
    automatic_options options_;
    bool own_pyramid_;
    std::optional<alpha_amd_target<Transform>> kept_;
};

}}}  // namespace comir::COMIR_ABI::detail
