#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <comir/nn/conv_kernel.hpp>

namespace comir::inline COMIR_ABI::detail {

// Gradient of a convolution by its weights. Sums of a tile stay in registers, a vector of partial sums for each weight
// of a block; lanes are added up for a whole block at once, and the results lie in the order of the blocks. Rows go in
// pairs, by the transposed form of conv_row_pair's filtering: K + 1 rows of products instead of 2 K.

/// Kernels and outputs whose rows go in pairs; for fewer outputs the sums of rows cost more than they save.
constexpr bool weights_in_row_pairs(std::size_t k, std::size_t co) {
    return (k == 2 || k == 3) && co >= 4;
}

/// Rows of products: of the kernel, or of a pair of rows.
constexpr std::size_t weight_rows(std::size_t k, std::size_t co) {
    return weights_in_row_pairs(k, co) ? k + 1 : k;
}

/// Sums of a tile: one for each weight and row of products, and room for the vector behind the last.
template <scalar T>
constexpr std::size_t weight_sums(std::size_t k, std::size_t co, std::size_t ci) {
    return co * ci * k * weight_rows(k, co) + simd_width<T>;
}

/// Input channels of a full block: for 3x3 kernels, their pairs of rows stay in the first cache for all outputs.
constexpr std::size_t weight_chunk(std::size_t k) {
    return 6 / k;
}

/// Scratch memory of weight_gradient_tile: the pairs of rows of a chunk, and sums and differences of those of dy.
template <scalar T>
constexpr std::size_t weight_scratch(std::size_t k, std::size_t co, std::size_t rows, std::size_t pitch) {
    return weights_in_row_pairs(k, co)
               ? (weight_chunk(k) * (k + 1) + (k - 1) * co) * ((rows + 1) / 2) * (pitch + simd_width<T>)
               : 0;
}

/// Rows of the next tile, which are fetched into the second-level cache one by one while this one is worked on.
template <scalar T>
class row_fetch {
public:
    explicit row_fetch(std::size_t rows) : rows_(rows) {}

    /// As many rows of each channel as the tile has.
    void add(plane<T const> const& rows, std::size_t channels) { parts_[count_++] = {rows, channels}; }

    /// The next row, or `none` when there is no more.
    T const* next(T const* none) {
        if (part_ == count_)
            return none;
        T const* const row = parts_[part_].from.row(channel_, row_);
        if (++row_ == rows_) {
            row_ = 0;
            if (++channel_ == parts_[part_].channels) {
                channel_ = 0;
                ++part_;
            }
        }
        return row;
    }

private:
    struct part {
        plane<T const> from;
        std::size_t channels;
    };
    part parts_[3];
    std::size_t rows_, count_ = 0, part_ = 0, channel_ = 0, row_ = 0;
};

/// Calls chunk(i, count) for runs of input channels and, after each, body.operator()<CoBlock, CiBlock>(row, o, i) for
/// rows of products and blocks of channels that cover them, o and i the first ones.
template <std::size_t K, class Chunk, class Body>
void for_weight_blocks(std::size_t co, std::size_t ci, Chunk&& chunk, Body&& body) {
    // 24 accumulators where there are 32 registers, 12 where there are 16.
    constexpr std::size_t co_block = simd_registers >= 32 ? 4 : 2, ci_block = weight_chunk(K);
    auto const sweep = [&]<std::size_t CiBlock>(std::size_t row, std::size_t i) {
        std::size_t o = 0;
        for (; o + co_block <= co; o += co_block)
            body.template operator()<co_block, CiBlock>(row, o, i);
        for (; o < co; ++o)
            body.template operator()<1, CiBlock>(row, o, i);
    };
    for (std::size_t first = 0; first < ci; first += ci_block) {
        std::size_t const end = std::min(ci, first + ci_block);
        chunk(first, end - first);
        for (std::size_t row = 0; row < weight_rows(K, co); ++row)
            if (end - first == ci_block)
                sweep.template operator()<ci_block>(row, first);
            else
                for (std::size_t i = first; i < end; ++i)
                    sweep.template operator()<1>(row, i);
    }
}

/// CoBlock x CiBlock weights (all K taps of one row): sums over the tile of dy times the shifted x, added to `sums`.
template <scalar T, std::size_t K, std::size_t CoBlock, std::size_t CiBlock>
[[gnu::flatten]] void weight_gradient_block(plane<T const> const& x, plane<T const> const& dy, std::size_t rows,
                                            std::size_t columns, row_fetch<T>& fetch, T* sums) {
    constexpr std::size_t width = simd_width<T>, count = CoBlock * CiBlock * K, whole = round_up(count, width);
    simd<T> acc[whole];
#pragma GCC unroll 64
    for (std::size_t i = 0; i < whole; ++i)
        acc[i] = broadcast<T>(T(0));
    for (std::size_t r = 0; r < rows; ++r) {
        T const* const x_row = x.row(0, r);
        T const* const dy_row = dy.row(0, r);
        T const* const soon = fetch.next(x_row);
        for (std::size_t column = 0; column < columns; column += width) {
            __builtin_prefetch(soon + column, 0, 2);
            simd<T> gradient[CoBlock];
#pragma GCC unroll 16
            for (std::size_t o = 0; o < CoBlock; ++o)
                gradient[o] = load<T>(dy_row + o * dy.channel_stride + column);
#pragma GCC unroll 16
            for (std::size_t i = 0; i < CiBlock; ++i)
#pragma GCC unroll 4
                for (std::size_t kx = 0; kx < K; ++kx) {
                    simd<T> const pixels = load<T>(x_row + i * x.channel_stride + column + kx);
#pragma GCC unroll 16
                    for (std::size_t o = 0; o < CoBlock; ++o) {
                        simd<T>& to = acc[(o * CiBlock + i) * K + kx];
                        to = multiply_add(gradient[o], pixels, to);
                    }
                }
        }
    }
#pragma GCC unroll 16
    for (std::size_t first = 0; first < whole; first += width) {
        // A copy, so that the accumulators have no address and stay in registers.
        simd<T> group[width];
#pragma GCC unroll 64
        for (std::size_t i = 0; i < width; ++i)
            group[i] = acc[first + i];
        store<T>(sums + first, load<T>(sums + first) + lane_sums<T>(group));
    }
}

/// Rows of x as conv_row_pair reads them, one plane a row of products: the first row's, the sums, the differences (3x3
/// only) and the second row's. Rows of a pair that is not whole are left out of the last. From `lead` elements before
/// the first column on, where x and out lie on vectors; what is read before is not used.
template <scalar T, std::size_t K>
void pair_input_rows(plane<T const> const& x, std::size_t channels, std::size_t rows, std::size_t columns,
                     std::size_t lead, plane<T> const (&out)[K + 1]) {
    std::size_t const row = x.row_stride, step = out[0].row_stride;
    for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t i = 0; i < lead + columns + K - 1; i += simd_width<T>) {
            T const* p = x.row(c, 0) - lead + i;
            T* to[K + 1];
            for (std::size_t k = 0; k <= K; ++k)
                to[k] = out[k].row(c, 0) - lead + i;
            simd<T> above = load(p), first = load(p + row);
            for (std::size_t r = 0; r < rows; r += 2) {
                // Rows above, first, (second,) below of the pair's outputs; a missing last one is not read.
                bool const whole = r + 1 < rows;
                p += 2 * row;
                if constexpr (K == 3) {
                    simd<T> const second = load(p), below = whole ? load(p + row) : second;
                    store(to[0], above - second);
                    store(to[1], first + second);
                    store(to[2], first - second);
                    store(to[3], below - first);
                    above = second, first = below;
                } else {
                    simd<T> const below = whole ? load(p) : first;
                    store(to[0], above - first);
                    store(to[1], first);
                    store(to[2], below - first);
                    above = below;
                    if (r + 2 < rows)
                        first = load(p + row);
                }
                for (T*& t : to)
                    t += step;
            }
        }
}

/// Sums, and for 3x3 kernels differences, of the pairs of rows of dy; a missing row is zero.
template <scalar T, std::size_t K>
void pair_gradient_rows(plane<T const> const& dy, std::size_t channels, std::size_t rows, std::size_t columns,
                        plane<T> const& sums, plane<T> const& differences) {
    for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t r = 0; r < rows; r += 2)
            for (std::size_t i = 0; i < columns; i += simd_width<T>) {
                auto const above = load(dy.row(c, r) + i);
                auto const below = r + 1 < rows ? load(dy.row(c, r + 1) + i) : broadcast(T(0));
                store(sums.row(c, r / 2) + i, above + below);
                if constexpr (K == 3)
                    store(differences.row(c, r / 2) + i, above - below);
            }
}

/// Gradient by weights of one tile, added to `sums` in the order of the blocks. load_channels(first, count) is called
/// before those channels of x are read. dy (co, rows, columns) must be zero from `columns` to the end of its last
/// vector, x finite to the end of the vector behind.
template <scalar T, std::size_t K, class Load>
void weight_gradient_tile(plane<T const> const& x, std::size_t ci, plane<T const> const& dy, std::size_t co,
                          std::size_t rows, std::size_t columns, Load&& load_channels, row_fetch<T> fetch, T* scratch,
                          T* sums) {
    bool const in_pairs = weights_in_row_pairs(K, co);
    plane<T const> xs[K + 1], dys[K + 1];
    plane<T> made[K + 1];
    std::size_t const pairs = (rows + 1) / 2, pitch = x.row_stride + simd_width<T>, plane_size = pairs * pitch;
    // Elements of a vector before the first column: rows are read and written by whole ones.
    std::size_t const lead = reinterpret_cast<std::uintptr_t>(x.data) / sizeof(T) % simd_width<T>;
    if (!in_pairs) {
        for (std::size_t row = 0; row < K; ++row) {
            xs[row] = {x.row(0, row), x.channel_stride, x.row_stride};
            dys[row] = dy;
        }
    } else if constexpr (K > 1) {
        for (std::size_t row = 0; row <= K; ++row) {
            made[row] = {scratch + lead + row * plane_size, (K + 1) * plane_size, pitch};
            xs[row] = {made[row].data, made[row].channel_stride, made[row].row_stride};
        }
        T* const more = scratch + weight_chunk(K) * (K + 1) * plane_size;
        plane<T> const added{more, plane_size, pitch}, taken{more + co * plane_size, plane_size, pitch};
        pair_gradient_rows<T, K>(dy, co, rows, columns, added, taken);
        dys[0] = {dy.data, dy.channel_stride, 2 * dy.row_stride};
        dys[1] = {added.data, added.channel_stride, added.row_stride};
        if constexpr (K == 3)
            dys[2] = {taken.data, taken.channel_stride, taken.row_stride};
        dys[K] = {dy.row(0, 1), dy.channel_stride, 2 * dy.row_stride};
    }
    std::size_t begin = 0;  // of the channels in xs
    for_weight_blocks<K>(
        co, ci,
        [&](std::size_t first, std::size_t count) {
            load_channels(first, count);
            if (!in_pairs)
                return;
            begin = first;
            if constexpr (K > 1)
                pair_input_rows<T, K>({x.row(first, 0), x.channel_stride, x.row_stride}, count, rows, columns, lead,
                                      made);
        },
        [&]<std::size_t CoBlock, std::size_t CiBlock>(std::size_t row, std::size_t o, std::size_t i) {
            std::size_t const steps = row == K ? rows / 2 : in_pairs ? pairs : rows;
            weight_gradient_block<T, K, CoBlock, CiBlock>(
                {xs[row].row(i - begin, 0), xs[row].channel_stride, xs[row].row_stride},
                {dys[row].row(o, 0), dys[row].channel_stride, dys[row].row_stride}, steps, columns, fetch, sums);
            sums += CoBlock * CiBlock * K;
        });
}

/// Calls body(o, i, tap, part) for parts of the sums of all weights.
template <std::size_t K, scalar T, class Body>
void for_weight_sums(std::size_t co, std::size_t ci, T const* sums, Body&& body) {
    bool const in_pairs = weights_in_row_pairs(K, co);
    for_weight_blocks<K>(
        co, ci, [](std::size_t, std::size_t) {},
        [&]<std::size_t CoBlock, std::size_t CiBlock>(std::size_t row, std::size_t o, std::size_t i) {
            for (std::size_t b = 0; b < CoBlock; ++b)
                for (std::size_t c = 0; c < CiBlock; ++c)
                    for (std::size_t kx = 0; kx < K; ++kx) {
                        auto const put = [&](std::size_t ky, T value) { body(o + b, i + c, ky * K + kx, value); };
                        T const sum = *sums++;
                        if (!in_pairs) {
                            put(row, sum);
                        } else if (row == 0 || row == K) {
                            put(row == 0 ? 0 : K - 1, sum);
                        } else if (K == 2) {
                            put(0, sum);
                            put(1, sum);
                        } else {
                            put(0, row == 1 ? sum / 2 : sum / -2);
                            put(1, sum / 2);
                            put(2, row == 1 ? sum / 2 : sum / -2);
                        }
                    }
        });
}

}  // namespace comir::inline COMIR_ABI::detail
