#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/image/pearson.hpp>

namespace comir { inline namespace COMIR_ABI {

/// For each row of a square table its own column, so that the entries' sum is large: the largest one of all orders up
/// to 4 rows; beyond, the largest entry that is left comes first.
/// Errors: shape_error if the table is not square
inline std::vector<std::size_t> match_channels(std::vector<std::vector<double>> const& table) {
    std::size_t const n = table.size();
    for (auto const& row : table)
        require<shape_error>(row.size() == n, "comir::match_channels: a row has ", row.size(), " entries, expected ", n,
                             " as there are rows");
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (n <= 4) {
        auto const sum = [&](std::vector<std::size_t> const& columns) {
            double total = 0.0;
            for (std::size_t i = 0; i < n; ++i)
                total += table[i][columns[i]];
            return total;
        };
        std::vector<std::size_t> best = order;
        while (std::next_permutation(order.begin(), order.end()))
            if (sum(order) > sum(best))
                best = order;
        return best;
    }
    std::vector<bool> row_taken(n), column_taken(n);
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t row = n, column = n;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j)
                if (!row_taken[i] && !column_taken[j] && (row == n || table[i][j] > table[row][column])) {
                    row = i;
                    column = j;
                }
        order[row] = column;
        row_taken[row] = column_taken[column] = true;
    }
    return order;
}

/// How alike two models represent the same images: the absolute correlation of channels, the mean over images and
/// channels, each channel of the one compared with its own match in the other. Absolute, since a model may as well
/// represent everything with the contrast turned over.
/// Errors: shape_error if the lists differ in length or their images in shape; error if there are none
inline double stability(std::span<image<float> const> a, std::span<image<float> const> b) {
    require<shape_error>(a.size() == b.size(), "comir::stability: ", a.size(), " and ", b.size(),
                         " representations, expected those of the same images");
    require(!a.empty(), "comir::stability: there are no representations, expected at least one of each model");
    std::size_t const channels = a[0].channels();
    std::vector<std::vector<double>> table(channels, std::vector<double>(channels));
    for (std::size_t k = 0; k < a.size(); ++k) {
        require<shape_error>(a[k].shape() == b[k].shape() && a[k].channels() == channels, "comir::stability: image ", k,
                             " is represented as ", to_string(a[k].shape()), " and ", to_string(b[k].shape()),
                             ", expected equal shapes of ", channels, " channels");
        for (std::size_t i = 0; i < channels; ++i)
            for (std::size_t j = 0; j < channels; ++j)
                table[i][j] += std::abs(pearson(a[k].channel(i), b[k].channel(j))) / static_cast<double>(a.size());
    }
    std::vector<std::size_t> const match = match_channels(table);
    double mean = 0.0;
    for (std::size_t i = 0; i < channels; ++i)
        mean += table[i][match[i]] / static_cast<double>(channels);
    return mean;
}

}}  // namespace comir::COMIR_ABI
