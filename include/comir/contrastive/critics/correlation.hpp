#pragma once

#include <string_view>

#include <comir/contrastive/elementwise_critic.hpp>
#include <comir/contrastive/normalised_critic.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: the mean product of the two representations' values. Unbounded: use it with activation decay.
/// The original averages over rows only and returns a vector, so its loss does not run with it.
struct correlation_critic : detail::product_term, elementwise_critic<correlation_critic> {
    static constexpr std::string_view name = "correlation";

    double similarity(double mean) const { return mean; }
    double slope(double) const { return 1.0; }
};

}}  // namespace comir::COMIR_ABI
