#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>

namespace comir::inline COMIR_ABI::detail {

// Register-blocked convolution of one tile: a block of output channels times a few vectors of pixels stays in
// registers while input channels and taps stream past, weights broadcast. Any number of channels runs whole vectors.

/// Output channels of a full register block: with two vectors of pixels it leaves room for the operands.
inline constexpr std::size_t conv_block = simd_registers >= 32 ? 12 : 6;

/// Input channels that are swept over a tile before the next ones: their rows and weights stay in the first cache. A
/// 1x1 kernel reads one row of each.
template <std::size_t K>
inline constexpr std::size_t conv_chunk = K == 1 ? 64 : 16;

/// A full block, or the largest power of two that fits in what is left over.
constexpr std::size_t next_block(std::size_t left) {
    if (left >= conv_block)
        return conv_block;
    std::size_t block = 1;
    while (block * 2 <= left)
        block *= 2;
    return block;
}

/// Planes of a tile in scratch memory: strides between channels and rows, in elements.
template <class T>
struct plane {
    T* data;
    std::size_t channel_stride;
    std::size_t row_stride;

    T* row(std::size_t c, std::size_t y) const { return data + c * channel_stride + y * row_stride; }
};

/// Reorders weights (Co, Ci, K, K) to blocks of output channels: [block][ci][ky][kx][channel of the block].
template <scalar T>
void pack_weights(T const* weight, std::size_t co, std::size_t ci, std::size_t taps, T* packed) {
    for (std::size_t first = 0; first < co;) {
        std::size_t const block = next_block(co - first);
        for (std::size_t i = 0; i < ci; ++i)
            for (std::size_t t = 0; t < taps; ++t)
                for (std::size_t b = 0; b < block; ++b)
                    *packed++ = weight[((first + b) * ci + i) * taps + t];
        first += block;
    }
}

/// As pack_weights for the gradient by input: channels swapped and taps reversed.
template <scalar T>
void pack_transposed_weights(T const* weight, std::size_t co, std::size_t ci, std::size_t taps, T* packed) {
    for (std::size_t first = 0; first < ci;) {
        std::size_t const block = next_block(ci - first);
        for (std::size_t o = 0; o < co; ++o)
            for (std::size_t t = 0; t < taps; ++t)
                for (std::size_t b = 0; b < block; ++b)
                    *packed++ = weight[(o * ci + first + b) * taps + taps - 1 - t];
        first += block;
    }
}

/// Block x Vectors outputs of one row: y = (add ? y : bias) + sum over ci channels and K x K taps.
template <scalar T, std::size_t K, std::size_t Block, std::size_t Vectors>
void conv_row(plane<T const> const& x, std::size_t ci, T const* weight, T const* bias, bool add, T* y,
              std::size_t y_stride) {
    constexpr std::size_t width = simd_width<T>;
    simd<T> acc[Block][Vectors];
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            acc[b][v] = add ? load<T>(y + b * y_stride + v * width) : broadcast<T>(bias ? bias[b] : T(0));
    for (std::size_t i = 0; i < ci; ++i) {
        T const* const channel = x.data + i * x.channel_stride;
#pragma GCC unroll 4
        for (std::size_t ky = 0; ky < K; ++ky)
#pragma GCC unroll 4
            for (std::size_t kx = 0; kx < K; ++kx) {
                T const* const row = channel + ky * x.row_stride + kx;
                simd<T> pixels[Vectors];
#pragma GCC unroll 4
                for (std::size_t v = 0; v < Vectors; ++v)
                    pixels[v] = load<T>(row + v * width);
#pragma GCC unroll 16
                for (std::size_t b = 0; b < Block; ++b) {
                    simd<T> const w = broadcast<T>(weight[b]);
#pragma GCC unroll 4
                    for (std::size_t v = 0; v < Vectors; ++v)
                        acc[b][v] = multiply_add(w, pixels[v], acc[b][v]);
                }
                weight += Block;
            }
    }
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            store<T>(y + b * y_stride + v * width, acc[b][v]);
}

/// One block of output channels over all rows of a tile.
template <scalar T, std::size_t K, std::size_t Block>
void conv_rows(plane<T const> const& x, std::size_t ci, T const* weight, T const* bias, bool add, plane<T> const& y,
               std::size_t rows, std::size_t columns) {
    constexpr std::size_t width = simd_width<T>, chunk = conv_chunk<K>;
    for (std::size_t first = 0; first < ci; first += chunk) {
        std::size_t const count = std::min(chunk, ci - first);
        T const* const w = weight + first * K * K * Block;
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t column = 0; column < columns; column += 2 * width) {
                plane<T const> const from{x.row(first, r) + column, x.channel_stride, x.row_stride};
                T* const to = y.row(0, r) + column;
                if (column + width < columns)
                    conv_row<T, K, Block, 2>(from, count, w, bias, add || first > 0, to, y.channel_stride);
                else
                    conv_row<T, K, Block, 1>(from, count, w, bias, add || first > 0, to, y.channel_stride);
            }
    }
}

/// As conv_tile, for the one block of output channels whose packed weights are given; adds to y if asked to.
template <scalar T, std::size_t K>
void conv_tile_block(plane<T const> const& x, std::size_t ci, T const* packed, T const* bias, bool add,
                     plane<T> const& y, std::size_t block, std::size_t rows, std::size_t columns) {
    auto const run = [&]<std::size_t Block>() { conv_rows<T, K, Block>(x, ci, packed, bias, add, y, rows, columns); };
    switch (block) {
        case 1:
            return run.template operator()<1>();
        case 2:
            return run.template operator()<2>();
        case 4:
            return run.template operator()<4>();
        case 8:
            return run.template operator()<8>();
        default:
            return run.template operator()<conv_block>();
    }
}

/// Convolves a tile: y (co, rows, columns) from x (ci, rows + K - 1, columns + K - 1) with packed weights.
/// Whole vectors are read and written: both planes must reach `columns` rounded up to the vector width (plus K - 1
/// for x), and hold finite values there.
template <scalar T, std::size_t K>
void conv_tile(plane<T const> const& x, std::size_t ci, T const* packed, T const* bias, plane<T> const& y,
               std::size_t co, std::size_t rows, std::size_t columns) {
    for (std::size_t first = 0; first < co;) {
        std::size_t const block = next_block(co - first);
        conv_tile_block<T, K>(x, ci, packed, bias ? bias + first : nullptr, false,
                              {y.row(first, 0), y.channel_stride, y.row_stride}, block, rows, columns);
        packed += block * ci * K * K;
        first += block;
    }
}

/// CoBlock x CiBlock weights (all K taps of row ky): sums over the tile of dy times the shifted x, added to dweight.
template <scalar T, std::size_t K, std::size_t CoBlock, std::size_t CiBlock>
void weight_gradient_block(plane<T const> const& x, plane<T const> const& dy, std::size_t ky, std::size_t rows,
                           std::size_t columns, T* dweight, std::size_t co_stride) {
    constexpr std::size_t width = simd_width<T>;
    simd<T> acc[CoBlock][CiBlock][K];
#pragma GCC unroll 16
    for (std::size_t o = 0; o < CoBlock; ++o)
#pragma GCC unroll 16
        for (std::size_t i = 0; i < CiBlock; ++i)
#pragma GCC unroll 4
            for (std::size_t kx = 0; kx < K; ++kx)
                acc[o][i][kx] = broadcast<T>(T(0));
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t column = 0; column < columns; column += width) {
            simd<T> gradient[CoBlock];
#pragma GCC unroll 16
            for (std::size_t o = 0; o < CoBlock; ++o)
                gradient[o] = load<T>(dy.row(o, r) + column);
#pragma GCC unroll 16
            for (std::size_t i = 0; i < CiBlock; ++i)
#pragma GCC unroll 4
                for (std::size_t kx = 0; kx < K; ++kx) {
                    simd<T> const pixels = load<T>(x.row(i, r + ky) + column + kx);
#pragma GCC unroll 16
                    for (std::size_t o = 0; o < CoBlock; ++o)
                        acc[o][i][kx] = multiply_add(gradient[o], pixels, acc[o][i][kx]);
                }
        }
#pragma GCC unroll 16
    for (std::size_t o = 0; o < CoBlock; ++o)
#pragma GCC unroll 16
        for (std::size_t i = 0; i < CiBlock; ++i)
#pragma GCC unroll 4
            for (std::size_t kx = 0; kx < K; ++kx)
                dweight[o * co_stride + i * K * K + ky * K + kx] += sum(acc[o][i][kx]);
}

/// Gradient by weights of one tile, added to dweight (co, ci, K, K).
/// dy (co, rows, columns) must be zero from `columns` to the end of its last vector.
template <scalar T, std::size_t K>
void weight_gradient_tile(plane<T const> const& x, std::size_t ci, plane<T const> const& dy, std::size_t co,
                          std::size_t rows, std::size_t columns, T* dweight) {
    // 24 accumulators where there are 32 registers, 12 where there are 16.
    constexpr std::size_t co_block = simd_registers >= 32 ? 4 : 2;
    constexpr std::size_t ci_block = 6 / K;
    auto const run = [&]<std::size_t CoBlock, std::size_t CiBlock>(std::size_t o, std::size_t i) {
        for (std::size_t ky = 0; ky < K; ++ky)
            weight_gradient_block<T, K, CoBlock, CiBlock>({x.row(i, 0), x.channel_stride, x.row_stride},
                                                          {dy.row(o, 0), dy.channel_stride, dy.row_stride}, ky, rows,
                                                          columns, dweight + (o * ci + i) * K * K, ci * K * K);
    };
    std::size_t o = 0;
    for (; o + co_block <= co; o += co_block) {
        std::size_t i = 0;
        for (; i + ci_block <= ci; i += ci_block)
            run.template operator()<co_block, ci_block>(o, i);
        for (; i < ci; ++i)
            run.template operator()<co_block, 1>(o, i);
    }
    for (; o < co; ++o) {
        std::size_t i = 0;
        for (; i + ci_block <= ci; i += ci_block)
            run.template operator()<1, ci_block>(o, i);
        for (; i < ci; ++i)
            run.template operator()<1, 1>(o, i);
    }
}

}  // namespace comir::inline COMIR_ABI::detail
