#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/core/progress.hpp>
#include <comir/registration/local/multi_resolution.hpp>
#include <comir/registration/local/starts.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A measure of two images at a transform.
struct measured {
    double value = 0.0;    // smaller is better
    double overlap = 0.0;  // share of the fixed image's points inside the moving image, 0 to 1
};

/// The derivative of a measure by a transform's parameters, gathered point by point with the chain rule. For a measure
/// that is not in a hurry: affine_gradient gathers whole registers.
template <affine_transform Transform>
class parameter_gradient {
public:
    explicit parameter_gradient(Transform const& t) : transform_(t) {}

    /// Adds J(p)^T d: p is a point of the fixed image, d the derivative of the measure by the point that p is mapped
    /// to, both in pixels of the full images.
    void add(point2 p, point2 d) {
        auto const j = transform_.jacobian(p);
        for (std::size_t k = 0; k < values_.size(); ++k)
            values_[k] += j(0, static_cast<Eigen::Index>(k)) * d.x + j(1, static_cast<Eigen::Index>(k)) * d.y;
    }
    std::array<double, Transform::parameter_count> const& values() const { return values_; }

private:
    Transform transform_;
    std::array<double, Transform::parameter_count> values_{};
};

/// What register_by_descent needs of a measure: a class that holds two images, with
///   name                  which begins error messages
///   prepare(factor)       brings both images to every factor-th pixel
///   measure(t, gradient)  measures them there under transform t, and calls gradient.add(p, d) for the points; all d
///                         may have one positive factor in common. Called by many threads
template <class M, class Transform>
concept descent_measure = requires(M measure, M const prepared, Transform const& t,
                                   parameter_gradient<Transform>& gradient, std::size_t factor) {
    { M::name } -> std::convertible_to<char const*>;
    measure.prepare(factor);
    { prepared.measure(t, gradient) } -> std::same_as<measured>;
};

/// How register_by_descent goes down.
/// Units: steps in pixels of each resolution: how far an iteration moves a typical point, linearly from begin to end
struct descent_options {
    std::vector<std::size_t> factors{4, 2, 1};  // of the resolutions, coarse to fine
    std::size_t iterations = 60;                // at each
    double step_begin = 0.5, step_end = 0.01;
    std::vector<double> start_angles{0.0};  // radians, about the fixed image's centre, on the moving image's centre
    double abandon = 1.5;                   // a start ends whose value is above this multiple of the best
    double min_overlap = 0.25;              // a start that ends below it has failed
    double rest = 1.0;                      // pixels; converged if the corners move less in the last iterations
    int threads = 0;
    progress on_progress = {};  // after each resolution; stopping leaves the best transform so far, not converged
};

namespace detail {

/// A descent_measure as local_metric: steps of a set length down its gradient.
template <affine_transform Transform, descent_measure<Transform> Measure>
class descent_metric {
public:
    using state = descent_state<Transform>;
    struct workspace {};
    static constexpr char const* name = Measure::name;
    static constexpr std::size_t least_side = 16;

    descent_metric(Measure& measure, image_shape const& fixed, descent_options const& options)
        : measure_(measure), shape_(fixed), options_(options) {}

    std::size_t resolution_count() const { return options_.factors.size(); }
    std::size_t factor(std::size_t r) const { return options_.factors[r]; }
    void prepare(std::size_t r) {
        factor_ = static_cast<double>(factor(r));
        measure_.prepare(factor(r));
    }
    workspace make_workspace() const { return {}; }

    void descend(state& s, std::size_t, workspace&) const {
        auto const reach = parameter_reach(s.transform, shape_.h, shape_.w);
        s.iterations = options_.iterations;
        s.informed = false;
        for (std::size_t i = 0; i < s.iterations; ++i) {
            if (10 * i <= 7 * s.iterations)
                s.middle = s.transform;
            parameter_gradient<Transform> gradient(s.transform);
            static_cast<void>(measure_.measure(s.transform, gradient));
            // The gradient by parameters that all move the image's points alike.
            auto g = gradient.values();
            double square = 0.0;
            for (std::size_t k = 0; k < g.size(); ++k) {
                g[k] /= reach[k];
                square += g[k] * g[k];
            }
            if (!(square > 0.0))
                break;
            s.informed = true;
            double const share = static_cast<double>(i) / static_cast<double>(s.iterations);
            double const length = options_.step_begin + share * (options_.step_end - options_.step_begin);
            for (std::size_t k = 0; k < g.size(); ++k)
                s.transform.parameters[k] -= factor_ * length * g[k] / (std::sqrt(square) * reach[k]);
        }
        parameter_gradient<Transform> unused(s.transform);
        measured const m = measure_.measure(s.transform, unused);
        s.value = m.value;
        s.overlap = m.overlap;
    }

    void compare(std::vector<state>&) const {}
    bool fits(state const& s) const { return std::isfinite(s.value) && s.overlap >= options_.min_overlap; }
    bool better(state const& a, state const& b) const {
        bool const a_fits = fits(a), b_fits = fits(b);
        return a_fits != b_fits ? a_fits : a.value < b.value;
    }
    bool gives_up(state const& s, std::vector<state> const& kept) const {
        return !kept.empty() && (fits(s) != fits(kept.front()) || s.value > options_.abandon * kept.front().value);
    }
    double same_distance() const { return factor_; }
    void end_resolution(std::size_t) {}
    /// A value alone does not tell how good it is.
    double confidence(state const&) const { return 0.0; }

private:
    Measure& measure_;
    image_shape shape_;
    descent_options const& options_;
    double factor_ = 1.0;
};

}  // namespace detail

/// Registers by a measure of the caller's own, which holds the images: descends from every start, from coarse to fine,
/// and drops starts on the way. Without `starts` they are rotations by start_angles. The result's value is the
/// measure's, its confidence 0, since a value alone does not tell.
/// Shapes:  fixed and moving are those of the full images
/// Errors:  error if there is no start, no resolution or a factor of 0; shape_error if the moving image is too small
///          for the last resolution; those of the measure
/// Threads: over starts; the same bits for any number of threads if the measure gives the same
template <class Transform, class Measure>
registration_result<Transform> register_by_descent(Measure& measure, image_shape const& fixed,
                                                   image_shape const& moving, descent_options const& options = {},
                                                   std::vector<Transform> const& starts = {}) {
    static_assert(descent_measure<Measure, Transform>,
                  "comir: register_by_descent needs a measure: a class with a name, prepare(factor) and "
                  "measure(transform, gradient) const, as comir/registration/local/register_by_descent.hpp says");
    if constexpr (descent_measure<Measure, Transform>) {
        auto const begin = std::chrono::steady_clock::now();
        require(!options.factors.empty() && std::ranges::count(options.factors, std::size_t{0}) == 0, Measure::name,
                ": there is no resolution, or one has the factor 0; expected factors such as 4, 2, 1");
        auto const all = detail::make_starts(Measure::name, fixed, moving, starts, options.start_angles, {});
        detail::descent_metric<Transform, Measure> metric(measure, fixed, options);
        auto result = register_at_resolutions<Transform>(
            metric, fixed, moving, all,
            {.rest = options.rest, .threads = options.threads, .on_progress = options.on_progress});
        result.seconds = detail::seconds_since(begin);
        return result;
    }
}

}}  // namespace comir::COMIR_ABI
