#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/core/memory.hpp>
#include <comir/image/image.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/multi_resolution.hpp>
#include <comir/registration/local/mutual_information/metric.hpp>
#include <comir/registration/local/starts.hpp>
#include <comir/registration/metrics/mutual_information/check.hpp>
#include <comir/registration/metrics/mutual_information/image.hpp>
#include <comir/registration/metrics/mutual_information/options.hpp>
#include <comir/registration/metrics/mutual_information/points.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A fixed image prepared for registrations by mutual information: its pyramid and its sampled points are reused.
/// Images may be of different modalities, sizes and intensity ranges; one of several channels counts as its
/// principal_component.
/// Errors:  error or shape_error, beginning "comir::register_mutual_information", for options out of range, images
///          below 8 x 8, masks of another size or without any pixel, unmasked values that are not finite. Constant
///          images and starts without overlap are no errors: the result has not converged
/// Threads: over starts and row bands; the same bits for any number of threads
/// Source:  Mattes, Haynor, Vesselle, Lewellen and Eubank 2003, PET-CT image registration in the chest using free-form
///          deformations, IEEE Transactions on Medical Imaging 22(1); Klein et al. 2009 for the descent, as elastix 5
///          has both. Deliberate differences: the gradient is the exact derivative of the interpolated measure; the
///          result of a resolution is the mean of its last iterations
template <class Transform>
class mutual_information_target {
    static_assert(
        affine_transform<Transform>,
        "comir: mutual_information_target needs an affine transform: parameters ending in tx and ty, centre, linear(), "
        "operator()(point2), jacobian and inverse, as comir/transform/concepts.hpp says");

public:
    /// Pixels that the mask leaves out do not exist for the measure. The raw image and weights are not read.
    explicit mutual_information_target(registration_input const& fixed, mutual_information_options options = {})
        : shape_(fixed.values.shape()), options_(std::move(options)) {
        detail::check_mi_options(options_);
        detail::check_mi_input("fixed", fixed);
        image_mask const& mask = fixed.mask;
        pixels_ = detail::count_mi_pixels(shape_, mask);
        if (options_.pyramid.empty())
            options_.pyramid = mutual_information_pyramid(shape_);
        for (mutual_information_step& step : options_.pyramid) {
            step.samples = round_up(step.samples, mi_block);
            require(std::min(shape_.h, shape_.w) > step.factor,
                    "comir::register_mutual_information: a pyramid step has factor ", step.factor,
                    " but the fixed image is ", to_string(shape_),
                    ", expected two pixels or more to remain on each side");
        }
        image<float> const grey = detail::prepare_mi_image(fixed.values, mask, options_.equalise);
        resolutions_.reserve(options_.pyramid.size());
        for (mutual_information_step const& step : options_.pyramid) {
            auto const level = make_pyramid_level(grey, {step.factor, step.sigma}, mask, options_.threads);
            resolutions_.emplace_back(level.values, mask.empty() ? image_mask() : subsample(mask, step.factor),
                                      step.factor, step.bins, detail::mi_kept_points, options_.seed);
        }
    }
    /// A fixed image without a mask.
    explicit mutual_information_target(image<float> const& fixed, mutual_information_options options = {})
        : mutual_information_target(registration_input{.values = fixed}, std::move(options)) {}
    /// Until 0.3.
    [[deprecated("give a registration_input")]] mutual_information_target(image<float> const& fixed,
                                                                          mutual_information_options options,
                                                                          image_mask const& mask)
        : mutual_information_target(registration_input{.values = fixed, .mask = mask}, std::move(options)) {}

    mutual_information_options const& options() const { return options_; }

    /// The transform from the fixed to the moving image with the largest measure, over all starts. Without `starts`
    /// they are rotations by start_angles about the fixed image's centre, which is put on the moving image's centre
    /// and start_shift beside it.
    /// The result's value is in nats, or the ratio of entropies if normalised; minus infinity without any overlap. Its
    /// confidence compares mutual information there to that at other poses (confidence/mutual_information.hpp).
    registration_result<Transform> register_to(registration_input const& moving,
                                               std::vector<Transform> const& starts = {}) const {
        auto const begin = std::chrono::steady_clock::now();
        detail::check_mi_input("moving", moving);
        image_shape const& shape = moving.values.shape();
        auto const all = detail::make_starts(detail::mi_name, shape_, shape, starts, options_.start_angles, shifts());
        double const least =
            options_.min_overlap * std::min(1.0, detail::count_mi_pixels(shape, moving.mask) / pixels_);
        detail::mutual_information_metric<Transform> metric(options_, resolutions_, shape_, moving, least);
        auto result = register_at_resolutions<Transform>(
            metric, shape_, shape, all,
            {.rest = options_.rest, .threads = options_.threads, .on_progress = options_.on_progress});
        result.seconds = detail::seconds_since(begin);
        return result;
    }
    /// A moving image without a mask.
    registration_result<Transform> register_to(image<float> const& moving,
                                               std::vector<Transform> const& starts = {}) const {
        return register_to(registration_input{.values = moving}, starts);
    }
    /// Until 0.3.
    [[deprecated("give a registration_input")]] registration_result<Transform> register_to(
        image<float> const& moving, image_mask const& mask, std::vector<Transform> const& starts = {}) const {
        return register_to(registration_input{.values = moving, .mask = mask}, starts);
    }

private:
    detail::start_shifts shifts() const {
        double const aside = options_.start_shift * static_cast<double>(std::min(shape_.h, shape_.w));
        if (aside == 0.0)
            return {};
        return {{point2{}, {-aside, 0.0}, {aside, 0.0}, {0.0, -aside}, {0.0, aside}}};
    }

    image_shape shape_;
    double pixels_ = 0.0;  // that count
    mutual_information_options options_;
    std::vector<mi_points> resolutions_;
};

/// Registers the moving image to the fixed one; mutual_information_target says how and with which errors.
/// To keep the fixed image for several moving ones, make the target yourself.
template <class Transform>
registration_result<Transform> register_mutual_information(registration_input const& fixed,
                                                           registration_input const& moving,
                                                           mutual_information_options const& options = {}) {
    static_assert(affine_transform<Transform>,
                  "comir: register_mutual_information needs an affine transform: parameters ending in tx and ty, "
                  "centre, linear(), operator()(point2), jacobian and inverse, as comir/transform/concepts.hpp says");
    if constexpr (affine_transform<Transform>) {
        auto const begin = std::chrono::steady_clock::now();
        auto result = mutual_information_target<Transform>(fixed, options).register_to(moving);
        result.seconds = detail::seconds_since(begin);
        return result;
    }
}
/// The same for images without masks.
template <class Transform>
registration_result<Transform> register_mutual_information(image<float> const& fixed, image<float> const& moving,
                                                           mutual_information_options const& options = {}) {
    return register_mutual_information<Transform>(registration_input{.values = fixed},
                                                  registration_input{.values = moving}, options);
}
/// Until 0.3.
template <class Transform>
[[deprecated("give a registration_input")]] registration_result<Transform> register_mutual_information(
    image<float> const& fixed, image<float> const& moving, mutual_information_options const& options,
    image_mask const& fixed_mask, image_mask const& moving_mask = {}) {
    return register_mutual_information<Transform>(registration_input{.values = fixed, .mask = fixed_mask},
                                                  registration_input{.values = moving, .mask = moving_mask}, options);
}

}}  // namespace comir::COMIR_ABI
