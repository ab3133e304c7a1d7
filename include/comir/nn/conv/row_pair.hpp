#pragma once

#include <cstddef>

#include <comir/core/simd.hpp>
#include <comir/nn/conv/weights.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// Two rows of a convolution at once by Winograd's minimal filtering along the columns: 4 rows of products instead of 6
// for a 3x3 kernel, 3 instead of 4 for a 2x2 kernel. Rows are added to each other as they are read, in registers.

/// Channels that a convolution reads, and what is worked on soon, fetched a line at a time meanwhile: it comes from
/// memory otherwise, and a burst of it would wait.
template <scalar T>
struct conv_source {
    plane<T const> x;
    plane<T const> next;  // the same channels of the next tile, fetched into the second-level cache
    plane<T const> a, b;  // a block's channels at the output's place, fetched into the first one
};

/// out = start + sum over ci channels and K columns of weights times `rows(first row of the channel)`; `start` lies
/// densely, null is zero. Fetches a line of each channel at `next`, and those of a block's channels at `soon`.
/// Not inlined: amid other loops, compilers keep some of the accumulators in memory.
template <scalar T, std::size_t K, std::size_t Block, std::size_t Vectors, class Rows>
[[gnu::noinline]] void sweep_row(plane<T const> const& x, std::size_t ci, T const* weight, Rows rows, T const* next,
                                 std::size_t next_stride, plane<T const> const& soon, T const* start,
                                 plane<T> const& out) {
    constexpr std::size_t width = simd_width<T>;
    simd<T> acc[Block][Vectors];
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            acc[b][v] = start ? load(start + (b * Vectors + v) * width) : broadcast(T(0));
    T const* channel = x.data;
    for (std::size_t i = 0; i < ci; ++i) {
        __builtin_prefetch(next, 0, 2);
        if (i < Block)
#pragma GCC unroll 4
            for (std::size_t v = 0; v < Vectors; ++v)
                __builtin_prefetch(soon.row(i, 0) + v * width);
        simd<T> line[Vectors + 2];  // the middle column's pixels lie on vectors
        if constexpr (K == 3 && simd_shifts)
#pragma GCC unroll 4
            for (std::size_t v = 0; v < Vectors + 2; ++v)
                line[v] = rows(channel + 1 + v * width - width);
#pragma GCC unroll 4
        for (std::size_t kx = 0; kx < K; ++kx) {
            simd<T> pixels[Vectors];
#pragma GCC unroll 4
            for (std::size_t v = 0; v < Vectors; ++v)
                if constexpr (K == 3 && simd_shifts)
                    pixels[v] = kx == 0   ? shifted<width - 1>(line[v], line[v + 1])
                                : kx == 1 ? line[v + 1]
                                          : shifted<1>(line[v + 1], line[v + 2]);
                else
                    pixels[v] = rows(channel + kx + v * width);
#pragma GCC unroll 16
            for (std::size_t b = 0; b < Block; ++b) {
                simd<T> const w = broadcast<T>(weight[kx * Block + b]);
#pragma GCC unroll 4
                for (std::size_t v = 0; v < Vectors; ++v)
                    acc[b][v] = multiply_add(w, pixels[v], acc[b][v]);
            }
        }
        channel += x.channel_stride;
        next += next_stride;
        weight += packed_taps(K) * Block;
    }
#pragma GCC unroll 16
    for (std::size_t b = 0; b < Block; ++b)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
            store(out.row(b, 0) + v * width, acc[b][v]);
}

/// Block x Vectors outputs of two rows, or of the first only: y = (add ? y : bias) + sum over ci channels and K x K
/// taps, with the weights of pack_weights. Without the second row, only the rows of x that the first needs are read.
template <scalar T, std::size_t K, std::size_t Block, std::size_t Vectors>
void conv_row_pair(conv_source<T> const& from, std::size_t ci, T const* weight, T const* bias, bool add,
                   plane<T> const& y, bool second) {
    static_assert(K == 2 || K == 3);
    constexpr std::size_t width = simd_width<T>, local = Vectors * width;
    std::size_t const row = from.x.row_stride;
    alignas(sizeof(simd<T>)) T above[Block * local], below[Block * local];
    plane<T const> const soon[] = {from.a,
                                   {from.a.row(0, second), from.a.channel_stride, 0},
                                   from.b,
                                   {from.b.row(0, second), from.b.channel_stride, 0}};
    auto const sweep = [&](std::size_t part, auto rows, T const* start, plane<T> const& out) {
        sweep_row<T, K, Block, Vectors>(from.x, ci, weight + part * K * Block, rows,
                                        from.next.row(0, part / 2) + part % 2 * (Vectors - 1) * width,
                                        from.next.channel_stride, soon[part], start, out);
    };
    auto const sum = [row](T const* p) { return K == 3 ? load(p + row) + load(p + 2 * row) : load(p + row); };
    sweep(0, sum, nullptr, {above, local, 0});
    if constexpr (K == 3)
        sweep(1, [row](T const* p) { return load(p + row) - load(p + 2 * row); }, nullptr, {below, local, 0});
    for (std::size_t b = 0; b < Block; ++b)
        for (std::size_t v = 0; v < Vectors; ++v) {
            std::size_t const at = b * local + v * width;
            T const* const to = y.row(b, 0) + v * width;
            simd<T> const start = broadcast<T>(bias ? bias[b] : T(0));
            simd<T> const common = load(above + at), difference = K == 3 ? load(below + at) : broadcast(T(0));
            store(above + at, (add ? load(to) : start) + (common + difference));
            if (second)
                store(below + at, (add ? load(to + y.row_stride) : start) + (common - difference));
        }
    constexpr std::size_t outer = K - 1;  // rows apart, and the parts before
    // A row of y is read once and written once: its channels may share the sets of a cache.
    sweep(
        outer, [row](T const* p) { return load(p) - load(p + outer * row); }, above, y);
    if (second)
        sweep(K, [row](T const* p) { return load(p + K * row) - load(p + row); }, below,
              {y.row(0, 1), y.channel_stride, y.row_stride});
}

}}}  // namespace comir::COMIR_ABI::detail
