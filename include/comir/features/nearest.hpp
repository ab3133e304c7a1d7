#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Rows of D floats.
struct row_block {
    float const* data = nullptr;
    std::size_t count = 0, length = 0;

    float const* row(std::size_t i) const { return data + i * length; }
};

/// The two rows nearest to one row: squared distances, and the nearer one's number.
struct two_nearest {
    float first = std::numeric_limits<float>::infinity(), second = std::numeric_limits<float>::infinity();
    std::size_t index = 0;

    void add(float distance, std::size_t i) {
        if (distance < first || (distance == first && i < index)) {
            second = first;
            first = distance;
            index = i;
        } else if (distance < second) {
            second = distance;
        }
    }
};

/// Rows to search in, laid out so that a vector holds one number of as many rows as it has lanes. All distances are
/// computed, as |a|^2 + |b|^2 - 2 ab: the products of a few rows with two vectors of rows stay in registers.
class row_index {
public:
    /// Row numbers are kept as float in vectors: above this they would not be exact.
    static constexpr std::size_t most_rows = std::size_t{1} << 24;

    explicit row_index(row_block const& rows) : count_(rows.count), length_(rows.length) {
        std::size_t const panels = (count_ + panel - 1) / panel;
        values_.assign(panels * panel * length_, 0.0f);
        squares_.assign(panels * panel, std::numeric_limits<float>::infinity());
        for (std::size_t i = 0; i < count_; ++i) {
            float const* row = rows.row(i);
            float* to = values_.data() + i / panel * panel * length_ + i % panel;
            for (std::size_t d = 0; d < length_; ++d)
                to[d * panel] = row[d];
            squares_[i] = square(row);
        }
    }

    /// For each query its two nearest rows; of equally near ones the first.
    std::vector<two_nearest> find(row_block const& queries, int threads) const {
        std::vector<two_nearest> result(queries.count);
        constexpr std::size_t chunk = 8 * block;
        parallel_for((queries.count + chunk - 1) / chunk, threads, [&](std::size_t item) {
            std::size_t const end = std::min((item + 1) * chunk, queries.count);
            lane_bests best;
            for (std::size_t i = item * chunk; i < end; i += block) {
                // The last block takes its last query several times over.
                float const* rows[block];
                for (std::size_t q = 0; q < block; ++q)
                    rows[q] = queries.row(std::min(i + q, end - 1));
                search(rows, best);
                for (std::size_t q = 0; q < std::min(block, end - i); ++q)
                    result[i + q] = best.reduce(q, square(rows[q]));
            }
        });
        return result;
    }

private:
    static constexpr std::size_t width = simd_width<float>;
    static constexpr std::size_t panel = 2 * width;
    // Two sums for each query, and a third of the registers left for operands.
    static constexpr std::size_t block = simd_registers >= 32 ? 10 : 5;

    /// The best two of each lane, for each query.
    struct lane_bests {
        float first[block][width], second[block][width], index[block][width];

        void clear() {
            std::fill_n(&first[0][0], block * width, std::numeric_limits<float>::infinity());
            std::fill_n(&second[0][0], block * width, std::numeric_limits<float>::infinity());
            std::fill_n(&index[0][0], block * width, 0.0f);
        }
        void add(std::size_t q, simd<float> const& distance, simd<float> const& numbers) {
            simd<float> const former = load(first[q]), nearer = former - distance;
            store(second[q], minimum(load(second[q]), maximum(former, distance)));
            store(index[q], where_positive(nearer, numbers, load(index[q])));
            store(first[q], minimum(former, distance));
        }
        two_nearest reduce(std::size_t q, float square) const {
            two_nearest best;
            for (std::size_t lane = 0; lane < width; ++lane) {
                best.add(first[q][lane], static_cast<std::size_t>(index[q][lane]));
                best.second = std::min(best.second, second[q][lane]);
            }
            // Rounding may put the distance of equal rows below zero.
            best.first = std::max(0.0f, best.first + square);
            best.second = std::max(0.0f, best.second + square);
            return best;
        }
    };

    float square(float const* row) const {
        float total = 0.0f;
        for (std::size_t d = 0; d < length_; ++d)
            total += row[d] * row[d];
        return total;
    }

    void search(float const* const (&rows)[block], lane_bests& best) const {
        best.clear();
        float lanes[width];
        for (std::size_t i = 0; i < width; ++i)
            lanes[i] = static_cast<float>(i);
        simd<float> const counting = load(static_cast<float const*>(lanes)), minus_two(-2.0f);
        for (std::size_t p = 0; p * panel < count_; ++p) {
            float const* values = values_.data() + p * panel * length_;
            simd<float> low[block], high[block];
            for (std::size_t q = 0; q < block; ++q)
                low[q] = high[q] = simd<float>(0.0f);
            for (std::size_t d = 0; d < length_; ++d, values += panel) {
                simd<float> const a = load(values), b = load(values + width);
                for (std::size_t q = 0; q < block; ++q) {
                    simd<float> const v(rows[q][d]);
                    low[q] = multiply_add(v, a, low[q]);
                    high[q] = multiply_add(v, b, high[q]);
                }
            }
            simd<float> const square_a = load(squares_.data() + p * panel);
            simd<float> const square_b = load(squares_.data() + p * panel + width);
            simd<float> const number_a = counting + simd<float>(static_cast<float>(p * panel));
            simd<float> const number_b = counting + simd<float>(static_cast<float>(p * panel + width));
            for (std::size_t q = 0; q < block; ++q) {
                best.add(q, multiply_add(minus_two, low[q], square_a), number_a);
                best.add(q, multiply_add(minus_two, high[q], square_b), number_b);
            }
        }
    }

    std::size_t count_, length_;
    aligned_vector<float> values_, squares_;
};

}}}  // namespace comir::COMIR_ABI::detail
