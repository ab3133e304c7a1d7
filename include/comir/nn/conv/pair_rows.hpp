#pragma once

#include <cstddef>

#include <comir/core/simd_tail.hpp>
#include <comir/nn/conv/tile.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The input of a tile of a K x K convolution: output (r, c) of the tile reads rows from t.y + r - top and columns from
/// t.x + c - left on.
template <scalar T>
struct tile_input {
    conv_input<T> in;  // not upsampled
    tile t;
    std::size_t top, left;  // at most 1
};

/// Row pitch of paired rows: a vector before the tile's first column and one behind its last.
template <scalar T>
constexpr std::size_t pair_pitch(std::size_t columns) {
    return round_up(columns, simd_width<T>) + 2 * simd_width<T>;
}

/// Channels of a tile as conv_row_pair reads them, one plane a row of products: the first row's, the sums, the
/// differences (3x3 only) and the second row's. Straight from the image: a copy of the tile would cost as much again.
/// `out` points to what the first column's output reads, and its tile's first column lies on a vector; its rows are
/// written from a vector before that to a vector behind the last column, with zeros outside the image.
template <scalar T, std::size_t K>
void pair_input_rows(tile_input<T> const& from, std::size_t first, std::size_t channels, plane<T> const (&out)[K + 1]) {
    constexpr std::size_t width = simd_width<T>;
    conv_input<T> const& in = from.in;
    tile const& t = from.t;
    std::size_t const h = in.height(), w = in.width(), row_stride = in.value.stride_h(), step = out[0].row_stride;
    std::size_t const end = pair_pitch<T>(t.columns);
    auto const zero = broadcast(T(0));
    auto const pair = [&](T*(&to)[K + 1], auto&& row) {
        simd<T> a = row(0), b = row(1);
        for (std::size_t r = 0; r < t.rows; r += 2) {
            simd<T> const c = row(r + 2);
            if constexpr (K == 3) {
                simd<T> const d = row(r + 3);
                store(to[0], a - c);
                store(to[1], b + c);
                store(to[2], b - c);
                store(to[3], d - b);
                a = c, b = d;
            } else {
                store(to[0], a - b);
                store(to[1], b);
                store(to[2], c - b);
                a = c, b = row(r + 3);
            }
            for (T*& p : to)
                p += step;
        }
    };
    for (std::size_t c = 0; c < channels; ++c) {
        T const* const image = in.value.row(t.n, first + c, 0);
        auto const scale = broadcast(in.scale ? in.scale[first + c] : T(1));
        auto const shift = broadcast(in.scale ? in.shift[first + c] : T(0));
        for (std::size_t i = 0; i < end; i += width) {
            T* to[K + 1];
            for (std::size_t k = 0; k <= K; ++k)
                to[k] = out[k].row(c, 0) + from.left + i - width;
            std::size_t const x = t.x + i - width;  // wraps before the image's first column
            auto const rows = [&](auto&& read) {
                pair(to, [&](std::size_t r) {
                    std::size_t const y = t.y + r - from.top;
                    return y < h ? read(image + y * row_stride + x) : zero;
                });
            };
            if (x >= w)
                pair(to, [&](std::size_t) { return zero; });
            else if (in.scale && x + width <= w)
                rows([&](T const* p) { return maximum(multiply_add(load(p), scale, shift), zero); });
            else if (in.scale)
                rows([&](T const* p) {
                    return keep_first(maximum(multiply_add(load_first(p, w - x), scale, shift), zero), w - x);
                });
            else
                rows([&](T const* p) { return load_first(p, w - x); });
        }
    }
}

}}}  // namespace comir::COMIR_ABI::detail
