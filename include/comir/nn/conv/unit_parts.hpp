#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/nn/conv/tile.hpp>
#include <comir/nn/conv/weight_gradient.hpp>
#include <comir/nn/layers/average_pool.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Mean and sum of squared deviations of a set of values; sets join exactly (Chan, Golub, LeVeque 1979).
struct moments {
    double count = 0, mean = 0, square = 0;

    void join(moments const& other) {
        if (other.count == 0)
            return;
        double const total = count + other.count, delta = other.mean - mean;
        mean += delta * other.count / total;
        square += other.square + delta * delta * count * other.count / total;
        count = total;
    }
};

template <scalar T>
moments row_block_moments(plane<T const> const& y, std::size_t c, std::size_t rows, std::size_t columns) {
    constexpr std::size_t lanes = simd_width<T>;
    auto const total = [&](auto&& lane_term, auto&& term) {
        double result = 0;
        for (std::size_t r = 0; r < rows; ++r) {
            T const* const row = y.row(c, r);
            auto acc = broadcast(T(0));
            std::size_t i = 0;
            for (; i + lanes <= columns; i += lanes)
                acc = lane_term(acc, load(row + i));
            T rest = sum(acc);
            for (; i < columns; ++i)
                rest += term(row[i]);
            result += static_cast<double>(rest);
        }
        return result;
    };
    moments m;
    m.count = static_cast<double>(rows * columns);
    T const pivot = y.row(c, 0)[0];  // keeps the sums small beside the values' common offset
    auto const p = broadcast(pivot);
    double const shifted = total([&](auto acc, auto v) { return acc + (v - p); }, [&](T v) { return v - pivot; });
    m.mean = static_cast<double>(pivot) + shifted / m.count;
    T const mean = static_cast<T>(m.mean);
    auto const q = broadcast(mean);
    m.square = total([&](auto acc, auto v) { return multiply_add(v - q, v - q, acc); },
                     [&](T v) { return (v - mean) * (v - mean); });
    return m;
}

/// What a unit does with its convolution's result.
struct conv_epilogue {
    bool relu = false;
    conv_pooling pool = conv_pooling::none;
    bool statistics = false;
    drop_mask drop;
};

/// Scratch memory of units, reused: it grows to the largest request and stays.
template <scalar T>
struct conv_scratch {
    std::vector<aligned_vector<T>> tiles;         // one a thread
    aligned_vector<T> packed, merged;             // reordered weights, and what they are made of
    std::vector<moments> parts;                   // one a tile and channel
    std::vector<aligned_vector<T>> weight_parts;  // one a group of tiles
    std::vector<std::vector<double>> sum_parts;

    T* tile_memory(std::size_t slot) { return tiles[slot].data(); }
    void reserve_tiles(std::size_t size, int threads) {
        tiles.resize(std::max(tiles.size(), static_cast<std::size_t>(thread_count(threads))));
        for (auto& t : tiles)
            if (t.size() < size)
                t.resize(size);
    }
};

/// The moments of co channels from those of their parts, joined in the order of the parts.
inline void join_moments(std::vector<moments> const& parts, std::size_t count, std::size_t co, moments* result) {
    for (std::size_t c = 0; c < co; ++c) {
        result[c] = {};
        for (std::size_t index = 0; index < count; ++index)
            result[c].join(parts[index * co + c]);
    }
}

template <scalar T, class F>
void with_kernel_size(std::size_t k, F&& f) {
    if (k == 1)
        f.template operator()<1>();
    else
        f.template operator()<3>();
}

/// ReLU and dropout on a finished window of channel c, whose first pixel is (y, x) of sample n.
template <scalar T>
void finish_window(conv_epilogue const& epilogue, T* data, std::size_t row_stride, std::size_t rows,
                   std::size_t columns, std::size_t n, std::size_t c, std::size_t y, std::size_t x) {
    for (std::size_t r = 0; r < rows; ++r) {
        T* const row = data + r * row_stride;
        if (epilogue.relu)
            map_row(
                row, columns, row, [](auto v) { return maximum(v, broadcast(T(0))); },
                [](T v) { return std::max(v, T(0)); });
        epilogue.drop.apply(row, columns, n, c, y + r, x);
    }
}

/// The larger of 2x2 values; which one goes to `which` unless it is null: 0..3 by row and column. At most half a tile's
/// columns.
template <scalar T>
void pool_row(T const* upper, T const* lower, std::size_t columns, T* to, std::uint8_t* which) {
    for (std::size_t i = 0; i < columns; ++i)
        to[i] = std::max(std::max(upper[2 * i], upper[2 * i + 1]), std::max(lower[2 * i], lower[2 * i + 1]));
    if (!which)
        return;
    // Numbers as wide as the values, without branches, narrowed afterwards: compilers turn both loops into vector code.
    lane_index<T> wide[max_tile_columns / 2];
    for (std::size_t i = 0; i < columns; ++i) {
        T const a = upper[2 * i], b = upper[2 * i + 1], c = lower[2 * i], d = lower[2 * i + 1];
        lane_index<T> const in_upper = b > a, in_lower = d > c, below = std::max(c, d) > std::max(a, b);
        wide[i] = in_upper + below * (2 + in_lower - in_upper);
    }
    for (std::size_t i = 0; i < columns; ++i)
        which[i] = static_cast<std::uint8_t>(wide[i]);
}

/// Where a unit's backward pass puts its results. Everything is added to, and padding of the input's rows may be.
template <scalar T>
struct conv_gradients {
    T* weight = nullptr;           // (Co, Ci, K, K), null if it is not wanted
    T* bias = nullptr;             // (Co), null if the unit has none
    tensor_view<T> input;          // shape of in.value; not computed if empty. Of a normalised input: the direct part
    double* normalised = nullptr;  // of a normalised input, Ci pairs: sum of dz, sum of dz (x - mean), overwritten
    T const* mean = nullptr;       // (Ci), read with `normalised`
};

/// Sum of one row.
template <scalar T>
double row_sum(T const* row, std::size_t count) {
    constexpr std::size_t lanes = simd_width<T>;
    auto acc = broadcast(T(0));
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes)
        acc += load(row + i);
    T rest = sum(acc);
    for (; i < count; ++i)
        rest += row[i];
    return static_cast<double>(rest);
}

/// The sums of the groups, added up in their order in the first one's place.
template <scalar T>
T const* join_weight_parts(std::vector<aligned_vector<T>>& parts, std::size_t groups) {
    T* const total = parts[0].data();
    for (std::size_t g = 1; g < groups; ++g)
        std::transform(total, total + parts[0].size(), parts[g].data(), total, [](T a, T b) { return a + b; });
    return total;
}

/// Tiles are summed in a fixed number of groups: enough to share among threads, few enough to hold.
inline std::size_t sum_groups(std::size_t tiles) {
    return std::min<std::size_t>(tiles, 16);
}

}}}  // namespace comir::COMIR_ABI::detail
