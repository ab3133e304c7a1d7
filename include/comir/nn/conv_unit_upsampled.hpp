#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include <comir/core/parallel.hpp>
#include <comir/nn/conv_unit_parts.hpp>

namespace comir::inline COMIR_ABI::detail {

// Nearest upsampling by two and a 3x3 convolution are four 2x2 convolutions on the small image, one for each position
// (a, b) of an output pixel in its 2x2 square, since neighbouring taps read the same pixel: 16 products instead of 36.

/// The tap of the 2x2 kernel of position a (row or column) that takes in tap k of the 3x3 kernel.
constexpr std::size_t merged_tap(std::size_t a, std::size_t k) {
    return (a + k + 1) / 2 - a;
}

/// The 2x2 kernels (Co, Ci, 2, 2) of position (a, b) from the 3x3 kernels.
template <scalar T>
void merge_weights(T const* weight, std::size_t kernels, std::size_t a, std::size_t b, T* merged) {
    for (std::size_t i = 0; i < kernels; ++i, weight += 9, merged += 4) {
        std::fill_n(merged, 4, T(0));
        for (std::size_t ky = 0; ky < 3; ++ky)
            for (std::size_t kx = 0; kx < 3; ++kx)
                merged[2 * merged_tap(a, ky) + merged_tap(b, kx)] += weight[3 * ky + kx];
    }
}

/// to[2i] = max(even[i], low), to[2i + 1] = max(odd[i], low).
template <scalar T>
void interleave_row(T const* even, T const* odd, std::size_t count, T low, T* to) {
    for (std::size_t i = 0; i < count; ++i) {
        to[2 * i] = std::max(even[i], low);
        to[2 * i + 1] = std::max(odd[i], low);
    }
}

/// conv_unit_forward for an upsampled input and a 3x3 kernel, without pooling.
template <scalar T>
void conv_upsampled_forward(conv_input<T> in, std::size_t co, T const* weight, T const* bias,
                            conv_epilogue const& epilogue, tensor_view<T> const& y, moments* result,
                            conv_scratch<T>& scratch, int threads) {
    in.upsample = false;
    shape4 const small = in.value.shape();
    std::size_t const ci = small.c, weights = co * ci * 4;
    tile_grid const grid = make_tile_grid(small.n, small.h, small.w, ci, sizeof(T));
    std::size_t const pitch = tile_pitch<T>(grid.columns), out_plane = grid.rows * pitch;
    std::size_t const in_size = round_up(ci * (grid.rows + 2) * pitch + tile_slack<T>, simd_width<T>);
    scratch.reserve_tiles(in_size + 4 * conv_block * out_plane, threads);
    scratch.merged.resize(std::max(scratch.merged.size(), weights));
    scratch.packed.resize(std::max(scratch.packed.size(), 4 * weights));
    for (std::size_t position = 0; position < 4; ++position) {
        merge_weights(weight, co * ci, position / 2, position % 2, scratch.merged.data());
        pack_weights(scratch.merged.data(), co, ci, 4, scratch.packed.data() + position * weights);
    }
    if (epilogue.statistics)
        scratch.parts.resize(std::max(scratch.parts.size(), grid.count * co));
    T const low = epilogue.relu ? T(0) : -std::numeric_limits<T>::infinity();
    conv_epilogue rest = epilogue;
    rest.relu = false;

    parallel_for_slots(grid.count, threads, [&](std::size_t index, std::size_t slot) {
        tile const t = tile_at(grid, index, small.h, small.w);
        T* const memory = scratch.tile_memory(slot);
        T* const out = memory + in_size;
        plane<T> const x{memory, (grid.rows + 2) * pitch, pitch};
        load_input(in, t, 1, x);
        for (std::size_t first = 0; first < co;) {
            std::size_t const block = next_block(co - first);
            for (std::size_t position = 0; position < 4; ++position) {
                conv_tile_block<T, 2>(
                    {x.row(0, position / 2) + position % 2, x.channel_stride, x.row_stride}, ci,
                    scratch.packed.data() + position * weights + first * ci * 4, bias ? bias + first : nullptr, false,
                    {out + position * conv_block * out_plane, out_plane, pitch}, block, t.rows, t.columns);
            }
            for (std::size_t c = 0; c < block; ++c) {
                plane<T> const done{y.row(t.n, first + c, 2 * t.y) + 2 * t.x, y.stride_c(), y.stride_h()};
                for (std::size_t r = 0; r < 2 * t.rows; ++r) {
                    T const* const even = out + (r % 2 * 2 * conv_block + c) * out_plane + r / 2 * pitch;
                    interleave_row(even, even + conv_block * out_plane, t.columns, low, done.row(0, r));
                }
                if (rest.drop.probability > 0)
                    finish_window(rest, done.data, done.row_stride, 2 * t.rows, 2 * t.columns, t.n, first + c, 2 * t.y,
                                  2 * t.x);
                if (epilogue.statistics)
                    scratch.parts[index * co + first + c] = row_block_moments<T>(
                        {done.data, done.channel_stride, done.row_stride}, 0, 2 * t.rows, 2 * t.columns);
            }
            first += block;
        }
    });
    if (epilogue.statistics)
        join_moments(scratch.parts, grid.count, co, result);
}

}  // namespace comir::inline COMIR_ABI::detail
