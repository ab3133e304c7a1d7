#pragma once

#include <cmath>
#include <numbers>
#include <string_view>

#include <comir/contrastive/normalised_critic.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Critic: 1 - angle / pi between the representations as vectors, in [0, 1].
/// Parallel and opposite representations (within 1e-7 radians) have zero gradient. In float, angles below about 5e-4
/// radians are noise, since the cosine is flat there.
/// The original returns angle / pi, a distance: minimising InfoNCE with it drives positives apart; this is 1 - it.
struct angular_critic : normalised_critic<angular_critic> {
    static constexpr std::string_view name = "angular";

    double similarity(double cosine) const { return 1.0 - std::acos(cosine) / std::numbers::pi; }
    double cosine(double similarity) const { return std::cos(std::numbers::pi * (1.0 - similarity)); }
    double slope(double similarity) const {
        double const sine = std::sin(std::numbers::pi * (1.0 - similarity));
        return sine < 1e-7 ? 0.0 : 1.0 / (std::numbers::pi * sine);
    }
};

}}  // namespace comir::COMIR_ABI
