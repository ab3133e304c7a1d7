#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>
#include <comir/nn/conv/row_pair.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// Register-blocked convolution of one tile: a block of output channels times a few vectors of pixels stays in
// registers while input channels and taps stream past, weights broadcast. Any number of channels runs whole vectors.

/// Input channels that are swept over a tile before the next ones, at most: their rows and weights stay in the first
/// cache. A 1x1 kernel reads one row of each.
template <std::size_t K>
inline constexpr std::size_t conv_chunk = K == 1 ? 64 : 24;

/// Block x Vectors outputs of one row: y = (add ? y : bias) + sum over ci channels and K x K taps.
template <scalar T, std::size_t K, std::size_t Block, std::size_t Vectors>
void conv_row(conv_source<T> const& from, std::size_t ci, T const* weight, T const* bias, bool add, T* y,
              std::size_t y_stride) {
    constexpr std::size_t width = simd_width<T>;
    simd<T> acc[Block][Vectors];
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            acc[b][v] = add ? load<T>(y + b * y_stride + v * width) : broadcast<T>(bias ? bias[b] : T(0));
    for (std::size_t i = 0; i < ci; ++i) {
        T const* const channel = from.x.data + i * from.x.channel_stride;
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            __builtin_prefetch(from.next.data + i * from.next.channel_stride + v * width, 0, 2);
        if (i < Block)
#pragma GCC unroll 4
            for (std::size_t v = 0; v < Vectors; ++v) {
                __builtin_prefetch(from.a.row(i, 0) + v * width);
                __builtin_prefetch(from.b.row(i, 0) + v * width);
            }
#pragma GCC unroll 4
        for (std::size_t ky = 0; ky < K; ++ky)
#pragma GCC unroll 4
            for (std::size_t kx = 0; kx < K; ++kx) {
                T const* const row = channel + ky * from.x.row_stride + kx;
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
        weight += (packed_taps(K) - K * K) * Block;
    }
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            store<T>(y + b * y_stride + v * width, acc[b][v]);
}

/// What is worked on soon, fetched while a block of a tile is computed, a few lines at a time. Without data there is
/// nothing to fetch.
template <scalar T>
struct soon_read {
    plane<T const> a{}, b{};  // the block's output, or what is worked on with it
    plane<T const> next{};    // the input of the next tile
};

/// One block of output channels over all rows of a tile.
template <scalar T, std::size_t K, std::size_t Block>
void conv_rows(plane<T const> const& x, std::size_t ci, T const* weight, T const* bias, bool add, plane<T> const& y,
               std::size_t rows, std::size_t columns, soon_read<T> const& soon) {
    constexpr std::size_t width = simd_width<T>;
    constexpr bool few_pair = in_row_pairs(K, Block, 1), many_pair = in_row_pairs(K, Block, conv_chunk<K>);
    bool const pairs = in_row_pairs(K, Block, ci);
    std::size_t const chunks = (ci + conv_chunk<K> - 1) / conv_chunk<K>, chunk = (ci + chunks - 1) / chunks;
    for (std::size_t first = 0; first < ci; first += chunk) {
        std::size_t const count = std::min(chunk, ci - first);
        T const* const w = weight + first * packed_taps(K) * Block;
        for (std::size_t r = 0; r < rows; r += pairs ? 2 : 1)
            for (std::size_t column = 0; column < columns; column += 2 * width) {
                plane<T const> const here{x.row(first, r) + column, x.channel_stride, x.row_stride};
                auto const place = [&](plane<T const> const& p, std::size_t c) {
                    return plane<T const>{p.row(c, r) + column, p.channel_stride, p.row_stride};
                };
                // What is in the cache anyway, where nothing is to be fetched.
                conv_source<T> const from{here, soon.next.data ? place(soon.next, first) : here,
                                          soon.a.data && first == 0 ? place(soon.a, 0) : here,
                                          soon.b.data && first == 0 ? place(soon.b, 0) : here};
                plane<T> const to{y.row(0, r) + column, y.channel_stride, y.row_stride};
                bool const more = add || first > 0, wide = column + width < columns;
                if constexpr (many_pair)
                    if (pairs) {
                        if (wide)
                            conv_row_pair<T, K, Block, 2>(from, count, w, bias, more, to, r + 1 < rows);
                        else
                            conv_row_pair<T, K, Block, 1>(from, count, w, bias, more, to, r + 1 < rows);
                        continue;
                    }
                if constexpr (!few_pair) {
                    if (wide)
                        conv_row<T, K, Block, 2>(from, count, w, bias, more, to.data, to.channel_stride);
                    else
                        conv_row<T, K, Block, 1>(from, count, w, bias, more, to.data, to.channel_stride);
                }
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
/// for x), and hold finite values there. Of a 3x3 kernel's x, a vector before and behind that must be readable.
template <scalar T, std::size_t K>
void conv_tile(plane<T const> const& x, std::size_t ci, T const* packed, T const* bias, plane<T> const& y,
               std::size_t co, std::size_t rows, std::size_t columns, plane<T const> const& next = {}) {
    for (std::size_t first = 0; first < co;) {
        std::size_t const block = next_block(co - first);
        plane<T> const to{y.row(first, 0), y.channel_stride, y.row_stride};
        soon_read<T> soon{.a = {to.data, to.channel_stride, to.row_stride}};
        if (first == 0)
            soon.next = next;
        conv_tile_block<T, K>(x, ci, packed, bias ? bias + first : nullptr, false, to, block, rows, columns, soon);
        packed += block * ci * packed_taps(K);
        first += block;
    }
}

}}}  // namespace comir::COMIR_ABI::detail
