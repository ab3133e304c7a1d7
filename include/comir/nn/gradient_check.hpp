#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <comir/core/abi.hpp>
#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Settings of gradient_check.
struct gradient_check_options {
    /// Step of the central difference, relative to max(1, |x_i|); near the cube root of double's epsilon.
    double step = 1e-5;
    /// Largest relative error that passes.
    double tolerance = 1e-6;
    /// Errors are relative to the larger of the two derivatives, but to no less than this share of the largest one,
    /// since the rounding of f is as large for small derivatives as for large ones.
    double floor = 1e-2;
    /// Checks values 0, every, 2 every, ...: large networks need not check all.
    std::size_t every = 1;
};

/// How well a gradient agrees with its function.
struct gradient_check_result {
    double max_relative_error = 0;  // 0 or above
    std::size_t index = 0;          // of the value with the largest error
    double analytic = 0;            // its derivative as given
    double numeric = 0;             // and by differences
    bool passed = false;            // whether the largest error is within the tolerance
};

/// Compares a gradient with central differences (f(x + h) - f(x - h)) / 2h, one value of x at a time.
/// f takes std::span<double const> and returns a double; a layer becomes one by a fixed weighted sum of its outputs.
/// A derivative that is not a number counts as an infinite error.
/// Errors: shape_error if x and the gradient differ in length; error for a step or stride of 0
template <class F>
gradient_check_result gradient_check(F&& f, std::span<double const> x, std::span<double const> gradient,
                                     gradient_check_options const& options = {}) {
    require<shape_error>(x.size() == gradient.size(), "comir::gradient_check: the gradient has ", gradient.size(),
                         " values, expected ", x.size(), " as x");
    require(options.step > 0 && options.every > 0,
            "comir::gradient_check: step and every must be above 0; leave them at their defaults");
    std::vector<double> point(x.begin(), x.end()), numeric;
    numeric.reserve(x.size() / options.every + 1);
    double largest = 0;
    for (std::size_t i = 0; i < x.size(); i += options.every) {
        double const h = options.step * std::max(1.0, std::abs(x[i]));
        // The steps that were really taken, after rounding.
        double const above = x[i] + h, below = x[i] - h;
        point[i] = above;
        double const f_above = f(std::span<double const>(point));
        point[i] = below;
        double const f_below = f(std::span<double const>(point));
        point[i] = x[i];
        numeric.push_back((f_above - f_below) / (above - below));
        largest = std::max({largest, std::abs(numeric.back()), std::abs(gradient[i])});
    }
    gradient_check_result result;
    for (std::size_t k = 0; k < numeric.size(); ++k) {
        double const a = gradient[k * options.every], n = numeric[k];
        double const scale = std::max({std::abs(a), std::abs(n), options.floor * largest});
        double error = a == n ? 0.0 : std::abs(a - n) / scale;
        if (!std::isfinite(a) || !std::isfinite(n) || std::isnan(error))
            error = std::numeric_limits<double>::infinity();
        if (k == 0 || error > result.max_relative_error)
            result = {error, k * options.every, a, n, false};
    }
    result.passed = result.max_relative_error <= options.tolerance;
    return result;
}

}}  // namespace comir::COMIR_ABI
