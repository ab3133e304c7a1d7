#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What adaptive stochastic gradient descent remembers: its time, and the gradient before; empty before the first step.
struct asgd_state {
    double time = 0.0;
    std::vector<double> gradient;
};

/// Adaptive stochastic gradient descent, for the few parameters of a transform: a step of a / (time + offset + 1)^alpha
/// times the gradient. Time runs on while gradients change their direction, and back while they agree, so that steps
/// shrink only where the descent no longer gets ahead.
/// Writes: step changes parameters and state. Where scales are given, parameter i moves by scales[i] times its step,
///         and gradients are compared with the scales as weights, which puts radians beside pixels
/// Errors: error for a setting out of range; shape_error if lengths differ
/// Source: Klein, Pluim, Staring and Viergever 2009, Adaptive stochastic gradient descent optimisation for image
///         registration, International Journal of Computer Vision 81(3), doi:10.1007/s11263-008-0168-y; time starts at
///         0, and offset (the paper's A) and alpha are those of elastix
struct asgd {
    double a = 1.0;
    double offset = 20.0;
    double alpha = 1.0;
    double sigmoid_min = -0.8;   // what time changes by at least, in (-1, 0): going back
    double sigmoid_max = 1.0;    // and at most
    double sigmoid_scale = 1.0;  // product of gradients that is neither small nor large

    /// The change of time for the product of the last two gradients.
    double time_step(double product) const {
        return sigmoid_min +
               (sigmoid_max - sigmoid_min) / (1.0 - sigmoid_max / sigmoid_min * std::exp(product / sigmoid_scale));
    }
    double step_size(double time) const { return a / std::pow(time + offset + 1.0, alpha); }

    void step(std::span<double> parameters, std::span<double const> gradient, asgd_state& state,
              std::span<double const> scales = {}) const {
        std::size_t const size = parameters.size();
        require(a >= 0.0 && offset >= 0.0 && alpha > 0.0 && sigmoid_min > -1.0 && sigmoid_min < 0.0 &&
                    sigmoid_max > 0.0 && sigmoid_scale > 0.0,
                "comir::asgd::step: a ", a, ", offset ", offset, ", alpha ", alpha, ", sigmoid_min ", sigmoid_min,
                ", sigmoid_max ", sigmoid_max, " and sigmoid_scale ", sigmoid_scale,
                " were given, expected sigmoid_min in (-1, 0), a and offset of 0 or above, the others above 0");
        require<shape_error>(gradient.size() == size, "comir::asgd::step: the gradient has ", gradient.size(),
                             " values, expected ", size, " as the parameters");
        require<shape_error>(scales.empty() || scales.size() == size, "comir::asgd::step: there are ", scales.size(),
                             " scales, expected none or ", size);
        require<shape_error>(state.gradient.empty() || state.gradient.size() == size,
                             "comir::asgd::step: the state is of ", state.gradient.size(), " parameters, expected ",
                             size, "; start another descent with an empty state");
        auto const scale = [&scales](std::size_t i) { return scales.empty() ? 1.0 : scales[i]; };
        if (state.gradient.empty()) {
            state.gradient.assign(size, 0.0);
        } else {
            double product = 0.0;
            for (std::size_t i = 0; i < size; ++i)
                product += scale(i) * gradient[i] * state.gradient[i];
            state.time = std::fmax(0.0, state.time + time_step(product));
        }
        double const rate = step_size(state.time);
        for (std::size_t i = 0; i < size; ++i) {
            parameters[i] -= rate * scale(i) * gradient[i];
            state.gradient[i] = gradient[i];
        }
    }
};

/// How far parameters move points: J is a point's Jacobian by the scaled parameters, C the mean of J^T J over the
/// image, |M| is tr M plus 2 sqrt(2) times the Frobenius norm of M.
struct asgd_reach {
    double trace_c = 0.0;      // tr C
    double trace_cc = 0.0;     // tr C C
    double largest_j = 0.0;    // the largest |J J^T| of the image
    double largest_jcj = 0.0;  // the largest |J C J^T|
};

/// Settings with which no point is likely to move by more than max_step in the first steps, from the gradient's
/// expected square and that of its error, in scaled parameters.
/// Errors: error if max_step, a square or a term of the reach is negative or not finite
/// Source: Klein et al. 2009, sections 3.2 and 3.3; the range of the time steps, which follows the noise, is elastix's
inline asgd make_asgd(asgd_reach const& reach, double gradient_square, double error_square, double max_step) {
    auto const valid = [](double v) { return v >= 0.0 && std::isfinite(v); };
    require(valid(reach.trace_c) && valid(reach.trace_cc) && valid(reach.largest_jcj) && valid(gradient_square) &&
                valid(error_square) && valid(max_step),
            "comir::make_asgd: trace_c ", reach.trace_c, ", trace_cc ", reach.trace_cc, ", largest_jcj ",
            reach.largest_jcj, ", gradient_square ", gradient_square, ", error_square ", error_square, " and max_step ",
            max_step, " were given, expected finite numbers that are not negative");
    asgd settings;
    settings.a = 0.0;
    double const signal = gradient_square / reach.trace_c, noise = error_square / reach.trace_c;
    if (!(signal > 0.0 && reach.largest_jcj > 0.0))
        return settings;
    double const share = signal / (signal + noise);
    settings.a =
        share * max_step * std::pow(settings.offset + 1.0, settings.alpha) / std::sqrt(signal * reach.largest_jcj);
    settings.sigmoid_min = -0.99 + 0.98 * share;
    double const scale = 0.1 * noise * std::sqrt(reach.trace_cc);
    settings.sigmoid_scale = scale > 0.0 ? scale : 1e-8 * gradient_square;
    return settings;
}

}}  // namespace comir::COMIR_ABI
