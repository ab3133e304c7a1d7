#pragma once

#include <string_view>

#include <comir/contrastive/elementwise_critic.hpp>
#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: minus the mean absolute difference. Equal values have zero gradient.
struct l1_critic : elementwise_critic<l1_critic> {
    static constexpr std::string_view name = "l1";

    template <class V>
    V value(V const& x, V const& y) const {
        return absolute(x - y);
    }
    template <class V>
    V derivative(V const& x, V const& y) const {
        return detail::sign(x - y);
    }
    double similarity(double mean) const { return -mean; }
    double slope(double) const { return -1.0; }
};

}}  // namespace comir::COMIR_ABI
