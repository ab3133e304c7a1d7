#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <comir/core/parallel.hpp>
#include <comir/core/tensor.hpp>
#include <comir/nn/conv/kernel.hpp>
#include <comir/nn/layers/drop_mask.hpp>
#include <comir/nn/layers/pool.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Whole vectors of every width.
inline constexpr std::size_t max_tile_columns = 128;

/// How an output plane is cut into tiles: by its shape only, so that results do not depend on threads.
struct tile_grid {
    std::size_t rows = 0, columns = 0;            // of a full tile; even, so that pooling windows stay whole
    std::size_t row_tiles = 0, column_tiles = 0;  // of a plane
    std::size_t count = 0;                        // of the batch

    std::size_t per_sample() const { return row_tiles * column_tiles; }
};

/// One tile: the sample and the window of the output plane.
struct tile {
    std::size_t n, y, x, rows, columns;
};

inline tile_grid make_tile_grid(std::size_t n, std::size_t h, std::size_t w, std::size_t channels,
                                std::size_t element) {
    // Enough rows to spread the halo, few enough that all channels of the tile stay in a second-level cache of 1 MiB.
    constexpr std::size_t pixels = 1024, budget = 640 * 1024, enough_rows = 8;
    auto const fitting_rows = [&](std::size_t columns) {
        std::size_t const fit = budget / (channels * (columns + 16) * element);
        std::size_t const rows = std::clamp<std::size_t>(pixels / columns, enough_rows, 64);
        return std::max<std::size_t>(4, std::min(rows, fit > 2 ? fit - 2 : 0));
    };
    tile_grid grid;
    grid.columns = std::min(w, max_tile_columns);
    if (w > 64 && fitting_rows(grid.columns) < enough_rows)
        grid.columns = 64;
    grid.rows = std::min(h, fitting_rows(grid.columns) / 2 * 2);
    grid.row_tiles = (h + grid.rows - 1) / grid.rows;
    grid.column_tiles = (w + grid.columns - 1) / grid.columns;
    grid.count = n * grid.per_sample();
    return grid;
}

/// Tiles are counted along the rows first: the memory that the processor fetches ahead is then that of the next tile.
inline tile tile_at(tile_grid const& grid, std::size_t index, std::size_t h, std::size_t w) {
    std::size_t const n = index / grid.per_sample(), place = index % grid.per_sample();
    std::size_t const y = place / grid.column_tiles * grid.rows, x = place % grid.column_tiles * grid.columns;
    return {n, y, x, std::min(grid.rows, h - y), std::min(grid.columns, w - x)};
}

/// Calls body(tile, the tile that follows in this thread, index, slot) for all tiles, in parallel over runs of
/// neighbours, so that a thread can fetch the next one's input.
template <class Body>
void for_tiles(tile_grid const& grid, std::size_t h, std::size_t w, int threads, Body&& body) {
    constexpr std::size_t longest = 8, enough_runs = 32;
    std::size_t const run = std::clamp<std::size_t>(grid.count / enough_runs, 1, longest);
    parallel_for_slots((grid.count + run - 1) / run, threads, [&](std::size_t number, std::size_t slot) {
        std::size_t const end = std::min((number + 1) * run, grid.count);
        for (std::size_t index = number * run; index < end; ++index)
            body(tile_at(grid, index, h, w), tile_at(grid, std::min(index + 1, end - 1), h, w), index, slot);
    });
}

/// Row pitch of a scratch tile: the columns in whole vectors, and room for the halo of a 3x3 kernel.
template <scalar T>
constexpr std::size_t tile_pitch(std::size_t columns) {
    return round_up(columns, simd_width<T>) + round_up(2, simd_width<T>);
}

/// Elements before the first row of a scratch tile, so that the pixels inside its halo begin on a vector.
template <scalar T>
constexpr std::size_t tile_lead(std::size_t pad) {
    return (simd_width<T> - pad % simd_width<T>) % simd_width<T>;
}

/// What a convolution reads: channels of a buffer, optionally normalised and rectified, or upsampled, on the way.
template <scalar T>
struct conv_input {
    tensor_view<T const> value;  // (N, Ci, H, W), or (N, Ci, H/2, W/2) if upsampled
    T const* scale = nullptr;    // per channel: relu(scale x + shift) is convolved; null: x itself
    T const* shift = nullptr;
    bool upsample = false;  // nearest, by two: for 3x3 kernels without pooling, and not normalised

    std::size_t height() const { return value.shape().h * (upsample ? 2 : 1); }
    std::size_t width() const { return value.shape().w * (upsample ? 2 : 1); }
};

/// Where a tile begins in a buffer.
template <scalar T>
plane<T const> rows_at(tensor_view<T const> const& values, tile const& t) {
    return {values.row(t.n, 0, t.y) + t.x, values.stride_c(), values.stride_h()};
}

/// Where a tile's input begins, without the halo.
template <scalar T>
plane<T const> input_at(conv_input<T> const& in, tile const& t) {
    return rows_at(in.value, t);
}

/// out[i] = f(in[i]) by whole vectors; the last one overlaps the one before, so nothing beyond `count` is touched.
template <scalar T, class VectorF, class F>
void map_row(T const* in, std::size_t count, T* out, VectorF&& vector_f, F&& f) {
    constexpr std::size_t lanes = simd_width<T>;
    if (count < lanes) {
        for (std::size_t i = 0; i < count; ++i)
            out[i] = f(in[i]);
        return;
    }
    for (std::size_t i = 0; i < count - lanes; i += lanes)
        store(out + i, vector_f(load(in + i)));
    store(out + count - lanes, vector_f(load(in + count - lanes)));
}

/// Zeros from `from` to at least `to`, and less than a vector beyond.
template <scalar T>
void zero_row(T* from, T const* to) {
    for (; from < to; from += simd_width<T>)
        store(from, broadcast(T(0)));
}

/// Room that tile_lead and zero_row may need before the first and behind the last row of a scratch plane.
template <scalar T>
inline constexpr std::size_t tile_slack = 2 * simd_width<T>;

/// Fills a scratch tile with some of the channels and a halo of `pad` pixels; zero outside the image, and to the end of
/// every row.
template <scalar T>
void load_input(conv_input<T> const& in, tile const& t, std::size_t pad, std::size_t first, std::size_t channels,
                plane<T> const& out) {
    std::size_t const h = in.height(), w = in.width(), pitch = out.row_stride;
    // Columns [left, right) of the image, at `skip` in the scratch row.
    std::size_t const left = t.x > pad ? t.x - pad : 0, right = std::min(w, t.x + t.columns + pad);
    std::size_t const skip = left + pad - t.x, count = right - left;
    auto const zero = broadcast(T(0));
    for (std::size_t c = first; c < first + channels; ++c)
        for (std::size_t r = 0; r < t.rows + 2 * pad; ++r) {
            // Rows are filled in the order of memory: what a row writes too far is written again by the next.
            T* const row = out.row(c - first, r);
            std::size_t const y = t.y + r;
            if (y < pad || y - pad >= h) {
                zero_row(row, row + pitch);
                continue;
            }
            if (skip > 0)
                row[0] = T(0);
            if (in.scale) {
                T const a = in.scale[c], b = in.shift[c];
                auto const av = broadcast(a), bv = broadcast(b);
                map_row(
                    in.value.row(t.n, c, y - pad) + left, count, row + skip,
                    [=](auto v) { return maximum(multiply_add(v, av, bv), zero); },
                    [=](T v) { return std::max(v * a + b, T(0)); });
            } else {
                map_row(
                    in.value.row(t.n, c, y - pad) + left, count, row + skip, [](auto v) { return v; },
                    [](T v) { return v; });
            }
            zero_row(row + skip + count, row + pitch);
        }
}

/// The gradient of a convolution's output, completed as it is read.
template <scalar T>
struct conv_output_gradient {
    tensor_view<T const> gradient;  // of what the unit wrote: (N, Co, H, W), pooled: (N, Co, H/2, W/2)
    tensor_view<T const> value;     // what the unit wrote; not read if offset is null and relu is off
    T const* offset = nullptr;      // per channel: gradient - offset - slope (value - mean) is the complete gradient
    T const* slope = nullptr;
    T const* mean = nullptr;
    bool relu = false;  // the unit rectified: no gradient where value is zero
    conv_pooling pool = conv_pooling::none;
    std::uint8_t const* chosen = nullptr;  // maximum: which of the four pixels, (N, Co, H/2, W/2) without padding
    drop_mask drop;
};

template <scalar T>
void complete_row(conv_output_gradient<T> const& g, std::size_t n, std::size_t c, std::size_t y, std::size_t x,
                  std::size_t count, T* out) {
    constexpr std::size_t lanes = simd_width<T>;
    T const* const gradient = g.gradient.row(n, c, y) + x;
    if (!g.offset && !g.relu) {
        std::copy_n(gradient, count, out);
        return;
    }
    T const* const value = g.value.row(n, c, y) + x;
    T const offset = g.offset ? g.offset[c] : T(0), slope = g.offset ? g.slope[c] : T(0);
    T const mean = g.offset ? g.mean[c] : T(0);
    auto const o = broadcast(offset), s = broadcast(slope), m = broadcast(mean), zero = broadcast(T(0));
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        auto const v = load(value + i);
        auto const complete = load(gradient + i) - o - s * (v - m);
        store(out + i, g.relu ? where_positive(v, complete, zero) : complete);
    }
    for (; i < count; ++i)
        out[i] = g.relu && !(value[i] > T(0)) ? T(0) : gradient[i] - offset - slope * (value[i] - mean);
}

/// Fills a scratch tile with the gradient by the convolution's result, with a halo of `pad`; zero outside the image.
template <scalar T>
void load_output_gradient(conv_output_gradient<T> const& g, std::size_t h, std::size_t w, tile const& t,
                          std::size_t pad, plane<T> const& out) {
    std::size_t const pitch = out.row_stride;
    std::size_t const left = t.x > pad ? t.x - pad : 0, right = std::min(w, t.x + t.columns + pad);
    std::size_t const skip = left + pad - t.x, count = right - left;
    shape4 const s = g.gradient.shape();
    for (std::size_t c = 0; c < s.c; ++c)
        for (std::size_t r = 0; r < t.rows + 2 * pad; ++r) {
            T* const row = out.row(c, r);
            if (t.y + r < pad || t.y + r - pad >= h) {
                zero_row(row, row + pitch);
                continue;
            }
            std::size_t const y = t.y + r - pad;
            if (g.pool == conv_pooling::none) {
                if (skip > 0)
                    row[0] = T(0);
                zero_row(row + skip + count, row + pitch);
                complete_row(g, t.n, c, y, left, count, row + skip);
                g.drop.apply(row + skip, count, t.n, c, y, left);
                continue;
            }
            // Pooled: the gradient goes to the chosen one of four pixels, or in parts to all. pad is 0 here, left is
            // even.
            if (y / 2 >= s.h) {
                zero_row(row, row + pitch);
                continue;
            }
            std::size_t const pooled = std::min(count / 2, s.w - left / 2);
            T values[max_tile_columns / 2];
            complete_row(g, t.n, c, y / 2, left / 2, pooled, values);
            if (g.pool == conv_pooling::mean) {
                for (std::size_t i = 0; i < pooled; ++i)
                    row[2 * i] = row[2 * i + 1] = T(0.25) * values[i];
            } else {
                std::uint8_t const* const chosen = g.chosen + ((t.n * s.c + c) * s.h + y / 2) * s.w + left / 2;
                lane_index<T> places[max_tile_columns / 2];
                for (std::size_t i = 0; i < pooled; ++i)
                    places[i] = static_cast<lane_index<T>>(chosen[i]) - static_cast<lane_index<T>>(y % 2 * 2);
                for (std::size_t i = 0; i < pooled; ++i) {
                    row[2 * i] = places[i] == 0 ? values[i] : T(0);
                    row[2 * i + 1] = places[i] == 1 ? values[i] : T(0);
                }
            }
            zero_row(row + 2 * pooled, row + pitch);
            g.drop.apply(row, count, t.n, c, y, left);
        }
}

}}}  // namespace comir::COMIR_ABI::detail
