#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>
#include <comir/registration/metrics/mutual_information/points.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Room for one evaluation after another, on one thread at a time.
struct mi_workspace {
    mi_workspace(std::size_t bin_count, std::size_t samples)
        : bins(bin_count),
          position(samples),
          dx(samples),
          dy(samples),
          inside(samples),
          joint(round_up(bins * bins, simd_width<double>)),
          logs(joint.size()),
          table(joint.size()),
          fixed(round_up(bins, simd_width<double>)),
          moving(fixed.size()),
          fixed_log(fixed.size()),
          moving_log(fixed.size()) {}

    std::size_t bins;
    aligned_vector<float> position, dx, dy, inside;  // of each point in the moving field
    aligned_vector<double> joint, logs;              // [fixed bin][moving bin]
    aligned_vector<float> table;                     // the measure's derivative by the joint histogram
    aligned_vector<double> fixed, moving, fixed_log, moving_log;
};

namespace detail {

/// Adds one block to the joint histogram: each point to its fixed bin, with the cubic B-spline's weights over the four
/// moving bins about its position.
inline void add_to_joint(float const* position, float const* inside, std::int32_t const* row, std::size_t bins,
                         double* joint) {
    auto const last = static_cast<std::int32_t>(bins) - 3;
    for (std::size_t i = 0; i < mi_block; ++i) {
        std::int32_t const k = std::min(static_cast<std::int32_t>(position[i]), last);
        float const u = position[i] - static_cast<float>(k), r = 1.0f - u, sixth = inside[i] * (1.0f / 6.0f);
        float const w0 = sixth * r * r * r, w3 = sixth * u * u * u, w1 = sixth * (4.0f + 3.0f * u * u * (u - 2.0f));
        float const w2 = inside[i] - (w0 + w1 + w3);
        double* const bin = joint + row[i] + k - 1;
        bin[0] += static_cast<double>(w0);
        bin[1] += static_cast<double>(w1);
        bin[2] += static_cast<double>(w2);
        bin[3] += static_cast<double>(w3);
    }
}

/// From the joint histogram of `total` points the measure, and its derivative by each entry in the table.
/// A constant added to a row of the table changes nothing, since a point's four weights always add up to one.
inline double measure_joint(mi_workspace& work, double total, bool normalised) {
    std::size_t const bins = work.bins;
    double const share = 1.0 / total;
    std::fill(work.fixed.begin(), work.fixed.end(), 0.0);
    std::fill(work.moving.begin(), work.moving.end(), 0.0);
    for (std::size_t l = 0; l < bins; ++l) {
        double* const row = work.joint.data() + l * bins;
        for (std::size_t k = 0; k < bins; ++k) {
            row[k] = std::max(0.0, row[k] * share);
            work.moving[k] += row[k];
        }
        for (std::size_t k = 0; k < bins; ++k)
            work.fixed[l] += row[k];
    }
    // p log p is zero where p is; the floor only keeps the logarithm finite.
    auto const entropy = [](aligned_vector<double> const& p, aligned_vector<double>& log_p) {
        auto total_lanes = broadcast(0.0), least = broadcast(1e-30);
        for (std::size_t i = 0; i < p.size(); i += simd_width<double>) {
            auto const value = load(p.data() + i), log_value = logarithm(maximum(value, least));
            store(log_p.data() + i, log_value);
            total_lanes = multiply_add(value, log_value, total_lanes);
        }
        return -sum(total_lanes);
    };
    double const fixed = entropy(work.fixed, work.fixed_log), moving = entropy(work.moving, work.moving_log);
    double const joint = entropy(work.joint, work.logs);
    bool const ratio = normalised && joint > 0.0;
    double const by_joint = ratio ? (fixed + moving) / (joint * joint) : 1.0, by_moving = ratio ? 1.0 / joint : 1.0;
    for (std::size_t l = 0; l < bins; ++l)
        for (std::size_t k = 0; k < bins; ++k) {
            std::size_t const i = l * bins + k;
            work.table[i] = static_cast<float>(by_joint * work.logs[i] - by_moving * work.moving_log[k]);
        }
    // Two constant images say as much of each other as anything can, which is nothing: as if they were independent.
    return normalised ? (ratio ? (fixed + moving) / joint : 1.0) : fixed + moving - joint;
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
