#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include <comir/core/parallel.hpp>
#include <comir/nn/conv/unit_parts.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

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
    std::size_t const ci = small.c, weights = co * ci * 4, packed = co * ci * packed_taps(2);
    tile_grid const grid = make_tile_grid(small.n, small.h, small.w, ci, sizeof(T));
    std::size_t const pitch = tile_pitch<T>(grid.columns), out_plane = grid.rows * pitch;
    std::size_t const in_size = round_up(ci * (grid.rows + 2) * pitch + tile_slack<T>, simd_width<T>);
    scratch.reserve_tiles(in_size + 4 * conv_block * out_plane, threads);
    scratch.merged.resize(std::max(scratch.merged.size(), weights));
    scratch.packed.resize(std::max(scratch.packed.size(), 4 * packed));
    for (std::size_t position = 0; position < 4; ++position) {
        merge_weights(weight, co * ci, position / 2, position % 2, scratch.merged.data());
        pack_weights(scratch.merged.data(), co, ci, 2, scratch.packed.data() + position * packed);
    }
    if (epilogue.statistics)
        scratch.parts.resize(std::max(scratch.parts.size(), grid.count * co));
    T const low = epilogue.relu ? T(0) : -std::numeric_limits<T>::infinity();
    conv_epilogue rest = epilogue;
    rest.relu = false;

    for_tiles(
        grid, small.h, small.w, threads, [&](tile const& t, tile const& next, std::size_t index, std::size_t slot) {
            T* const memory = scratch.tile_memory(slot);
            T* const out = memory + in_size;
            plane<T> const x{memory + tile_lead<T>(1), (grid.rows + 2) * pitch, pitch};
            load_input(in, t, 1, 0, ci, x);
            for (std::size_t first = 0; first < co;) {
                std::size_t const block = next_block(co - first);
                for (std::size_t position = 0; position < 4; ++position) {
                    conv_tile_block<T, 2>({x.row(0, position / 2) + position % 2, x.channel_stride, x.row_stride}, ci,
                                          scratch.packed.data() + position * packed + first * ci * packed_taps(2),
                                          bias ? bias + first : nullptr, false,
                                          {out + position * conv_block * out_plane, out_plane, pitch}, block, t.rows,
                                          t.columns,
                                          {.next = first + position == 0 ? input_at(in, next) : plane<T const>{}});
                }
                for (std::size_t c = 0; c < block; ++c) {
                    plane<T> const done{y.row(t.n, first + c, 2 * t.y) + 2 * t.x, y.stride_c(), y.stride_h()};
                    for (std::size_t r = 0; r < 2 * t.rows; ++r) {
                        T const* const even = out + (r % 2 * 2 * conv_block + c) * out_plane + r / 2 * pitch;
                        interleave_row(even, even + conv_block * out_plane, t.columns, low, done.row(0, r));
                    }
                    if (rest.drop.probability > 0)
                        finish_window(rest, done.data, done.row_stride, 2 * t.rows, 2 * t.columns, t.n, first + c,
                                      2 * t.y, 2 * t.x);
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

/// The gradient by the result of an upsampled convolution, taken apart by the position in the 2x2 squares:
/// out (4 positions, Co) with a halo of one pixel of the small image; zero outside the image. `whole` holds a full row.
template <scalar T>
void load_apart(conv_output_gradient<T> const& g, tile const& t, T* whole, plane<T> const& out) {
    shape4 const s = g.gradient.shape();
    std::size_t const h = s.h / 2, w = s.w / 2, pitch = out.row_stride;
    std::size_t const left = t.x > 0 ? t.x - 1 : 0, right = std::min(w, t.x + t.columns + 1);
    std::size_t const skip = left + 1 - t.x, count = right - left;
    for (std::size_t position = 0; position < 4; position += 2)
        for (std::size_t c = 0; c < s.c; ++c)
            for (std::size_t r = 0; r < t.rows + 2; ++r) {
                T* const even = out.row(position * s.c + c, r);
                T* const odd = out.row((position + 1) * s.c + c, r);
                if (t.y + r < 1 || t.y + r > h) {
                    std::fill_n(even, pitch, T(0));
                    std::fill_n(odd, pitch, T(0));
                    continue;
                }
                std::size_t const y = 2 * (t.y + r - 1) + position / 2;
                complete_row(g, t.n, c, y, 2 * left, 2 * count, whole);
                g.drop.apply(whole, 2 * count, t.n, c, y, 2 * left);
                even[0] = odd[0] = T(0);
                for (std::size_t i = 0; i < count; ++i) {
                    even[skip + i] = whole[2 * i];
                    odd[skip + i] = whole[2 * i + 1];
                }
                std::fill(even + skip + count, even + pitch, T(0));
                std::fill(odd + skip + count, odd + pitch, T(0));
            }
}

/// conv_unit_backward for an upsampled input and a 3x3 kernel.
template <scalar T>
void conv_upsampled_backward(conv_input<T> in, std::size_t co, T const* weight, conv_output_gradient<T> const& output,
                             conv_gradients<T> const& into, conv_scratch<T>& scratch, int threads) {
    in.upsample = false;
    shape4 const small = in.value.shape();
    std::size_t const ci = small.c, weights = co * ci * 4, packed = co * ci * packed_taps(2);
    tile_grid const grid = make_tile_grid(small.n, small.h, small.w, ci + 4 * co, sizeof(T));
    std::size_t const pitch = tile_pitch<T>(grid.columns), padded = grid.rows + 2;
    bool const by_input = !into.input.empty();
    std::size_t const dx_begin = 4 * co * padded * pitch + tile_slack<T>;
    std::size_t const weight_begin = dx_begin + (conv_block * grid.rows + 2) * pitch;
    std::size_t const sums = weight_sums<T>(2, co, ci);
    scratch.reserve_tiles(weight_begin + weight_scratch<T>(2, co, grid.rows, grid.columns), threads);
    scratch.merged.resize(std::max(scratch.merged.size(), weights));
    scratch.packed.resize(std::max(scratch.packed.size(), 4 * packed));
    for (std::size_t position = 0; by_input && position < 4; ++position) {
        merge_weights(weight, co * ci, position / 2, position % 2, scratch.merged.data());
        pack_transposed_weights(scratch.merged.data(), co, ci, 2, scratch.packed.data() + position * packed);
    }
    std::size_t const groups = sum_groups(grid.count);
    scratch.weight_parts.resize(std::max(scratch.weight_parts.size(), groups));
    scratch.sum_parts.resize(std::max(scratch.sum_parts.size(), groups));
    for (std::size_t g = 0; g < groups; ++g) {
        scratch.weight_parts[g].assign(4 * sums, T(0));
        scratch.sum_parts[g].assign(co, 0.0);
    }

    parallel_for_slots(groups, threads, [&](std::size_t group, std::size_t slot) {
        T* const memory = scratch.tile_memory(slot);
        plane<T> const dy{memory + tile_lead<T>(1), padded * pitch, pitch};
        plane<T> const dx{memory + dx_begin, grid.rows * pitch, pitch};
        T* const whole = dx.data + conv_block * grid.rows * pitch;
        double* const bias_sums = scratch.sum_parts[group].data();
        for (std::size_t index = group * grid.count / groups; index < (group + 1) * grid.count / groups; ++index) {
            tile const t = tile_at(grid, index, small.h, small.w);
            load_apart(output, t, whole, dy);
            for (std::size_t c = 0; into.bias && c < 4 * co; ++c)
                for (std::size_t r = 0; r < t.rows; ++r)
                    bias_sums[c % co] += row_sum<T>(dy.row(c, r + 1) + 1, t.columns);
            for (std::size_t position = 0; into.weight && position < 4; ++position)
                weight_gradient_tile<T, 2>({in, t, 1 - position / 2, 1 - position % 2},
                                           {dy.row(position * co, 1) + 1, dy.channel_stride, dy.row_stride}, co, {},
                                           memory + weight_begin, scratch.weight_parts[group].data() + position * sums);
            for (std::size_t first = 0; by_input && first < ci;) {
                std::size_t const block = next_block(ci - first);
                for (std::size_t position = 0; position < 4; ++position)
                    conv_tile_block<T, 2>(
                        {dy.row(position * co, 1 - position / 2) + 1 - position % 2, dy.channel_stride, dy.row_stride},
                        co, scratch.packed.data() + position * packed + first * co * packed_taps(2), nullptr,
                        position > 0, dx, block, t.rows, t.columns);
                for (std::size_t b = 0; b < block; ++b)
                    for (std::size_t r = 0; r < t.rows; ++r) {
                        T const* const from = dx.row(b, r);
                        T* const to = into.input.row(t.n, first + b, t.y + r) + t.x;
                        for (std::size_t i = 0; i < t.columns; ++i)
                            to[i] += from[i];
                    }
                first += block;
            }
        }
    });
    T const* const total = into.weight ? join_weight_parts(scratch.weight_parts, groups) : nullptr;
    for (std::size_t position = 0; into.weight && position < 4; ++position) {
        std::size_t const a = position / 2, b = position % 2;
        for_weight_sums<2>(co, ci, total + position * sums,
                           [&](std::size_t o, std::size_t i, std::size_t tap, T value) {
                               for (std::size_t k = 0; k < 9; ++k)
                                   if (2 * merged_tap(a, k / 3) + merged_tap(b, k % 3) == tap)
                                       into.weight[9 * (o * ci + i) + k] += value;
                           });
    }
    for (std::size_t c = 0; into.bias && c < co; ++c) {
        double sum = 0;
        for (std::size_t g = 0; g < groups; ++g)
            sum += scratch.sum_parts[g][c];
        into.bias[c] += static_cast<T>(sum);
    }
}

}}}  // namespace comir::COMIR_ABI::detail
