#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/registration/confidence/compared_pixels.hpp>
#include <comir/registration/confidence/mutual_information.hpp>
#include <comir/registration/local/mutual_information_descent.hpp>
#include <comir/registration/local/mutual_information_starts.hpp>
#include <comir/registration/metrics/mutual_information/image.hpp>
#include <comir/registration/metrics/mutual_information/measure.hpp>
#include <comir/registration/metrics/mutual_information/options.hpp>
#include <comir/registration/metrics/mutual_information/points.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

// Points that a resolution keeps; an iteration takes the next ones, and begins again after the last.
inline constexpr std::size_t mi_kept_points = std::size_t{1} << 15;

inline void check_mi_options(mutual_information_options const& o) {
    constexpr char const* who = "comir::register_mutual_information";
    require(o.equalise >= 0.0 && o.equalise <= 1.0, who, ": equalise is ", o.equalise, ", expected 0 to 1");
    require(o.start_shift >= 0.0 && o.start_shift <= 10.0, who, ": start_shift is ", o.start_shift,
            ", expected a share of the fixed image's shorter side from 0 to 10");
    require(o.kept_starts > 0, who, ": kept_starts is 0, expected at least 1");
    require(o.min_overlap >= 0.0 && o.min_overlap <= 1.0, who, ": min_overlap is ", o.min_overlap, ", expected 0 to 1");
    require(o.rest >= 0.0 && o.still >= 0.0, who, ": rest is ", o.rest, " and still ", o.still,
            " pixels, expected numbers that are not negative");
    require(std::ranges::all_of(o.start_angles, [](double a) { return std::isfinite(a); }), who,
            ": a start angle is infinite or not a number, expected radians");
    for (mutual_information_step const& s : o.pyramid)
        require(s.factor > 0 && s.samples > 0 && s.samples <= mi_kept_points && s.bins >= 5 && s.bins <= 256 &&
                    s.sigma >= 0.0 && s.sigma < 1e6 && s.max_step >= 0.0 && std::isfinite(s.max_step),
                who, ": a pyramid step has factor ", s.factor, ", sigma ", s.sigma, ", samples ", s.samples, ", bins ",
                s.bins, ", max_step ", s.max_step, "; expected a factor above 0, 1 to ", mi_kept_points,
                " samples, 5 to 256 bins, the others finite and not negative");
}

}  // namespace detail

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
    explicit mutual_information_target(image<float> const& fixed, mutual_information_options options = {},
                                       image_mask const& mask = {})
        : shape_(fixed.shape()), options_(std::move(options)) {
        detail::check_mi_options(options_);
        detail::check_mi_image("fixed", fixed, mask);
        pixels_ = detail::count_mi_pixels(shape_, mask);
        if (options_.pyramid.empty())
            options_.pyramid = mutual_information_pyramid(shape_);
        for (mutual_information_step& step : options_.pyramid) {
            step.samples = round_up(step.samples, detail::mi_block);
            require(std::min(shape_.h, shape_.w) > step.factor,
                    "comir::register_mutual_information: a pyramid step has factor ", step.factor,
                    " but the fixed image is ", to_string(shape_),
                    ", expected two pixels or more to remain on each side");
        }
        image<float> const grey = detail::prepare_mi_image(fixed, mask, options_.equalise);
        levels_.reserve(options_.pyramid.size());
        for (mutual_information_step const& step : options_.pyramid) {
            auto const level = make_pyramid_level(grey, {step.factor, step.sigma}, mask, options_.threads);
            levels_.emplace_back(level.values, mask.empty() ? mask : subsample(mask, step.factor), step.factor,
                                 step.bins, detail::mi_kept_points, options_.seed);
        }
    }

    mutual_information_options const& options() const { return options_; }

    /// The transform from the fixed to the moving image with the largest measure, over all starts. Without `starts`
    /// they are rotations by start_angles about the fixed image's centre, which is put on the moving image's centre
    /// and start_shift beside it.
    /// The result's value is in nats, or the ratio of entropies if normalised; minus infinity without any overlap. Its
    /// confidence compares mutual information there to that at other places (detail::confidence_of).
    registration_result<Transform> register_to(image<float> const& moving, image_mask const& mask = {},
                                               std::vector<Transform> const& starts = {}) const {
        auto const begin = std::chrono::steady_clock::now();
        detail::check_mi_image("moving", moving, mask);
        image<float> const grey = detail::prepare_mi_image(moving, mask, options_.equalise);
        std::vector<detail::mi_start<Transform>> runs =
            starts.empty() ? detail::make_mi_starts<Transform>(shape_, moving.shape(), options_)
                           : detail::take_mi_starts(starts);
        double const least =
            options_.min_overlap * std::min(1.0, detail::count_mi_pixels(moving.shape(), mask) / pixels_);
        std::size_t done = 0, iterations = 0, kept = options_.kept_starts;
        bool stopped = false;
        std::size_t compared = 0;
        std::optional<detail::mi_field> compared_field;
        for (; done < levels_.size() && !stopped; ++done) {
            mutual_information_step const& step = options_.pyramid[done];
            bool const last = done + 1 == levels_.size();
            // A moving image much smaller than the fixed one has nothing to say at its coarsest resolutions.
            if (!last && std::min(moving.height(), moving.width()) < detail::mi_least_side * step.factor)
                continue;
            require<shape_error>(std::min(moving.height(), moving.width()) > step.factor,
                                 "comir::register_mutual_information: the moving image is ", to_string(moving.shape()),
                                 ", too small for the last pyramid factor ", step.factor);
            auto const level = make_pyramid_level(grey, {step.factor, step.sigma}, mask, options_.threads);
            detail::mi_field field(level.values, mask.empty() ? mask : subsample(mask, step.factor), step.factor,
                                   step.bins);
            descend(runs, levels_[done], field, step);
            for (auto const& run : runs)
                iterations += run.iterations;
            detail::sort_mi_starts(runs, least);
            if (!last) {
                detail::keep_mi_starts(runs, kept, shape_);
                kept = std::max<std::size_t>(1, kept / 2);
            }
            if (!compared_field || pixels_of(step) <= detail::compared_pixels) {
                compared = done;
                compared_field.emplace(std::move(field));
            }
            stopped = !keep_going(options_.on_progress, done + 1, levels_.size()) && !last;
        }

        detail::mi_start<Transform> const& best = runs.front();
        registration_result<Transform> result;
        result.transform = best.transform;
        result.value = best.value;
        result.converged = !stopped && best.informed && detail::fits(best, least) &&
                           corner_distance(best.transform, best.middle, shape_.h, shape_.w) <= options_.rest;
        if (best.informed && detail::fits(best, least))
            result.confidence = detail::confidence_of(
                detail::information_evidence_at(levels_[compared], *compared_field, options_.pyramid[compared].bins,
                                                to_affine(best.transform), shape_, options_.seed, options_.threads));
        result.overlap = best.overlap;
        result.iterations = iterations;
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return result;
    }

private:
    /// Of the fixed image at one resolution.
    std::size_t pixels_of(mutual_information_step const& step) const {
        return (shape_.h / step.factor) * (shape_.w / step.factor);
    }

    /// Moves every start at one resolution and measures where it ends.
    void descend(std::vector<detail::mi_start<Transform>>& runs, detail::mi_points const& points,
                 detail::mi_field const& field, mutual_information_step const& step) const {
        auto const team = std::min(runs.size(), static_cast<std::size_t>(thread_count(options_.threads)));
        std::vector<detail::mi_workspace> work(team, detail::mi_workspace(step.bins, detail::mi_kept_points));
        parallel_for_slots(runs.size(), static_cast<int>(team), [&](std::size_t i, std::size_t slot) {
            detail::mi_start<Transform>& run = runs[i];
            auto const reach = detail::find_mi_reach(run.transform, shape_.h, shape_.w);
            detail::mi_problem<Transform> const problem{
                points, field, step, reach, shape_.h, shape_.w, options_.normalised, options_.still, options_.seed};
            run.iterations = 0;
            // Starts take other points, a prime number of blocks apart.
            detail::descend_mi(run, problem, 7919 * detail::mi_block * i, work[slot]);
            auto const e =
                detail::measure_mi(points, {0, points.count()}, field, run.transform, options_.normalised, work[slot]);
            run.value = e.value;
            run.overlap = e.overlap;
        });
    }

    image_shape shape_;
    double pixels_ = 0.0;  // that count
    mutual_information_options options_;
    std::vector<detail::mi_points> levels_;
};

/// Registers the moving image to the fixed one; mutual_information_target says how and with which errors.
/// To keep the fixed image for several moving ones, make the target yourself.
template <class Transform>
registration_result<Transform> register_mutual_information(image<float> const& fixed, image<float> const& moving,
                                                           mutual_information_options const& options = {},
                                                           image_mask const& fixed_mask = {},
                                                           image_mask const& moving_mask = {}) {
    static_assert(affine_transform<Transform>,
                  "comir: register_mutual_information needs an affine transform: parameters ending in tx and ty, "
                  "centre, linear(), operator()(point2), jacobian and inverse, as comir/transform/concepts.hpp says");
    if constexpr (affine_transform<Transform>) {
        auto const begin = std::chrono::steady_clock::now();
        auto result = mutual_information_target<Transform>(fixed, options, fixed_mask).register_to(moving, moving_mask);
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return result;
    }
}

}}  // namespace comir::COMIR_ABI
