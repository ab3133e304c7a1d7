#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A symmetric matrix that is zero further than `band` from its diagonal.
struct banded_matrix {
    std::size_t size = 0, band = 0;
    std::vector<double> values;  // row i holds (i, i) to (i, i + band)

    banded_matrix() = default;
    banded_matrix(std::size_t rows, std::size_t width)
        : size(rows), band(std::min(width, rows > 0 ? rows - 1 : 0)), values(rows * (band + 1)) {}

    /// Element (i, j) with i <= j <= i + band.
    double& operator()(std::size_t i, std::size_t j) { return values[i * (band + 1) + (j - i)]; }
    double operator()(std::size_t i, std::size_t j) const { return values[i * (band + 1) + (j - i)]; }
};

/// Replaces b by the solution x of a x = b, and a by its factor. For matrices whose eigenvalues are all above 0.
/// Errors: error if they are not
inline void solve_in_place(banded_matrix& a, std::span<double> b) {
    std::size_t const n = a.size, row = a.band + 1;
    for (std::size_t k = 0; k < n; ++k) {
        double* const pivot = a.values.data() + k * row;
        require(pivot[0] > 0.0,
                "comir::solve_in_place: the matrix has an eigenvalue of 0 or less, expected positive ones");
        std::size_t const reach = std::min(a.band, n - 1 - k);
        for (std::size_t i = 1; i <= reach; ++i) {
            double const factor = pivot[i] / pivot[0];
            if (factor == 0.0)
                continue;
            double* const to = a.values.data() + (k + i) * row;
            for (std::size_t j = i; j <= reach; ++j)
                to[j - i] -= factor * pivot[j];
            b[k + i] -= factor * b[k];
        }
    }
    for (std::size_t k = n; k-- > 0;) {
        double const* const pivot = a.values.data() + k * row;
        double rest = b[k];
        for (std::size_t i = 1; i <= std::min(a.band, n - 1 - k); ++i)
            rest -= pivot[i] * b[k + i];
        b[k] = rest / pivot[0];
    }
}

}}  // namespace comir::COMIR_ABI
