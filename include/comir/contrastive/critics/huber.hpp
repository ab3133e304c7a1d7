#pragma once

#include <string_view>

#include <comir/contrastive/elementwise_critic.hpp>
#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: minus the mean of sqrt(1 + d^2) over the differences d, a smooth Huber loss (best possible value -1).
struct huber_critic : elementwise_critic<huber_critic> {
    static constexpr std::string_view name = "huber";

    template <class V>
    V value(V const& x, V const& y) const {
        V const d = x - y;
        return square_root(multiply_add(d, d, V(1)));
    }
    template <class V>
    V derivative(V const& x, V const& y) const {
        V const d = x - y;
        return d / square_root(multiply_add(d, d, V(1)));
    }
    double similarity(double mean) const { return -mean; }
    double slope(double) const { return -1.0; }
};

}}  // namespace comir::COMIR_ABI
