#pragma once

#include <string_view>

#include <comir/contrastive/normalised_critic.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: the cosine of the angle between the representations as vectors, in [-1, 1].
/// A representation with a norm below 1e-8 has cosine 0 with all others and no gradient.
/// The original's cosine runs along rows only: that is rowwise_cosine_critic.
struct cosine_critic : normalised_critic<cosine_critic> {
    static constexpr std::string_view name = "cosine";

    double similarity(double cosine) const { return cosine; }
    double cosine(double similarity) const { return similarity; }
    double slope(double) const { return 1.0; }
};

}}  // namespace comir::COMIR_ABI
