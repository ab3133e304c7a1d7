#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/alpha_amd/metric.hpp>
#include <comir/registration/local/multi_resolution.hpp>
#include <comir/registration/local/starts.hpp>
#include <comir/registration/metrics/alpha_amd/check.hpp>
#include <comir/registration/metrics/alpha_amd/options.hpp>
#include <comir/registration/metrics/alpha_amd/resolution.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A fixed image prepared for alpha-AMD registrations: its distance maps are computed once and reused.
/// Images are expected in 0..1, both through one mapping, since alpha cuts at the same values are compared; values
/// beyond are clamped. At each resolution both are stretched by the range of the fixed one, but for 0.5 % of its values
/// at either end, after a blur of them was taken off if the options ask for details alone. Fixed and moving image may
/// differ in size.
/// Errors:  error or shape_error, beginning "comir::register_alpha_amd", for options out of range, images below 8 x 8,
///          masks or weights of another size or without any point, unmasked values that are not finite, unlike channel
///          counts. Constant images and starts without overlap are no errors: the result has not converged
/// Threads: over starts, row bands and column bands; the same bits for any number of threads
/// Source:  Ofverstedt, Lindblad and Sladoje 2019, Fast and robust symmetric image registration based on distances
///          combining intensity and spatial information, IEEE Transactions on Image Processing 28(7). Deliberate
///          differences: the gradient is the exact derivative of the interpolated distance, not an interpolated central
///          difference (gradient says otherwise); images are stretched (see stretch); step lengths are set (see
///          alpha_amd_step); the best start is chosen by the measure over many points, not by the last iterations'
///          mean; points without weight remain part of the cuts they lie in
template <class Transform>
class alpha_amd_target {
    static_assert(
        affine_transform<Transform>,
        "comir: alpha_amd_target needs an affine transform: parameters ending in tx and ty, centre, linear(), "
        "operator()(point2), jacobian and inverse, as comir/transform/concepts.hpp says");

public:
    /// Pixels that the mask leaves out do not exist for the measure. The raw image is not read.
    explicit alpha_amd_target(registration_input const& fixed, alpha_amd_options options = {})
        : shape_(fixed.values.shape()), options_(std::move(options)) {
        detail::check_amd_options(options_);
        detail::check_amd_input("fixed", fixed);
        if (options_.pyramid.empty())
            options_.pyramid = alpha_amd_pyramid(shape_);
        for (alpha_amd_step const& step : options_.pyramid)
            require(std::min(shape_.h, shape_.w) > step.factor, "comir::register_alpha_amd: a pyramid step has factor ",
                    step.factor, " but the fixed image is ", to_string(shape_),
                    ", expected two pixels or more to remain on each side");
        resolutions_.reserve(options_.pyramid.size());
        for (alpha_amd_step const& step : options_.pyramid)
            resolutions_.push_back(detail::make_amd_resolution(fixed, step, options_, nullptr));
    }
    /// A fixed image without a mask and weights.
    explicit alpha_amd_target(image<float> const& fixed, alpha_amd_options options = {})
        : alpha_amd_target(registration_input{.values = fixed}, std::move(options)) {}
    /// Until 0.3.
    [[deprecated("give a registration_input")]] alpha_amd_target(image<float> const& fixed, alpha_amd_options options,
                                                                 image_mask const& mask,
                                                                 image<float> const& weights = {})
        : alpha_amd_target(registration_input{.values = fixed, .mask = mask, .weights = weights}, std::move(options)) {}

    alpha_amd_options const& options() const { return options_; }

    /// The transform from the fixed to the moving image with the smallest measure, over all starts. Without `starts`
    /// they are rotations by start_angles about the fixed image's centre, which is put on the moving image's centre and
    /// start_shifts steps beside it.
    /// The result's value is in pixels: the mean distance, summed over channels, infinite without any overlap; its
    /// confidence compares the value, or with amd_choice::correlation the images' correlation, to those at unrelated
    /// poses (confidence/alpha_amd.hpp, confidence/zncc.hpp).
    registration_result<Transform> register_to(registration_input const& moving,
                                               std::vector<Transform> const& starts = {}) const {
        auto const begin = std::chrono::steady_clock::now();
        detail::check_amd_input("moving", moving);
        image_shape const& shape = moving.values.shape();
        require<shape_error>(shape.c == shape_.c, "comir::register_alpha_amd: the moving image has ", shape.c,
                             " channels, the fixed image ", shape_.c, "; give images of one kind");
        auto const all = detail::make_starts(detail::amd_name, shape_, shape, starts, options_.start_angles, shifts());
        detail::alpha_amd_metric<Transform> metric(options_, resolutions_, shape_, moving);
        auto result = register_at_resolutions<Transform>(
            metric, shape_, shape, all,
            {.rest = options_.rest, .threads = options_.threads, .on_progress = options_.on_progress});
        result.seconds = detail::seconds_since(begin);
        return result;
    }
    /// A moving image without a mask and weights.
    registration_result<Transform> register_to(image<float> const& moving,
                                               std::vector<Transform> const& starts = {}) const {
        return register_to(registration_input{.values = moving}, starts);
    }
    /// Until 0.3.
    [[deprecated("give a registration_input")]] registration_result<Transform> register_to(
        image<float> const& moving, image_mask const& mask, std::vector<Transform> const& starts = {},
        image<float> const& weights = {}) const {
        return register_to(registration_input{.values = moving, .mask = mask, .weights = weights}, starts);
    }

private:
    detail::start_shifts shifts() const {
        auto const reach = static_cast<std::ptrdiff_t>(options_.start_shifts);
        detail::start_shifts shifts{{}, {static_cast<double>(shape_.w), static_cast<double>(shape_.h)}};
        for (std::ptrdiff_t j = -reach; j <= reach; ++j)
            for (std::ptrdiff_t i = -reach; i <= reach; ++i)
                shifts.by.push_back(
                    {static_cast<double>(i) * options_.start_step, static_cast<double>(j) * options_.start_step});
        return shifts;
    }

    image_shape shape_;
    alpha_amd_options options_;
    std::vector<detail::amd_resolution> resolutions_;
};

/// Registers the moving image to the fixed one; alpha_amd_target says how and with which errors.
/// To keep the fixed image for several moving ones, make the target yourself.
template <class Transform>
registration_result<Transform> register_alpha_amd(registration_input const& fixed, registration_input const& moving,
                                                  alpha_amd_options const& options = {}) {
    static_assert(affine_transform<Transform>,
                  "comir: register_alpha_amd needs an affine transform: parameters ending in tx and ty, centre, "
                  "linear(), operator()(point2), jacobian and inverse, as comir/transform/concepts.hpp says");
    if constexpr (affine_transform<Transform>) {
        auto const begin = std::chrono::steady_clock::now();
        auto result = alpha_amd_target<Transform>(fixed, options).register_to(moving);
        result.seconds = detail::seconds_since(begin);
        return result;
    }
}
/// The same for images without masks and weights.
template <class Transform>
registration_result<Transform> register_alpha_amd(image<float> const& fixed, image<float> const& moving,
                                                  alpha_amd_options const& options = {}) {
    return register_alpha_amd<Transform>(registration_input{.values = fixed}, registration_input{.values = moving},
                                         options);
}
/// Until 0.3.
template <class Transform>
[[deprecated("give a registration_input")]] registration_result<Transform> register_alpha_amd(
    image<float> const& fixed, image<float> const& moving, alpha_amd_options const& options,
    image_mask const& fixed_mask, image_mask const& moving_mask = {}, image<float> const& fixed_weights = {},
    image<float> const& moving_weights = {}) {
    return register_alpha_amd<Transform>(
        registration_input{.values = fixed, .mask = fixed_mask, .weights = fixed_weights},
        registration_input{.values = moving, .mask = moving_mask, .weights = moving_weights}, options);
}

}}  // namespace comir::COMIR_ABI
