#pragma once

#include <string_view>

#include <comir/contrastive/elementwise_critic.hpp>
#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: the mean of softplus(x y), log(1 + exp(x y)), over the two representations' values.
/// The original averages over rows only and returns a vector, so its loss does not run with it.
struct soft_correlation_critic : elementwise_critic<soft_correlation_critic> {
    static constexpr std::string_view name = "soft_correlation";

    template <class V>
    V value(V const& x, V const& y) const {
        V const z = x * y, one(1), e = exponential(-absolute(z)), f = one + e;
        // log(1 + e), corrected by the part of e that the addition rounds away.
        V const log_f = where_positive(f - one, logarithm(f) * e / maximum(f - one, V(smallest<V>)), e);
        return maximum(z, V(0)) + log_f;
    }
    template <class V>
    V derivative(V const& x, V const& y) const {
        V const z = x * y, one(1), e = exponential(-absolute(z));
        return where_positive(z, y, y * e) / (one + e);
    }
    double similarity(double mean) const { return mean; }
    double slope(double) const { return 1.0; }

private:
    template <class V>
    static constexpr typename V::value_type smallest = static_cast<typename V::value_type>(1e-30);
};

}}  // namespace comir::COMIR_ABI
