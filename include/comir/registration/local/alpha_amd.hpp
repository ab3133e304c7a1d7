#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/image/zncc.hpp>
#include <comir/registration/confidence/alpha_amd.hpp>
#include <comir/registration/confidence/compared_pixels.hpp>
#include <comir/registration/confidence/zncc.hpp>
#include <comir/registration/local/alpha_amd_descent.hpp>
#include <comir/registration/local/starts.hpp>
#include <comir/registration/metrics/alpha_amd/alpha_cut_maps.hpp>
#include <comir/registration/metrics/alpha_amd/check.hpp>
#include <comir/registration/metrics/alpha_amd/measure.hpp>
#include <comir/registration/metrics/alpha_amd/options.hpp>
#include <comir/registration/metrics/alpha_amd/resolution.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

// Points of each image that compare the starts: 20000 leave an error of about 1 % of the distances' spread.
inline constexpr std::size_t amd_compared_points = 20000;

}  // namespace detail

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
///          detail::descend_amd); the best start is chosen by the measure over many points, not by the last iterations'
///          mean; points without weight remain part of the cuts they lie in
template <class Transform>
class alpha_amd_target {
    static_assert(
        affine_transform<Transform>,
        "comir: alpha_amd_target needs an affine transform: parameters ending in tx and ty, centre, linear(), "
        "operator()(point2), jacobian and inverse, as comir/transform/concepts.hpp says");

public:
    /// mask (1, H, W): zero pixels do not exist for the measure. weights (1, H, W): how much a point's distance counts.
    explicit alpha_amd_target(image<float> const& fixed, alpha_amd_options options = {}, image_mask const& mask = {},
                              image<float> const& weights = {})
        : shape_(fixed.shape()), options_(std::move(options)) {
        detail::check_amd_options(options_);
        detail::check_amd_image("fixed", fixed, mask);
        detail::check_amd_weights("fixed", shape_, mask, weights);
        if (options_.pyramid.empty())
            options_.pyramid = alpha_amd_pyramid(shape_);
        for (alpha_amd_step const& step : options_.pyramid)
            require(std::min(shape_.h, shape_.w) > step.factor, "comir::register_alpha_amd: a pyramid step has factor ",
                    step.factor, " but the fixed image is ", to_string(shape_),
                    ", expected two pixels or more to remain on each side");
        resolutions_.reserve(options_.pyramid.size());
        for (alpha_amd_step const& step : options_.pyramid)
            resolutions_.push_back(detail::make_amd_level(fixed, mask, weights, step, options_, nullptr));
    }

    alpha_amd_options const& options() const { return options_; }

    /// The transform from the fixed to the moving image with the smallest measure, over all starts. Without `starts`
    /// they are rotations by start_angles about the fixed image's centre, which is put on the moving image's centre.
    /// The result's value is in pixels: the mean distance, summed over channels, infinite without any overlap; its
    /// confidence compares the value, or with amd_choice::correlation the images' correlation, to those at unrelated
    /// places (detail::confidence_of).
    registration_result<Transform> register_to(image<float> const& moving, image_mask const& mask = {},
                                               std::vector<Transform> const& starts = {},
                                               image<float> const& weights = {}) const {
        auto const begin = std::chrono::steady_clock::now();
        detail::check_amd_image("moving", moving, mask);
        detail::check_amd_weights("moving", moving.shape(), mask, weights);
        require<shape_error>(moving.channels() == shape_.c, "comir::register_alpha_amd: the moving image has ",
                             moving.channels(), " channels, the fixed image ", shape_.c, "; give images of one kind");
        std::vector<detail::amd_start<Transform>> runs = make_runs(moving.shape(), starts);
        auto const reach =
            parameter_reach(detail::centred_start<Transform>(shape_, moving.shape()), shape_.h, shape_.w);

        std::size_t done = 0, iterations = 0;
        bool stopped = false, varied = false;
        bool const correlate = options_.choice == amd_choice::correlation;
        std::size_t coarsest = 0, compared = 0;
        std::optional<detail::amd_level> coarsest_moving;
        image<float> compared_picture;
        image_mask compared_mask;
        for (; done < resolutions_.size() && !stopped; ++done) {
            alpha_amd_step const& step = options_.pyramid[done];
            bool const last = done + 1 == resolutions_.size();
            // A moving image much smaller than the fixed one has nothing to say at its coarsest resolutions.
            if (!last && std::min(moving.height(), moving.width()) < detail::amd_least_side * step.factor)
                continue;
            require<shape_error>(std::min(moving.height(), moving.width()) > step.factor,
                                 "comir::register_alpha_amd: the moving image is ", to_string(moving.shape()),
                                 ", too small for the last pyramid factor ", step.factor);
            detail::amd_resolution moving_resolution =
                detail::make_amd_level(moving, mask, weights, step, options_, &resolutions_[done].range);
            detail::amd_level& moving_level = moving_resolution.level;
            detail::amd_level const& fixed_level = resolutions_[done].level;
            varied = fixed_level.is_varied() && moving_level.is_varied();
            parallel_for(runs.size(), options_.threads, [&](std::size_t i) {
                // Starts begin at different points of the random order, a prime apart.
                runs[i].iterations += detail::descend_amd(runs[i], fixed_level, moving_level, step, options_, reach,
                                                          7919 * runs[i].number);
                detail::amd_sample const all{0, detail::amd_compared_points};
                auto const e =
                    detail::evaluate_amd(fixed_level, all, moving_level, all, runs[i].transform, options_.symmetric);
                runs[i].value = e.value;
                runs[i].overlap = e.overlap;
                runs[i].overlap_moving = e.overlap_moving;
            });
            if (correlate)
                for (auto& run : runs)
                    run.correlation = correlation(resolutions_[done], moving_resolution, run.transform,
                                                  static_cast<double>(step.factor));
            if (!last)
                iterations += abandon(runs, step.step_begin);
            if (!coarsest_moving) {
                coarsest = done;
                coarsest_moving = std::move(moving_level);
            }
            image<float> const& picture = resolutions_[done].picture;
            if (correlate &&
                (compared_picture.empty() || picture.height() * picture.width() <= detail::compared_pixels)) {
                compared = done;
                compared_picture = std::move(moving_resolution.picture);
                compared_mask = std::move(moving_resolution.mask);
            }
            stopped = !keep_going(options_.on_progress, done + 1, resolutions_.size()) && !last;
        }

        auto const& best =
            *std::ranges::min_element(runs, [this](auto const& a, auto const& b) { return better(a, b); });
        for (auto const& run : runs)
            iterations += run.iterations;
        registration_result<Transform> result;
        result.transform = best.transform;
        result.value = best.value;
        result.converged = !stopped && varied && best.informed && fits(best) &&
                           corner_distance(best.transform, best.middle, shape_.h, shape_.w) <= options_.rest;
        if (varied && fits(best) && correlate)
            result.confidence = detail::confidence_of(detail::correlation_evidence_at(
                resolutions_[compared].picture, resolutions_[compared].mask, compared_picture, compared_mask,
                at_level(best.transform, static_cast<double>(options_.pyramid[compared].factor)), options_.seed,
                options_.threads));
        else if (varied && fits(best))
            result.confidence = detail::confidence_of(
                detail::contrast_amd(resolutions_[coarsest].level, *coarsest_moving, detail::to_amd_map(best.transform),
                                     options_.symmetric, options_.seed));
        result.overlap = best.overlap;
        result.iterations = iterations;
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return result;
    }

private:
    std::vector<detail::amd_start<Transform>> make_runs(image_shape const& moving,
                                                        std::vector<Transform> const& starts) const {
        std::vector<detail::amd_start<Transform>> runs;
        for (Transform const& t : starts) {
            require(std::ranges::all_of(t.parameters, [](double p) { return std::isfinite(p); }) &&
                        std::isfinite(t.centre.x) && std::isfinite(t.centre.y),
                    "comir::register_alpha_amd: a start has a parameter or centre that is not finite");
            runs.push_back({t, t, runs.size()});
        }
        auto const reach = static_cast<std::ptrdiff_t>(options_.start_shifts);
        for (double const angle : starts.empty() ? options_.start_angles : std::vector<double>{})
            for (std::ptrdiff_t j = -reach; j <= reach; ++j)
                for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
                    auto t = detail::centred_start<Transform>(shape_, moving);
                    if (!detail::turn_start(t, angle))
                        continue;
                    set_translation(
                        t, translation(t) +
                               point2{static_cast<double>(i) * options_.start_step * static_cast<double>(shape_.w),
                                      static_cast<double>(j) * options_.start_step * static_cast<double>(shape_.h)});
                    runs.push_back({t, t, runs.size()});
                }
        require(!runs.empty(), "comir::register_alpha_amd: there is no start; give start_angles, with the angle 0 for ",
                Transform::name, ", or starts");
        return runs;
    }
    /// The points of one image suffice: a small image may lie in a large one.
    bool fits(detail::amd_start<Transform> const& run) const {
        return std::isfinite(run.value) && std::max(run.overlap, run.overlap_moving) >= options_.min_overlap;
    }

    bool better(detail::amd_start<Transform> const& a, detail::amd_start<Transform> const& b) const {
        bool const a_fits = fits(a), b_fits = fits(b);
        if (a_fits != b_fits)
            return a_fits;
        return options_.choice == amd_choice::correlation ? a.correlation > b.correlation : a.value < b.value;
    }
    bool hopeless(detail::amd_start<Transform> const& run, detail::amd_start<Transform> const& best) const {
        if (fits(run) != fits(best))
            return true;
        return options_.choice == amd_choice::correlation ? options_.abandon * run.correlation < best.correlation
                                                          : run.value > options_.abandon * best.value;
    }
    double correlation(detail::amd_resolution const& fixed, detail::amd_resolution const& moving, Transform const& t,
                       double factor) const {
        return detail::zncc(fixed.picture, fixed.mask, moving.picture, moving.mask, at_level(t, factor),
                            options_.threads)
            .correlation;
    }
    static affine2 at_level(Transform const& t, double factor) {
        affine2 scaled = to_affine(t);
        scaled.parameters[4] /= factor;
        scaled.parameters[5] /= factor;
        return scaled;
    }
    /// Sorts the starts and ends those without hope, and those that have come to the place of a better one, as near as
    /// `same` pixels. Returns the iterations of those.
    std::size_t abandon(std::vector<detail::amd_start<Transform>>& runs, double same) const {
        std::ranges::stable_sort(runs, [this](auto const& a, auto const& b) { return better(a, b); });
        std::vector<detail::amd_start<Transform>> kept;
        std::size_t iterations = 0;
        for (auto const& run : runs) {
            bool const ended = options_.abandon > 0.0 && !kept.empty() && hopeless(run, kept.front());
            bool const known = std::ranges::any_of(kept, [&](auto const& other) {
                return corner_distance(run.transform, other.transform, shape_.h, shape_.w) < same;
            });
            if (ended || known)
                iterations += run.iterations;
            else
                kept.push_back(run);
        }
        runs = std::move(kept);
        return iterations;
    }

    image_shape shape_;
    alpha_amd_options options_;
    std::vector<detail::amd_resolution> resolutions_;
};

/// Registers the moving image to the fixed one; alpha_amd_target says how and with which errors.
/// To keep the fixed image for several moving ones, make the target yourself.
template <class Transform>
registration_result<Transform> register_alpha_amd(image<float> const& fixed, image<float> const& moving,
                                                  alpha_amd_options const& options = {},
                                                  image_mask const& fixed_mask = {}, image_mask const& moving_mask = {},
                                                  image<float> const& fixed_weights = {},
                                                  image<float> const& moving_weights = {}) {
    static_assert(affine_transform<Transform>,
                  "comir: register_alpha_amd needs an affine transform: parameters ending in tx and ty, centre, "
                  "linear(), operator()(point2), jacobian and inverse, as comir/transform/concepts.hpp says");
    if constexpr (affine_transform<Transform>) {
        auto const begin = std::chrono::steady_clock::now();
        auto result = alpha_amd_target<Transform>(fixed, options, fixed_mask, fixed_weights)
                          .register_to(moving, moving_mask, {}, moving_weights);
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return result;
    }
}

}}  // namespace comir::COMIR_ABI
