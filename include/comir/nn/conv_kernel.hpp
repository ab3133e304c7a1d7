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
    // Two blocks of 8 are faster than one of 12 and one of 4, which waits for its loads.
    if (left >= conv_block && !(conv_block == 12 && left == 16))
        return conv_block;
    std::size_t block = 1;
    while (block * 2 <= std::min(left, conv_block))
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

/// Planes beside a tile's output that are worked on right after it; fetched while it is computed, a few lines at a
/// time, since a burst would wait for the memory. Without data there is nothing to fetch.
template <scalar T>
struct soon_read {
    plane<T const> a{}, b{};
};

/// One block of output channels over all rows of a tile.
template <scalar T, std::size_t K, std::size_t Block>
void conv_rows(plane<T const> const& x, std::size_t ci, T const* weight, T const* bias, bool add, plane<T> const& y,
               std::size_t rows, std::size_t columns, soon_read<T> const& soon) {
    constexpr std::size_t width = simd_width<T>, chunk = conv_chunk<K>;
    for (std::size_t first = 0; first < ci; first += chunk) {
        std::size_t const count = std::min(chunk, ci - first);
        T const* const w = weight + first * K * K * Block;
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t column = 0; column < columns; column += 2 * width) {
                if (soon.a.data && first == 0)
                    for (std::size_t b = 0; b < Block; ++b)
                        for (std::size_t i = column; i < std::min(columns, column + 2 * width); i += width) {
                            __builtin_prefetch(soon.a.row(b, r) + i, 1);
                            __builtin_prefetch(soon.b.row(b, r) + i);
                        }
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
                     plane<T> const& y, std::size_t block, std::size_t rows, std::size_t columns,
                     soon_read<T> const& soon = {}) {
    auto const run = [&]<std::size_t Block>() {
        conv_rows<T, K, Block>(x, ci, packed, bias, add, y, rows, columns, soon);
    };
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

}  // namespace comir::inline COMIR_ABI::detail
