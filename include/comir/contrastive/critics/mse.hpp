#pragma once

#include <string_view>

#include <comir/contrastive/elementwise_critic.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: minus the mean squared difference. The default of the CoMIR paper's experiments.
/// Source: Pielawski et al. 2020, arXiv:2006.06325
struct mse_critic : elementwise_critic<mse_critic> {
    static constexpr std::string_view name = "mse";

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
    double similarity(double mean) const { return -mean; }
    double slope(double) const { return -1.0; }
};

}}  // namespace comir::COMIR_ABI
