#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include <comir/core/linalg/square_matrix.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The unit eigenvectors of a symmetric matrix, one a row, largest eigenvalue first.
struct eigen_system {
    std::vector<double> values;
    square_matrix vectors;
};

/// Of a symmetric matrix of finite values, by Jacobi's rotations. Our own, since the packaged solvers (Eigen's) cost
/// every file that trains or converts seconds of compiling, for matrices of some dozen rows.
/// Source: Golub and Van Loan, Matrix Computations, 4th edition, 8.5 (cyclic Jacobi)
inline eigen_system symmetric_eigen(square_matrix a) {
    constexpr int most_sweeps = 60;  // ten or so suffice
    std::size_t const n = a.size;
    square_matrix v(n);
    for (std::size_t i = 0; i < n; ++i)
        v(i, i) = 1;
    // Rows have a step of 1, columns of n.
    auto const turn = [n](double* x, double* y, std::size_t step, double c, double s) {
        for (std::size_t k = 0; k < n * step; k += step) {
            double const old = x[k];
            x[k] = c * old - s * y[k];
            y[k] = s * old + c * y[k];
        }
    };
    auto const off_diagonal = [&a, n] {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j)
                sum += i == j ? 0 : a(i, j) * a(i, j);
        return sum;
    };
    double const enough = 1e-30 * std::inner_product(a.values.begin(), a.values.end(), a.values.begin(), 0.0);
    for (int sweep = 0; sweep < most_sweeps && off_diagonal() > enough; ++sweep)
        for (std::size_t p = 0; p + 1 < n; ++p)
            for (std::size_t q = p + 1; q < n; ++q) {
                if (a(p, q) == 0)
                    continue;
                double const half = (a(q, q) - a(p, p)) / (2 * a(p, q));
                double const t = (half < 0 ? -1 : 1) / (std::abs(half) + std::hypot(half, 1.0));
                double const c = 1 / std::hypot(t, 1.0), s = t * c;
                turn(&a(p, 0), &a(q, 0), 1, c, s);
                turn(&a(0, p), &a(0, q), n, c, s);
                a(p, q) = a(q, p) = 0;
                turn(&v(p, 0), &v(q, 0), 1, c, s);
            }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&a](std::size_t i, std::size_t j) { return a(i, i) > a(j, j); });
    eigen_system result{{}, square_matrix(n)};
    for (std::size_t i = 0; i < n; ++i) {
        result.values.push_back(a(order[i], order[i]));
        std::ranges::copy(v.row(order[i]), result.vectors.row(i).begin());
    }
    return result;
}

}}  // namespace comir::COMIR_ABI
