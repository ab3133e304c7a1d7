#pragma once

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>

#include <comir/core/error.hpp>
#include <comir/core/linalg/square_matrix.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The lower triangle L with L L^T = a, of a symmetric matrix whose eigenvalues are all above 0.
/// Errors: error if they are not
inline square_matrix cholesky(square_matrix const& a) {
    square_matrix l(a.size);
    for (std::size_t i = 0; i < a.size; ++i)
        for (std::size_t j = 0; j <= i; ++j) {
            auto const before = l.row(i).first(j);
            double const rest = a(i, j) - std::inner_product(before.begin(), before.end(), l.row(j).begin(), 0.0);
            require(i != j || rest > 0,
                    "comir::cholesky: the matrix has an eigenvalue of 0 or less, expected positive ones");
            l(i, j) = i == j ? std::sqrt(rest) : rest / l(j, j);
        }
    return l;
}

/// Replaces b by the solution of L x = b, L a lower triangle.
inline void solve_lower(square_matrix const& l, std::span<double> b) {
    for (std::size_t i = 0; i < b.size(); ++i) {
        auto const done = b.first(i);
        b[i] = (b[i] - std::inner_product(done.begin(), done.end(), l.row(i).begin(), 0.0)) / l(i, i);
    }
}

/// Replaces b by the solution of L^T x = b.
inline void solve_lower_transposed(square_matrix const& l, std::span<double> b) {
    for (std::size_t i = b.size(); i-- > 0;) {
        b[i] /= l(i, i);
        for (std::size_t j = 0; j < i; ++j)
            b[j] -= l(i, j) * b[i];
    }
}

}}  // namespace comir::COMIR_ABI
