#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/nn/conv/unit.hpp>
#include <comir/nn/dense/feature_buffer.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// Batch normalisation of a feature buffer's channels as the convolutions that read them do it: statistics belong to the
// buffer, weights and running statistics to each reader.

/// As in PyTorch.
inline constexpr double norm_epsilon = 1e-5, norm_momentum = 0.1;

/// Numbers per channel of the convolution at work, reused by the next.
template <scalar T>
struct norm_scratch {
    std::vector<detail::moments> moments;
    std::vector<double> sums;
    aligned_vector<T> scale, shift, mean, offset, slope, shift_mean;

    void resize(std::size_t channels) {
        moments.resize(channels);
        sums.resize(2 * channels);
        for (auto* v : {&scale, &shift, &mean, &offset, &slope, &shift_mean})
            v->resize(channels);
    }
};

/// Moments of each channel of a view.
template <scalar T>
void channel_moments(tensor_view<T const> const& x, std::vector<moments>& parts, moments* result, int threads) {
    shape4 const s = x.shape();
    parts.resize(std::max(parts.size(), s.n * s.c));
    parallel_for(s.n * s.c, threads, [&](std::size_t i) {
        plane<T const> const values{x.row(i / s.c, i % s.c, 0), 0, x.stride_h()};
        parts[i] = row_block_moments(values, 0, s.h, s.w);
    });
    for (std::size_t c = 0; c < s.c; ++c) {
        result[c] = {};
        for (std::size_t n = 0; n < s.n; ++n)
            result[c].join(parts[n * s.c + c]);
    }
}

/// Gives the first moments of the scratch to `count` channels of the buffer.
template <scalar T>
void keep_moments(norm_scratch<T> const& scratch, feature_buffer<T>& buffer, std::size_t first, std::size_t count) {
    for (std::size_t c = 0; c < count; ++c) {
        buffer.mean[first + c] = scratch.moments[c].mean;
        buffer.variance[first + c] = scratch.moments[c].square / scratch.moments[c].count;
    }
}

/// What a convolution reads: `count` channels normalised and rectified, by the running statistics (means, then
/// variances) or, if those are null, by the batch's.
template <scalar T>
conv_input<T> normalised_input(feature_buffer<T> const& buffer, std::size_t first, std::size_t count, T const* gamma,
                               T const* beta, T const* running, norm_scratch<T>& scratch) {
    for (std::size_t c = 0; c < count; ++c) {
        double const mean = running ? static_cast<double>(running[c]) : buffer.mean[first + c];
        double const variance = running ? static_cast<double>(running[count + c]) : buffer.variance[first + c];
        double const scale = static_cast<double>(gamma[c]) / std::sqrt(variance + norm_epsilon);
        scratch.scale[c] = static_cast<T>(scale);
        scratch.shift[c] = static_cast<T>(static_cast<double>(beta[c]) - scale * mean);
        scratch.mean[c] = static_cast<T>(mean);
    }
    conv_input<T> in;
    in.value = buffer.value.view().channels(first, count);
    in.scale = scratch.scale.data();
    in.shift = scratch.shift.data();
    return in;
}

/// Mixes the batch's statistics of `count` channels into running ones: means, then unbiased variances.
template <scalar T>
void mix_running(feature_buffer<T> const& buffer, std::size_t first, std::size_t count, T* running) {
    shape4 const s = buffer.value.shape();
    double const values = static_cast<double>(s.n * s.h * s.w);
    auto const mix = [](T& old, double fresh) {
        old = static_cast<T>((1 - norm_momentum) * static_cast<double>(old) + norm_momentum * fresh);
    };
    for (std::size_t c = 0; c < count; ++c) {
        mix(running[c], buffer.mean[first + c]);
        mix(running[count + c], buffer.variance[first + c] * values / (values - 1));
    }
}

/// The gradient of `count` channels, complete once all their readers have added theirs.
template <scalar T>
conv_output_gradient<T> complete_gradient(feature_buffer<T> const& buffer, std::size_t first, std::size_t count,
                                          norm_scratch<T>& scratch) {
    for (std::size_t c = 0; c < count; ++c) {
        double const inverse = 1.0 / std::sqrt(buffer.variance[first + c] + norm_epsilon);
        scratch.offset[c] = static_cast<T>(inverse * buffer.pull_mean[first + c]);
        scratch.slope[c] = static_cast<T>(inverse * inverse * buffer.pull_slope[first + c]);
        scratch.shift_mean[c] = static_cast<T>(buffer.mean[first + c]);
    }
    conv_output_gradient<T> output;
    output.gradient = buffer.gradient.view().channels(first, count);
    output.value = buffer.value.view().channels(first, count);
    output.offset = scratch.offset.data();
    output.slope = scratch.slope.data();
    output.mean = scratch.shift_mean.data();
    return output;
}

/// Adds a complete gradient to dx, for what no convolution's backward reads.
template <scalar T>
void add_complete(conv_output_gradient<T> const& gradient, tensor_view<T> const& dx, int threads) {
    shape4 const s = dx.shape();
    parallel_for(s.n * s.c, threads, [&](std::size_t i) {
        std::size_t const n = i / s.c, c = i % s.c;
        T const offset = gradient.offset[c], slope = gradient.slope[c], mean = gradient.mean[c];
        for (std::size_t y = 0; y < s.h; ++y) {
            T const* const from = gradient.gradient.row(n, c, y);
            T const* const value = gradient.value.row(n, c, y);
            T* const to = dx.row(n, c, y);
            for (std::size_t x = 0; x < s.w; ++x) {
                T const complete = from[x] - offset - slope * (value[x] - mean);
                to[x] += gradient.relu && !(value[x] > T(0)) ? T(0) : complete;
            }
        }
    });
}

/// After conv_unit_backward left the sums of `count` normalised channels in the scratch: adds to the gradients of
/// weights and biases, and to the channels' pulls.
template <scalar T>
void add_normalisation_gradient(feature_buffer<T>& buffer, std::size_t first, std::size_t count, T const* gamma,
                                norm_scratch<T> const& scratch, T* dgamma, T* dbeta) {
    shape4 const s = buffer.value.shape();
    double const values = static_cast<double>(s.n * s.h * s.w);
    for (std::size_t c = 0; c < count; ++c) {
        double const inverse = 1.0 / std::sqrt(buffer.variance[first + c] + norm_epsilon);
        double const by_beta = scratch.sums[2 * c], by_gamma = inverse * scratch.sums[2 * c + 1];
        dbeta[c] += static_cast<T>(by_beta);
        dgamma[c] += static_cast<T>(by_gamma);
        buffer.pull_mean[first + c] += static_cast<double>(gamma[c]) * by_beta / values;
        buffer.pull_slope[first + c] += static_cast<double>(gamma[c]) * by_gamma / values;
    }
}

}}}  // namespace comir::COMIR_ABI::detail
