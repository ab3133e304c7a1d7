#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Pearson's correlation of two series, -1 to 1; 0 where one does not vary. A mask takes in the places that are not 0.
/// Errors: shape_error if the lengths differ
inline double pearson(std::span<float const> a, std::span<float const> b, std::span<unsigned char const> mask = {}) {
    require<shape_error>(a.size() == b.size() && (mask.empty() || mask.size() == a.size()),
                         "comir::pearson: ", a.size(), " and ", b.size(), " values and a mask of ", mask.size(),
                         ", expected equal lengths or no mask");
    double n = 0.0, sum_a = 0.0, sum_b = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (mask.empty() || mask[i]) {
            n += 1.0;
            sum_a += static_cast<double>(a[i]);
            sum_b += static_cast<double>(b[i]);
        }
    double const mean_a = sum_a / n, mean_b = sum_b / n;
    double product = 0.0, square_a = 0.0, square_b = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (mask.empty() || mask[i]) {
            double const da = static_cast<double>(a[i]) - mean_a, db = static_cast<double>(b[i]) - mean_b;
            product += da * db;
            square_a += da * da;
            square_b += db * db;
        }
    return square_a > 0.0 && square_b > 0.0 ? product / std::sqrt(square_a * square_b) : 0.0;
}

}}  // namespace comir::COMIR_ABI
