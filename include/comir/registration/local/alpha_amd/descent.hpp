#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <comir/registration/local/descent_state.hpp>
#include <comir/registration/metrics/alpha_amd/measure.hpp>
#include <comir/registration/metrics/alpha_amd/options.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The direction of the next step: the gradient's running mean, its size divided out. A gradient's size says how steep
/// the image is there, not how far it is to go.
template <std::size_t Parameters>
class amd_direction {
public:
    explicit amd_direction(alpha_amd_options const& options)
        : adam_(options.optimizer == amd_optimizer::adam), momentum_(options.momentum) {}

    /// The gradient by parameters that all move the image's points alike; a direction of about unit length.
    std::array<double, Parameters> next(std::array<double, Parameters> const& gradient) {
        double square = 0.0;
        for (double const g : gradient)
            square += g * g;
        ++steps_;
        weight_ = size_memory * weight_ + (1.0 - size_memory);
        std::array<double, Parameters> direction{};
        for (std::size_t k = 0; k < Parameters; ++k) {
            // Adam divides each parameter's gradient by its own size, plain momentum all by the common one.
            double const own = adam_ ? gradient[k] * gradient[k] : square;
            size_[k] = size_memory * size_[k] + (1.0 - size_memory) * own;
            mean_[k] = momentum_ * mean_[k] + (1.0 - momentum_) * gradient[k];
            direction[k] = size_[k] > 0.0 ? mean_[k] / std::sqrt(size_[k] / weight_) : 0.0;
            if (adam_)
                direction[k] /= 1.0 - std::pow(momentum_, steps_);
        }
        return direction;
    }

private:
    static constexpr double size_memory = 0.99;
    bool adam_;
    double momentum_, weight_ = 0.0;
    int steps_ = 0;
    std::array<double, Parameters> size_{}, mean_{};
};

/// Tells when a descent makes no progress: the mean parameters of a run of iterations are less than a step from the
/// former's.
template <std::size_t Parameters>
class amd_rest {
public:
    explicit amd_rest(std::size_t run) : run_(run) {}

    bool reached(std::array<double, Parameters> const& parameters, std::array<double, Parameters> const& reach,
                 double length) {
        for (std::size_t k = 0; k < Parameters; ++k)
            now_[k] += parameters[k] * reach[k] / static_cast<double>(run_);
        if (++count_ % run_ != 0)
            return false;
        double square = 0.0;
        for (std::size_t k = 0; k < Parameters; ++k)
            square += (now_[k] - before_[k]) * (now_[k] - before_[k]);
        before_ = now_;
        now_ = {};
        return count_ > run_ && square < length * length;
    }

    /// The mean parameters of the last whole run.
    std::array<double, Parameters> mean(std::array<double, Parameters> const& reach) const {
        std::array<double, Parameters> p = before_;
        for (std::size_t k = 0; k < Parameters; ++k)
            p[k] /= reach[k];
        return p;
    }

private:
    std::size_t run_, count_ = 0;
    std::array<double, Parameters> now_{}, before_{};
};

/// Stochastic gradient descent at one resolution, the result being the mean of the last 30 % of the iterations; a
/// descent that makes no progress goes on with these at once. The step length is set, parameters are scaled by their
/// reach.
template <affine_transform Transform>
void descend_amd(descent_state<Transform>& start, alpha_cut_maps const& fixed, alpha_cut_maps const& moving,
                 alpha_amd_step const& step, alpha_amd_options const& options,
                 std::array<double, Transform::parameter_count> const& reach, std::size_t first_sample) {
    constexpr std::size_t parameters = Transform::parameter_count;
    amd_direction<parameters> direction(options);
    amd_rest<parameters> rest(std::max<std::size_t>(10, step.iterations / 10));
    std::array<double, parameters> early{}, late{};
    std::size_t early_count = 0, late_count = 0, done = 0;
    start.informed = false;
    Transform& t = start.transform;
    for (std::size_t i = 0; i < step.iterations; ++i, ++done) {
        point_sample const sample{first_sample + done * step.samples, step.samples};
        auto const e = evaluate_amd(fixed, sample, moving, sample, t, options.symmetric);
        std::array<double, parameters> g{};
        for (std::size_t k = 0; k < parameters; ++k) {
            g[k] = e.gradient[k] / reach[k];
            start.informed = start.informed || g[k] != 0.0;
        }
        double const share = static_cast<double>(i) / static_cast<double>(step.iterations);
        double const length = step.step_begin + share * (step.step_end - step.step_begin);
        auto const move = direction.next(g);
        for (std::size_t k = 0; k < parameters; ++k)
            t.parameters[k] -= length * move[k] / reach[k];
        bool const is_late = 10 * i >= 7 * step.iterations, is_early = !is_late && 10 * i >= 4 * step.iterations;
        early_count += is_early;
        late_count += is_late;
        for (std::size_t k = 0; k < parameters; ++k) {
            early[k] += is_early ? t.parameters[k] : 0.0;
            late[k] += is_late ? t.parameters[k] : 0.0;
        }
        if (options.stop_at_rest && !is_late && rest.reached(t.parameters, reach, length)) {
            i = 7 * step.iterations / 10;
            early = rest.mean(reach);
            early_count = 1;
        }
    }
    if (late_count > 0)
        for (std::size_t k = 0; k < parameters; ++k)
            t.parameters[k] = late[k] / static_cast<double>(late_count);
    start.middle = t;
    if (early_count > 0)
        for (std::size_t k = 0; k < parameters; ++k)
            start.middle.parameters[k] = early[k] / static_cast<double>(early_count);
    start.iterations = done;
}

}}}  // namespace comir::COMIR_ABI::detail
