#pragma once

#include <cstddef>

#include <comir/nn/conv_kernel.hpp>

namespace comir::inline COMIR_ABI::detail {

// Gradient of a convolution by its weights. Sums of a tile stay in registers, a vector of partial sums for each weight
// of a block; lanes are added up for a whole block at once, and the results lie in the order of the blocks.

/// Calls body.operator()<CoBlock, CiBlock>(o, i) for blocks of channels that cover all of them, o and i the first ones.
template <std::size_t K, class Body>
void for_weight_blocks(std::size_t co, std::size_t ci, Body&& body) {
    // 24 accumulators where there are 32 registers, 12 where there are 16.
    constexpr std::size_t co_block = simd_registers >= 32 ? 4 : 2, ci_block = 6 / K;
    auto const sweep = [&]<std::size_t CiBlock>(std::size_t i) {
        std::size_t o = 0;
        for (; o + co_block <= co; o += co_block)
            body.template operator()<co_block, CiBlock>(o, i);
        for (; o < co; ++o)
            body.template operator()<1, CiBlock>(o, i);
    };
    std::size_t i = 0;
    for (; i + ci_block <= ci; i += ci_block)
        sweep.template operator()<ci_block>(i);
    for (; i < ci; ++i)
        sweep.template operator()<1>(i);
}

/// CoBlock x CiBlock weights (all K taps of one row): sums over the tile of dy times the shifted x, added to `sums`.
template <scalar T, std::size_t K, std::size_t CoBlock, std::size_t CiBlock>
void weight_gradient_block(plane<T const> const& x, plane<T const> const& dy, std::size_t rows, std::size_t columns,
                           T* sums) {
    constexpr std::size_t width = simd_width<T>, count = CoBlock * CiBlock * K, whole = round_up(count, width);
    simd<T> acc[whole];
#pragma GCC unroll 64
    for (std::size_t i = 0; i < whole; ++i)
        acc[i] = broadcast<T>(T(0));
    for (std::size_t r = 0; r < rows; ++r) {
        T const* const x_row = x.row(0, r);
        T const* const dy_row = dy.row(0, r);
        for (std::size_t column = 0; column < columns; column += width) {
            simd<T> gradient[CoBlock];
#pragma GCC unroll 16
            for (std::size_t o = 0; o < CoBlock; ++o)
                gradient[o] = load<T>(dy_row + o * dy.channel_stride + column);
#pragma GCC unroll 16
            for (std::size_t i = 0; i < CiBlock; ++i)
#pragma GCC unroll 4
                for (std::size_t kx = 0; kx < K; ++kx) {
                    simd<T> const pixels = load<T>(x_row + i * x.channel_stride + column + kx);
#pragma GCC unroll 16
                    for (std::size_t o = 0; o < CoBlock; ++o) {
                        simd<T>& to = acc[(o * CiBlock + i) * K + kx];
                        to = multiply_add(gradient[o], pixels, to);
                    }
                }
        }
    }
#pragma GCC unroll 16
    for (std::size_t first = 0; first < whole; first += width) {
        // A copy, so that the accumulators have no address and stay in registers.
        simd<T> group[width];
#pragma GCC unroll 64
        for (std::size_t i = 0; i < width; ++i)
            group[i] = acc[first + i];
        store<T>(sums + first, load<T>(sums + first) + lane_sums<T>(group));
    }
}

/// Gradient by weights of one tile, added to `sums` in the order of the blocks: co x ci x K x K numbers, and room for a
/// vector behind. dy (co, rows, columns) must be zero from `columns` to the end of its last vector.
template <scalar T, std::size_t K>
void weight_gradient_tile(plane<T const> const& x, std::size_t ci, plane<T const> const& dy, std::size_t co,
                          std::size_t rows, std::size_t columns, T* sums) {
    for_weight_blocks<K>(co, ci, [&]<std::size_t CoBlock, std::size_t CiBlock>(std::size_t o, std::size_t i) {
        for (std::size_t ky = 0; ky < K; ++ky) {
            weight_gradient_block<T, K, CoBlock, CiBlock>({x.row(i, ky), x.channel_stride, x.row_stride},
                                                          {dy.row(o, 0), dy.channel_stride, dy.row_stride}, rows,
                                                          columns, sums);
            sums += CoBlock * CiBlock * K;
        }
    });
}

/// Calls body(o, i, tap, sum) for the sums of all weights.
template <std::size_t K, scalar T, class Body>
void for_weight_sums(std::size_t co, std::size_t ci, T const* sums, Body&& body) {
    for_weight_blocks<K>(co, ci, [&]<std::size_t CoBlock, std::size_t CiBlock>(std::size_t o, std::size_t i) {
        for (std::size_t ky = 0; ky < K; ++ky)
            for (std::size_t b = 0; b < CoBlock; ++b)
                for (std::size_t c = 0; c < CiBlock; ++c)
                    for (std::size_t kx = 0; kx < K; ++kx)
                        body(o + b, i + c, ky * K + kx, *sums++);
    });
}

}  // namespace comir::inline COMIR_ABI::detail
