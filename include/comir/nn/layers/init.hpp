#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <comir/core/concepts.hpp>
#include <comir/core/error.hpp>
#include <comir/core/random.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Fills a convolution's weights, or its biases, uniformly from +-1 / sqrt(fan_in); fan_in = Ci * K * K for both.
/// These are PyTorch's defaults for Conv2d: its Kaiming bound gain * sqrt(3 / fan_in), gain^2 = 2 / (1 + a^2), with
/// the leak a = sqrt(5) is 1 / sqrt(fan_in). A tensor or a layer draws from a stream of its own, so that adding one
/// changes no other.
/// Errors:  error for a fan_in of 0
/// Source:  He et al. 2015, arXiv:1502.01852, section 2.2
template <scalar T>
void init_uniform(std::span<T> values, std::size_t fan_in, random_stream& random) {
    require(fan_in > 0, "comir::init_uniform: fan_in is 0, expected input channels * kernel height * kernel width");
    double const bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
    for (T& value : values)
        value = static_cast<T>(random.uniform(-bound, bound));
}

}}  // namespace comir::COMIR_ABI
