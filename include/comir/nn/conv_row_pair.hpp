#pragma once

#include <cstddef>

#include <comir/core/simd.hpp>
#include <comir/nn/conv_weights.hpp>

namespace comir::inline COMIR_ABI::detail {

// Two rows of a convolution at once by Winograd's minimal filtering along the columns: 4 rows of products instead of 6
// for a 3x3 kernel, 3 instead of 4 for a 2x2 kernel. Rows are added to each other as they are read, in registers.

/// Channels that a convolution reads, and the same ones of the next tile, which are fetched into the second-level cache
/// a line at a time meanwhile: they come from memory otherwise, and a burst of them would wait for it.
template <scalar T>
struct conv_source {
    plane<T const> x, next;
};

/// acc += sum over ci channels and K columns of weights times `rows(first row of the channel)`. One line of each
/// channel, from `next` on, is fetched.
template <scalar T, std::size_t K, std::size_t Block, std::size_t Vectors, class Rows>
[[gnu::always_inline]] inline void sweep_row(conv_source<T> const& from, std::size_t ci, T const* weight, Rows&& rows,
                                             T const* next, simd<T> (&acc)[Block][Vectors]) {
    constexpr std::size_t width = simd_width<T>;
    for (std::size_t i = 0; i < ci; ++i, weight += packed_taps(K) * Block) {
        T const* const channel = from.x.data + i * from.x.channel_stride;
        __builtin_prefetch(next + i * from.next.channel_stride, 0, 2);
#pragma GCC unroll 4
        for (std::size_t kx = 0; kx < K; ++kx) {
            simd<T> pixels[Vectors];
#pragma GCC unroll 4
            for (std::size_t v = 0; v < Vectors; ++v)
                pixels[v] = rows(channel + kx + v * width);
#pragma GCC unroll 16
            for (std::size_t b = 0; b < Block; ++b) {
                simd<T> const w = broadcast<T>(weight[kx * Block + b]);
#pragma GCC unroll 4
                for (std::size_t v = 0; v < Vectors; ++v)
                    acc[b][v] = multiply_add(w, pixels[v], acc[b][v]);
            }
        }
    }
}

/// y += sweep_row.
template <scalar T, std::size_t K, std::size_t Block, std::size_t Vectors, class Rows>
[[gnu::always_inline]] inline void add_row(conv_source<T> const& from, std::size_t ci, T const* weight, Rows&& rows,
                                           T const* next, T* y, std::size_t y_stride) {
    constexpr std::size_t width = simd_width<T>;
    simd<T> acc[Block][Vectors];
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            acc[b][v] = load<T>(y + b * y_stride + v * width);
    sweep_row<T, K>(from, ci, weight, rows, next, acc);
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            store<T>(y + b * y_stride + v * width, acc[b][v]);
}

/// Block x Vectors outputs of two rows, or of the first only: y = (add ? y : bias) + sum over ci channels and K x K
/// taps, with the weights of pack_weights. Without the second row, only the rows of x that the first needs are read.
template <scalar T, std::size_t K, std::size_t Block, std::size_t Vectors>
void conv_row_pair(conv_source<T> const& from, std::size_t ci, T const* weight, T const* bias, bool add,
                   plane<T> const& y, bool second) {
    static_assert(K == 2 || K == 3);
    constexpr std::size_t width = simd_width<T>, part = K * Block, more = (Vectors - 1) * width;
    std::size_t const row = from.x.row_stride;
    T const *const next = from.next.data, *const next_below = from.next.row(0, 1);
    simd<T> acc[Block][Vectors];
    alignas(sizeof(simd<T>)) T sums[Block * Vectors * width];
    auto const clear = [&] {
#pragma GCC unroll 16
        for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
            for (std::size_t v = 0; v < Vectors; ++v)
                acc[b][v] = broadcast(T(0));
    };
    clear();
    if constexpr (K == 3) {
        auto const sum = [row](T const* p) { return load(p + row) + load(p + 2 * row); };
        auto const difference = [row](T const* p) { return load(p + row) - load(p + 2 * row); };
        sweep_row<T, K>(from, ci, weight, sum, next, acc);
#pragma GCC unroll 16
        for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
            for (std::size_t v = 0; v < Vectors; ++v)
                store(sums + (b * Vectors + v) * width, acc[b][v]);
        clear();
        sweep_row<T, K>(from, ci, weight + part, difference, next + more, acc);
    } else {
        sweep_row<T, K>(
            from, ci, weight, [row](T const* p) { return load(p + row); }, next, acc);
    }
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v) {
            T* const to = y.row(b, 0) + v * width;
            simd<T> const start = broadcast<T>(bias ? bias[b] : T(0));
            simd<T> above = acc[b][v], below = acc[b][v];
            if constexpr (K == 3) {
                simd<T> const sum = load(sums + (b * Vectors + v) * width);
                above = sum + acc[b][v];
                below = sum - acc[b][v];
            }
            store(to, (add ? load<T>(to) : start) + above);
            if (second)
                store(to + y.row_stride, (add ? load<T>(to + y.row_stride) : start) + below);
        }
    constexpr std::size_t outer = K == 3 ? 2 : 1;  // rows apart, and the parts before
    auto const first_row = [row](T const* p) { return load(p) - load(p + outer * row); };
    auto const last_row = [row](T const* p) { return load(p + K * row) - load(p + (K - outer) * row); };
    add_row<T, K, Block, Vectors>(from, ci, weight + outer * part, first_row, K == 3 ? next_below : next + more, y.data,
                                  y.channel_stride);
    if (second)
        add_row<T, K, Block, Vectors>(from, ci, weight + (outer + 1) * part, last_row, next_below + (K == 3 ? more : 0),
                                      y.row(0, 1), y.channel_stride);
}

}  // namespace comir::inline COMIR_ABI::detail
