#pragma once

#include <cmath>
#include <string_view>

#include <comir/contrastive/elementwise_critic.hpp>
#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: minus the cube root of the mean cubed absolute difference. Equal representations have zero gradient.
/// The original's norm runs along rows only: that is rowwise_l3_critic.
struct l3_critic : elementwise_critic<l3_critic> {
    static constexpr std::string_view name = "l3";

    template <class V>
    V value(V const& x, V const& y) const {
        V const d = x - y;
        return d * d * absolute(d);
    }
    template <class V>
    V derivative(V const& x, V const& y) const {
        V const d = x - y;
        return V(3) * d * absolute(d);
    }
    double similarity(double mean) const { return -std::cbrt(mean); }
    double slope(double similarity) const { return similarity == 0.0 ? 0.0 : -1.0 / (3.0 * similarity * similarity); }
};

}}  // namespace comir::COMIR_ABI
