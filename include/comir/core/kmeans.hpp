#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Points of C numbers each, a plane of numbers for each of the C, as images hold their channels.
using planar_points = std::span<std::span<float const> const>;

/// The centre nearest to a point by squared distance; the first one of equals.
/// Shapes: points C x P, centres (K, C) row after row
inline std::size_t nearest_centre(planar_points points, std::size_t point, std::span<float const> centres) {
    std::size_t const channels = points.size(), clusters = centres.size() / channels;
    std::size_t best = 0;
    float least = std::numeric_limits<float>::infinity();
    for (std::size_t k = 0; k < clusters; ++k) {
        float distance = 0.0f;
        for (std::size_t c = 0; c < channels; ++c) {
            float const e = points[c][point] - centres[k * channels + c];
            distance += e * e;
        }
        if (distance < least) {
            least = distance;
            best = k;
        }
    }
    return best;
}

/// The centres that Lloyd's algorithm finds for a sample of the points in so many passes. They start at evenly spaced
/// ranks of the points' sums, so that chance plays no part; a cluster that loses all its points keeps its centre.
/// Shapes: points C x P, sample: numbers of at least one point -> centres (K, C), row after row
inline std::vector<float> kmeans(planar_points points, std::vector<std::size_t> sample, std::size_t clusters,
                                 std::size_t passes) {
    std::size_t const channels = points.size();
    auto const sum = [&](std::size_t i) {
        float s = 0.0f;
        for (auto const& channel : points)
            s += channel[i];
        return s;
    };
    std::stable_sort(sample.begin(), sample.end(), [&](std::size_t a, std::size_t b) { return sum(a) < sum(b); });
    std::vector<float> centres(clusters * channels);
    for (std::size_t k = 0; k < clusters; ++k)
        for (std::size_t c = 0; c < channels; ++c)
            centres[k * channels + c] = points[c][sample[(2 * k + 1) * sample.size() / (2 * clusters)]];
    for (std::size_t pass = 0; pass < passes; ++pass) {
        std::vector<double> sums(clusters * channels, 0.0), counts(clusters, 0.0);
        for (std::size_t const i : sample) {
            std::size_t const k = nearest_centre(points, i, centres);
            counts[k] += 1.0;
            for (std::size_t c = 0; c < channels; ++c)
                sums[k * channels + c] += static_cast<double>(points[c][i]);
        }
        for (std::size_t k = 0; k < clusters; ++k)
            for (std::size_t c = 0; c < channels && counts[k] > 0.0; ++c)
                centres[k * channels + c] = static_cast<float>(sums[k * channels + c] / counts[k]);
    }
    return centres;
}

}}  // namespace comir::COMIR_ABI
