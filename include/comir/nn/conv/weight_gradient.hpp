#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/nn/conv/pair_rows.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

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

/// Scratch memory of weight_gradient_tile for tiles of up to rows x columns pixels: the pairs of rows of a block of
/// channels, and sums and differences of those of dy; without pairs, the block's rows.
template <scalar T>
constexpr std::size_t weight_scratch(std::size_t k, std::size_t co, std::size_t rows, std::size_t columns) {
    return weights_in_row_pairs(k, co)
               ? (weight_chunk(k) * (k + 1) + (k - 1) * co) * ((rows + 1) / 2) * pair_pitch<T>(columns)
               : weight_chunk(k) * (rows + k / 2 * 2) * tile_pitch<T>(columns) + 2 * tile_slack<T>;
}

/// Rows that are read soon, which are fetched into the second-level cache one by one meanwhile.
template <scalar T>
class row_fetch {
public:
    void add(plane<T const> const& from, std::size_t channels, std::size_t rows) {
        if (from.data && channels > 0)
            parts_[count_++] = {from, channels, rows};
    }

    /// The next row, or `none` when there is no more.
    T const* next(T const* none) {
        if (part_ == count_)
            return none;
        T const* const row = parts_[part_].from.row(channel_, row_);
        if (++row_ == parts_[part_].rows) {
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
        std::size_t channels, rows;
    };
    part parts_[3];
    std::size_t count_ = 0, part_ = 0, channel_ = 0, row_ = 0;
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

/// Where the next tile begins in what it reads; without data there is nothing to fetch.
template <scalar T>
struct tile_reads {
    plane<T const> x{};            // the input
    plane<T const> dy{}, value{};  // the output's gradient, and what completes it
};

/// Gradient by weights of one tile, added to `sums` in the order of the blocks. dy (co, rows, columns) must be zero
/// from `columns` to the end of its last vector.
template <scalar T, std::size_t K>
void weight_gradient_tile(tile_input<T> const& from, plane<T const> const& dy, std::size_t co,
                          tile_reads<T> const& next, T* scratch, T* sums) {
    bool const in_pairs = weights_in_row_pairs(K, co);
    tile const& t = from.t;
    std::size_t const ci = from.in.value.shape().c, rows = t.rows, columns = t.columns, pairs = (rows + 1) / 2;
    plane<T const> xs[K + 1], dys[K + 1];
    plane<T> made[K + 1];
    if (!in_pairs) {
        constexpr std::size_t pad = K / 2;
        std::size_t const pitch = tile_pitch<T>(columns);
        made[0] = {scratch + tile_lead<T>(pad), (rows + 2 * pad) * pitch, pitch};
        for (std::size_t row = 0; row < K; ++row) {
            xs[row] = {made[0].row(0, row + pad - from.top) + pad - from.left, made[0].channel_stride, pitch};
            dys[row] = dy;
        }
    } else if constexpr (K > 1) {
        std::size_t const pitch = pair_pitch<T>(columns), plane_size = pairs * pitch;
        for (std::size_t row = 0; row <= K; ++row) {
            made[row] = {scratch + simd_width<T> - from.left + row * plane_size, (K + 1) * plane_size, pitch};
            xs[row] = {made[row].data, made[row].channel_stride, pitch};
        }
        T* const more = scratch + weight_chunk(K) * (K + 1) * plane_size;
        plane<T> const added{more, plane_size, pitch}, taken{more + co * plane_size, plane_size, pitch};
        pair_gradient_rows<T, K>(dy, co, rows, columns, added, taken);
        dys[0] = {dy.data, dy.channel_stride, 2 * dy.row_stride};
        dys[1] = {added.data, added.channel_stride, pitch};
        if constexpr (K == 3)
            dys[2] = {taken.data, taken.channel_stride, pitch};
        dys[K] = {dy.row(0, 1), dy.channel_stride, 2 * dy.row_stride};
    }
    std::size_t begin = 0;  // of the channels in xs
    row_fetch<T> fetch;
    for_weight_blocks<K>(
        co, ci,
        [&](std::size_t first, std::size_t count) {
            begin = first;
            if (!in_pairs)
                load_input(from.in, t, K / 2, first, count, made[0]);
            else if constexpr (K > 1)
                pair_input_rows<T, K>(from, first, count, made);
            // The channels that follow, and a share of the next tile's gradient.
            std::size_t const after = first + count, share = co * first / ci, share_end = co * after / ci;
            fetch = {};
            if (after < ci)
                fetch.add(rows_at(from.in.value, t).from(after), std::min(weight_chunk(K), ci - after), rows);
            else
                fetch.add(next.x, std::min(weight_chunk(K), ci), rows);
            fetch.add(next.dy.from(share), share_end - share, rows);
            fetch.add(next.value.from(share), share_end - share, rows);
        },
        [&]<std::size_t CoBlock, std::size_t CiBlock>(std::size_t row, std::size_t o, std::size_t i) {
            std::size_t const steps = row == K ? rows / 2 : in_pairs ? pairs : rows;
            weight_gradient_block<T, K, CoBlock, CiBlock>(xs[row].from(i - begin), dys[row].from(o), steps, columns,
                                                          fetch, sums);
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

}}}  // namespace comir::COMIR_ABI::detail
