#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

// A schedule gives a setting, such as a learning rate, for step 0 <= step < steps. Its final value belongs to
// step == steps, so that the last step still moves; later steps keep it.

/// The same value at every step.
struct constant_schedule {
    double value = 0;

    double operator()(std::size_t, std::size_t) const { return value; }
};

/// A straight line from one value to another.
struct linear_schedule {
    double from = 0, to = 0;

    double operator()(std::size_t step, std::size_t steps) const {
        double const done = steps == 0 ? 1.0 : static_cast<double>(std::min(step, steps)) / static_cast<double>(steps);
        return from + (to - from) * done;
    }
};

/// Half a cosine wave from peak down to floor, after a linear rise to peak over the first warm_up steps.
/// The rise starts at peak / warm_up, not at 0, so that the first step moves.
/// Source: Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5, without restarts
struct cosine_schedule {
    double peak = 0, floor = 0;
    std::size_t warm_up = 0;

    double operator()(std::size_t step, std::size_t steps) const {
        if (step < warm_up)
            return peak * static_cast<double>(step + 1) / static_cast<double>(warm_up);
        double const done =
            step >= steps ? 1.0 : static_cast<double>(step - warm_up) / static_cast<double>(steps - warm_up);
        return floor + (peak - floor) * 0.5 * (1 + std::cos(std::numbers::pi * done));
    }
};

}}  // namespace comir::COMIR_ABI
