#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The probability, 0 to 1, whose logarithm of the odds is given.
inline double logistic(double log_odds) {
    return 1.0 / (1.0 + std::exp(-log_odds));
}

/// Weights that turn N numbers of evidence into a confidence: the probability that a registration with such evidence is
/// right, by a logistic regression.
/// To refit them: register image pairs whose true transform is known, and as many pairs that show different scenes,
/// which are never right; print the evidence of each and whether its corners lie within the stated share of the width;
/// regress the second on the first. Judge pairs by weights fitted without the scene they show.
template <std::size_t N>
struct logistic_weights {
    double offset = 0.0;
    std::array<double, N> by{};

    double log_odds(std::array<double, N> const& evidence) const {
        double sum = offset;
        for (std::size_t i = 0; i < N; ++i)
            sum += by[i] * evidence[i];
        return sum;
    }
    double confidence(std::array<double, N> const& evidence) const { return logistic(log_odds(evidence)); }
};

}}  // namespace comir::COMIR_ABI
