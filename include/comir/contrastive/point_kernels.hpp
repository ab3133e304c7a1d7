#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/contrastive/critic.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd_tail.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// -1, 0 or 1, lane by lane.
template <class V>
V sign(V const& v) {
    return where_positive(v, V(1), where_positive(-v, V(-1), V(0)));
}

/// Points of a tile of pairs: the accumulators, one row of loads and the terms in flight stay in registers.
inline constexpr std::size_t tile_rows = simd_registers >= 32 ? 4 : 2;
inline constexpr std::size_t tile_columns = 4;

/// sums[r][c] = sum over k of term.value(x[r][k], y[c][k]).
template <class Term, scalar T>
void tile_sums(Term const& term, T const* const (&x)[tile_rows], T const* const (&y)[tile_columns], std::size_t count,
               double (&sums)[tile_rows][tile_columns]) {
    // Lanes add few enough values to keep float's rounding near one unit; blocks are added in double.
    constexpr std::size_t width = simd_width<T>, block = 64 * width;
    for (auto& row : sums)
        std::fill_n(row, tile_columns, 0.0);
    for (std::size_t begin = 0; begin < count; begin += block) {
        std::size_t const end = std::min(count, begin + block);
        simd<T> total[tile_rows][tile_columns];
        for (auto& row : total)
            std::fill_n(row, tile_columns, broadcast<T>(T{0}));
        std::size_t k = begin;
        for (; k + width <= end; k += width) {
            simd<T> b[tile_columns];
            for (std::size_t c = 0; c < tile_columns; ++c)
                b[c] = load<T>(y[c] + k);
            for (std::size_t r = 0; r < tile_rows; ++r) {
                simd<T> const a = load<T>(x[r] + k);
                for (std::size_t c = 0; c < tile_columns; ++c)
                    total[r][c] += term.value(a, b[c]);
            }
        }
        if (k < end)
            for (std::size_t r = 0; r < tile_rows; ++r)
                for (std::size_t c = 0; c < tile_columns; ++c)
                    total[r][c] += keep_first<T>(
                        term.value(load_first<T>(x[r] + k, end - k), load_first<T>(y[c] + k, end - k)), end - k);
        for (std::size_t r = 0; r < tile_rows; ++r)
            for (std::size_t c = 0; c < tile_columns; ++c)
                sums[r][c] += static_cast<double>(sum(total[r][c]));
    }
}

/// s(i, j) = mean over the columns of term.value(x_i, x_j), for all i and j; the term is symmetric.
template <class Term, scalar T>
void pair_means(Term const& term, point_matrix<T const> points, square_view<double> s, int threads) {
    std::size_t const rows = points.rows(), columns = points.columns();
    std::size_t const across = (rows + tile_columns - 1) / tile_columns, down = (rows + tile_rows - 1) / tile_rows;
    parallel_for(across * down, threads, [&](std::size_t item) {
        std::size_t const i0 = item / across * tile_rows, j0 = item % across * tile_columns;
        if (j0 + tile_columns <= i0)
            return;  // wholly below the diagonal
        T const* x[tile_rows];
        T const* y[tile_columns];
        for (std::size_t r = 0; r < tile_rows; ++r)
            x[r] = points.row(std::min(i0 + r, rows - 1));
        for (std::size_t c = 0; c < tile_columns; ++c)
            y[c] = points.row(std::min(j0 + c, rows - 1));
        double sums[tile_rows][tile_columns];
        tile_sums(term, x, y, columns, sums);
        for (std::size_t r = 0; r < tile_rows; ++r)
            for (std::size_t c = 0; c < tile_columns; ++c)
                if (std::size_t const i = i0 + r, j = j0 + c; i <= j && j < rows)
                    s(i, j) = s(j, i) = sums[r][c] / static_cast<double>(columns);
    });
}

/// Points whose terms are added at a time: they stay in a first or second cache while others pass, and their weights
/// are rounded to T once for all columns.
inline constexpr std::size_t term_chunk = 32;

/// add_weighted for Rows points from i on, `count` others from j on, and Vectors vectors of columns from k on.
template <std::size_t Rows, std::size_t Vectors, class Term, scalar T>
void add_weighted_block(Term const& term, point_matrix<T const> const& points,
                        T const (&weights)[tile_rows][term_chunk], point_matrix<T> const& dpoints, std::size_t i,
                        std::size_t j, std::size_t count, std::size_t k) {
    constexpr std::size_t width = simd_width<T>;
    simd<T> x[Rows][Vectors], total[Rows][Vectors];
    for (std::size_t r = 0; r < Rows; ++r)
        for (std::size_t v = 0; v < Vectors; ++v) {
            x[r][v] = load<T>(points.row(i + r) + k + v * width);
            total[r][v] = load<T>(dpoints.row(i + r) + k + v * width);
        }
    for (std::size_t n = 0; n < count; ++n) {
        simd<T> y[Vectors];
        for (std::size_t v = 0; v < Vectors; ++v)
            y[v] = load<T>(points.row(j + n) + k + v * width);
        for (std::size_t r = 0; r < Rows; ++r) {
            simd<T> const weight = broadcast<T>(weights[r][n]);
            for (std::size_t v = 0; v < Vectors; ++v)
                total[r][v] = multiply_add(weight, term.derivative(x[r][v], y[v]), total[r][v]);
        }
    }
    for (std::size_t r = 0; r < Rows; ++r)
        for (std::size_t v = 0; v < Vectors; ++v)
            store<T>(dpoints.row(i + r) + k + v * width, total[r][v]);
}

/// dx_i += sum over all j, i included, of weights(i, j) * term.derivative(x_i, x_j), the derivative by its first value.
template <class Term, scalar T>
void add_weighted(Term const& term, point_matrix<T const> points, square_view<double const> weights,
                  point_matrix<T> dpoints, int threads) {
    constexpr std::size_t width = simd_width<T>, vectors = 2, block = 256, group = 32;
    std::size_t const rows = points.rows(), columns = points.columns();
    std::size_t const across = (columns + block - 1) / block, down = (rows + group - 1) / group;
    parallel_for(across * down, threads, [&](std::size_t item) {
        std::size_t const begin = item / down * block, end = std::min(columns, begin + block);
        std::size_t const last = std::min(rows, (item % down + 1) * group);
        std::size_t const whole = begin + (end - begin) / (vectors * width) * (vectors * width);
        for (std::size_t j = 0; j < rows; j += term_chunk) {
            std::size_t const count = std::min(term_chunk, rows - j);
            for (std::size_t i = item % down * group, side; i < last; i += side) {
                side = i + tile_rows <= last ? tile_rows : 1;
                T rounded[tile_rows][term_chunk];
                for (std::size_t r = 0; r < side; ++r)
                    for (std::size_t n = 0; n < count; ++n)
                        rounded[r][n] = static_cast<T>(weights(i + r, j + n));
                for (std::size_t k = begin; k < whole; k += vectors * width)
                    if (side == tile_rows)
                        add_weighted_block<tile_rows, vectors>(term, points, rounded, dpoints, i, j, count, k);
                    else
                        add_weighted_block<1, vectors>(term, points, rounded, dpoints, i, j, count, k);
                for (std::size_t r = 0; r < side; ++r)
                    for (std::size_t k = whole; k < end; k += width) {
                        simd<T> const x = load_first<T>(points.row(i + r) + k, end - k);
                        simd<T> total = load_first<T>(dpoints.row(i + r) + k, end - k);
                        for (std::size_t n = 0; n < count; ++n)
                            total =
                                multiply_add(broadcast<T>(rounded[r][n]),
                                             term.derivative(x, load_first<T>(points.row(j + n) + k, end - k)), total);
                        store_first<T>(dpoints.row(i + r) + k, total, end - k);
                    }
            }
        }
    });
}

}}}  // namespace comir::COMIR_ABI::detail
