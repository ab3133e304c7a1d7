#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/core/simd_tail.hpp>
#include <comir/nn/conv/unit_parts.hpp>
#include <comir/nn/conv/unit_upsampled.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// The unit that networks are made of: normalise + ReLU (or upsampling) as the input is read, a convolution, and bias,
// ReLU, dropout, pooling and batch statistics while the result is still in the cache.

/// Forward pass of a unit. y is overwritten: (N, Co, H, W), pooled (N, Co, H/2, W/2); its rows end on whole vectors.
/// With statistics, `result` receives the moments of each channel of y. `chosen` is written if it is given and the unit
/// pools by maxima.
template <scalar T>
void conv_unit_forward(conv_input<T> const& in, std::size_t co, std::size_t k, T const* weight, T const* bias,
                       conv_epilogue const& epilogue, tensor_view<T> const& y, std::uint8_t* chosen, moments* result,
                       conv_scratch<T>& scratch, int threads) {
    if (in.upsample) {
        conv_upsampled_forward(in, co, weight, bias, epilogue, y, result, scratch, threads);
        return;
    }
    std::size_t const ci = in.value.shape().c, pad = k / 2, h = in.height(), w = in.width();
    tile_grid const grid = make_tile_grid(in.value.shape().n, h, w, ci, sizeof(T));
    std::size_t const pitch = tile_pitch<T>(grid.columns);
    bool const pooled = epilogue.pool != conv_pooling::none;
    std::size_t const in_size = round_up(ci * (grid.rows + 2 * pad) * pitch + tile_slack<T>, simd_width<T>),
                      out_size = pooled ? co * grid.rows * pitch : 0;
    scratch.reserve_tiles(in_size + out_size, threads);
    scratch.packed.resize(std::max(scratch.packed.size(), co * ci * packed_taps(k)));
    pack_weights(weight, co, ci, k, scratch.packed.data());
    if (epilogue.statistics)
        scratch.parts.resize(std::max(scratch.parts.size(), grid.count * co));

    for_tiles(grid, h, w, threads, [&](tile const& t, tile const& next, std::size_t index, std::size_t slot) {
        T* const memory = scratch.tile_memory(slot);
        plane<T> const x{memory + tile_lead<T>(pad), (grid.rows + 2 * pad) * pitch, pitch};
        load_input(in, t, pad, 0, ci, x);
        plane<T> out{memory + in_size, grid.rows * pitch, pitch};
        if (!pooled)
            out = {y.row(t.n, 0, t.y) + t.x, y.stride_c(), y.stride_h()};
        plane<T const> const source{x.data, x.channel_stride, x.row_stride};
        with_kernel_size<T>(k, [&]<std::size_t K>() {
            conv_tile<T, K>(source, ci, scratch.packed.data(), bias, out, co, t.rows, t.columns, input_at(in, next));
        });
        std::size_t rows = t.rows, columns = t.columns;
        if (epilogue.relu || epilogue.drop.probability > 0)
            for (std::size_t c = 0; c < co; ++c)
                finish_window(epilogue, out.row(c, 0), out.row_stride, rows, columns, t.n, c, t.y, t.x);
        plane<T> done{out.data, out.channel_stride, out.row_stride};
        if (pooled) {
            shape4 const s = y.shape();
            rows = std::min(rows / 2, s.h - t.y / 2);
            columns = std::min(columns / 2, s.w - t.x / 2);
            done = {y.data() + t.n * y.stride_n() + t.y / 2 * y.stride_h() + t.x / 2, y.stride_c(), y.stride_h()};
            for (std::size_t c = 0; c < co; ++c)
                for (std::size_t r = 0; r < rows; ++r) {
                    T const *const upper = out.row(c, 2 * r), *const lower = out.row(c, 2 * r + 1);
                    if (epilogue.pool == conv_pooling::mean)
                        mean_row(upper, lower, columns, done.row(c, r));
                    else
                        pool_row(upper, lower, columns, done.row(c, r),
                                 chosen ? chosen + ((t.n * s.c + c) * s.h + t.y / 2 + r) * s.w + t.x / 2 : nullptr);
                }
        }
        if (epilogue.statistics)
            for (std::size_t c = 0; c < co; ++c)
                scratch.parts[index * co + c] =
                    rows > 0 && columns > 0
                        ? row_block_moments<T>({done.data, done.channel_stride, done.row_stride}, c, rows, columns)
                        : moments{};
    });
    if (epilogue.statistics)
        join_moments(scratch.parts, grid.count, co, result);
}

/// One channel of a tile through ReLU and the direct part of batch normalisation: dz = dxn where scale x + shift > 0;
/// gradient += scale dz; sums[0] += dz, sums[1] += dz (x - mean). Whole vectors are read and written: the rows of all
/// planes reach to the end of the last one.
template <scalar T>
void normalised_gradient_tile(plane<T const> const& dxn, plane<T const> const& x, std::size_t rows, std::size_t columns,
                              T scale, T shift, T mean, plane<T> const& gradient, double* sums) {
    auto const a = broadcast(scale), b = broadcast(shift), m = broadcast(mean), zero = broadcast(T(0));
    auto plain = zero, weighted = zero;
    for (std::size_t r = 0; r < rows; ++r) {
        T const *const dxn_row = dxn.row(0, r), *const x_row = x.row(0, r);
        T* const to = gradient.row(0, r);
        auto const add = [&](std::size_t i, simd<T> const& pixels, simd<T> const& gradients) {
            auto const normalised = multiply_add(pixels, a, b);
            auto const dz = where_positive(normalised, gradients, zero);
            store(to + i, multiply_add(a, dz, load(to + i)));
            plain += dz;
            weighted = multiply_add(dz, where_positive(normalised, pixels - m, zero), weighted);
        };
        std::size_t i = 0;
        for (; i + simd_width<T> <= columns; i += simd_width<T>)
            add(i, load(x_row + i), load(dxn_row + i));
        if (i < columns)
            add(i, load_first(x_row + i, columns - i), load_first(dxn_row + i, columns - i));
    }
    sums[0] += static_cast<double>(sum(plain));
    sums[1] += static_cast<double>(sum(weighted));
}

/// Backward pass of a unit: gradients by weights, bias and input.
template <scalar T>
void conv_unit_backward(conv_input<T> const& in, std::size_t co, std::size_t k, T const* weight,
                        conv_output_gradient<T> const& output, conv_gradients<T> const& into, conv_scratch<T>& scratch,
                        int threads) {
    if (in.upsample) {
        conv_upsampled_backward(in, co, weight, output, into, scratch, threads);
        return;
    }
    std::size_t const ci = in.value.shape().c, pad = k / 2, h = in.height(), w = in.width();
    // What stays in the cache for a whole tile is dy, and the sums and differences of its rows.
    tile_grid const grid = make_tile_grid(in.value.shape().n, h, w, 2 * co, sizeof(T));
    std::size_t const pitch = tile_pitch<T>(grid.columns), padded = grid.rows + 2 * pad, tiles = grid.count;
    bool const by_input = !into.input.empty(), normalised = in.scale != nullptr;
    // Whole vectors are added to rows that have room for them.
    bool const direct = by_input && !normalised && into.input.stride_h() >= round_up(w, simd_width<T>);
    std::size_t const weights = weight_sums<T>(k, co, ci), sums = co + 2 * ci;
    std::size_t const lead = tile_lead<T>(pad), dx_begin = co * padded * pitch + tile_slack<T>;
    std::size_t const weight_begin = dx_begin + conv_block * grid.rows * pitch;
    scratch.reserve_tiles(weight_begin + weight_scratch<T>(k, co, grid.rows, grid.columns), threads);
    if (by_input) {
        scratch.packed.resize(std::max(scratch.packed.size(), co * ci * packed_taps(k)));
        pack_transposed_weights(weight, co, ci, k, scratch.packed.data());
    }
    std::size_t const groups = sum_groups(tiles);
    scratch.weight_parts.resize(std::max(scratch.weight_parts.size(), groups));
    scratch.sum_parts.resize(std::max(scratch.sum_parts.size(), groups));
    for (std::size_t g = 0; g < groups; ++g) {
        scratch.weight_parts[g].assign(weights, T(0));
        scratch.sum_parts[g].assign(sums, 0.0);
    }

    parallel_for_slots(groups, threads, [&](std::size_t group, std::size_t slot) {
        T* const memory = scratch.tile_memory(slot);
        plane<T> const dy{memory + lead, padded * pitch, pitch};
        plane<T> const dx{memory + dx_begin, grid.rows * pitch, pitch};
        plane<T const> const dy_read{dy.data, dy.channel_stride, dy.row_stride};
        plane<T const> const dy_inner{dy.row(0, pad) + pad, dy.channel_stride, dy.row_stride};
        T* const weight_part = scratch.weight_parts[group].data();
        double* const sum_part = scratch.sum_parts[group].data();
        std::size_t const end = (group + 1) * tiles / groups;
        for (std::size_t index = group * tiles / groups; index < end; ++index) {
            tile const t = tile_at(grid, index, h, w), next = tile_at(grid, std::min(index + 1, end - 1), h, w);
            load_output_gradient(output, h, w, t, pad, dy);
            for (std::size_t c = 0; into.bias && c < co; ++c)
                for (std::size_t r = 0; r < t.rows; ++r)
                    sum_part[c] += row_sum(dy_inner.row(c, r), t.columns);
            if (into.weight) {
                tile_reads<T> ahead{.x = input_at(in, next)};
                if (output.pool == conv_pooling::none) {
                    ahead.dy = rows_at(output.gradient, next);
                    if (output.offset || output.relu)
                        ahead.value = rows_at(output.value, next);
                }
                with_kernel_size<T>(k, [&]<std::size_t K>() {
                    weight_gradient_tile<T, K>({in, t, pad, pad}, dy_inner, co, ahead, memory + weight_begin,
                                               weight_part);
                });
            }
            for (std::size_t first = 0; by_input && first < ci;) {
                std::size_t const block = next_block(ci - first);
                plane<T> const to{into.input.row(t.n, first, t.y) + t.x, into.input.stride_c(), into.input.stride_h()};
                plane<T const> const value{in.value.row(t.n, first, t.y) + t.x, in.value.stride_c(),
                                           in.value.stride_h()};
                soon_read<T> soon{.a = {to.data, to.channel_stride, to.row_stride}};
                if (normalised)
                    soon.b = value;
                if (first == 0 && !into.weight && output.pool == conv_pooling::none)
                    soon.next = rows_at(output.gradient, next);
                with_kernel_size<T>(k, [&]<std::size_t K>() {
                    conv_tile_block<T, K>(dy_read, co, scratch.packed.data() + first * co * packed_taps(K), nullptr,
                                          direct, direct ? to : dx, block, t.rows, t.columns, soon);
                });
                for (std::size_t b = 0; !direct && b < block; ++b) {
                    std::size_t const c = first + b;
                    if (normalised) {
                        normalised_gradient_tile<T>({dx.row(b, 0), 0, dx.row_stride},
                                                    {value.row(b, 0), 0, value.row_stride}, t.rows, t.columns,
                                                    in.scale[c], in.shift[c], into.mean[c],
                                                    {to.row(b, 0), 0, to.row_stride}, sum_part + co + 2 * c);
                        continue;
                    }
                    for (std::size_t r = 0; r < t.rows; ++r) {
                        T const* const from = dx.row(b, r);
                        T* const row = to.row(b, r);
                        for (std::size_t i = 0; i < t.columns; ++i)
                            row[i] += from[i];
                    }
                }
                first += block;
            }
        }
    });
    if (into.weight)
        with_kernel_size<T>(k, [&]<std::size_t K>() {
            for_weight_sums<K>(co, ci, join_weight_parts(scratch.weight_parts, groups),
                               [&](std::size_t o, std::size_t i, std::size_t tap, T value) {
                                   into.weight[(o * ci + i) * K * K + tap] += value;
                               });
        });
    if (into.bias)
        for (std::size_t c = 0; c < co; ++c) {
            double total = 0;
            for (std::size_t g = 0; g < groups; ++g)
                total += scratch.sum_parts[g][c];
            into.bias[c] += static_cast<T>(total);
        }
    if (by_input && normalised)
        for (std::size_t i = 0; i < 2 * ci; ++i) {
            into.normalised[i] = 0;
            for (std::size_t g = 0; g < groups; ++g)
                into.normalised[i] += scratch.sum_parts[g][co + i];
        }
}

}}}  // namespace comir::COMIR_ABI::detail
