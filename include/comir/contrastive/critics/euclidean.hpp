#pragma once

#include <cmath>
#include <string_view>

#include <comir/contrastive/elementwise_critic.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: minus the root of the mean squared difference. Equal representations have zero gradient.
/// The original's "norm of the difference" runs along rows only: that is rowwise_euclidean_critic.
struct euclidean_critic : elementwise_critic<euclidean_critic> {
    static constexpr std::string_view name = "euclidean";

    template <class V>
    V value(V const& x, V const& y) const {
        V const d = x - y;
        return d * d;
    }
    template <class V>
    V derivative(V const& x, V const& y) const {
        V const d = x - y;
        return d + d;
    }
    double similarity(double mean) const { return -std::sqrt(mean); }
    double slope(double similarity) const { return similarity == 0.0 ? 0.0 : 0.5 / similarity; }
};

}}  // namespace comir::COMIR_ABI
