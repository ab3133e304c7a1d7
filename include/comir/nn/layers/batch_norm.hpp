#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/nn/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Normalises each channel over samples and pixels, then scales and shifts it: y = (x - mean) / sqrt(var + eps) * w +
/// b. Training (`forward`) takes the batch's own mean and biased variance, inference (`infer`) the running ones, into
/// which `update_running` mixes the batch's mean and unbiased variance by `momentum`. Defaults as in PyTorch.
/// Sums and each value are computed in double: float would lose a channel whose mean is large beside its deviation.
/// Shapes:  x, y (N, C, H, W); parameters: C weights, then C biases; running: C means, then C variances
/// Errors:  shape_error if x has other than `channels` channels, spans have other lengths, or a training batch has a
///          single value per channel; error for an eps that is not positive
/// Threads: over channels; the same bits for any number of threads
/// Source:  Ioffe and Szegedy 2015, arXiv:1502.03167, algorithms 1 and 2
template <scalar T>
struct batch_norm {
    using value_type = T;
    /// Of the last batch, per channel; the variance is the biased one.
    struct state {
        shape4 shape;
        std::vector<double> mean, variance;
    };

    std::size_t channels;
    double eps = 1e-5;
    double momentum = 0.1;

    constexpr std::size_t parameter_count() const { return 2 * channels; }
    constexpr std::size_t running_count() const { return 2 * channels; }
    shape4 output_shape(shape4 x) const {
        require<shape_error>(x.c == channels, "comir::batch_norm: x is ", to_string(x), ", expected ", channels,
                             " channels");
        require(eps > 0, "comir::batch_norm: eps is ", eps, ", expected above 0");
        return x;
    }

    /// Weights 1 and biases 0, means 0 and variances 1.
    void initialise(std::span<T> parameters, std::span<T> running) const {
        require<shape_error>(parameters.size() == parameter_count(),
                             "comir::batch_norm::initialise: ", parameters.size(), " parameters given, expected ",
                             parameter_count());
        check_running(running.size(), "initialise");
        for (std::size_t c = 0; c < channels; ++c) {
            parameters[c] = running[channels + c] = T(1);
            parameters[channels + c] = running[c] = T(0);
        }
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                 int threads) const {
        detail::check_forward(*this, "batch_norm::forward", parameters, x, y);
        shape4 const s = x.shape();
        require<shape_error>(s.n * s.h * s.w != 1, "comir::batch_norm::forward: x is ", to_string(s),
                             ", one value per channel has no variance; give more samples or pixels, or call infer");
        kept.shape = s;
        kept.mean.resize(channels);
        kept.variance.resize(channels);
        double const count = static_cast<double>(s.n * s.h * s.w);
        parallel_for(count > 0 ? channels : 0, threads, [&](std::size_t c) {
            double const mean =
                channel_sum(s,
                            [&](std::size_t n, std::size_t i) {
                                return [row = x.row(n, c, i)](std::size_t j) { return static_cast<double>(row[j]); };
                            }) /
                count;
            double const variance = channel_sum(s,
                                                [&](std::size_t n, std::size_t i) {
                                                    return [row = x.row(n, c, i), mean](std::size_t j) {
                                                        double const d = static_cast<double>(row[j]) - mean;
                                                        return d * d;
                                                    };
                                                }) /
                                    count;
            kept.mean[c] = mean;
            kept.variance[c] = variance;
            normalise(parameters, x, y, c, mean, variance);
        });
    }

    /// Mixes the statistics of the batch that forward saw into the running ones.
    void update_running(state const& kept, std::span<T> running) const {
        check_running(running.size(), "update_running");
        require<shape_error>(kept.mean.size() == channels,
                             "comir::batch_norm::update_running: the state holds no statistics of ", channels,
                             " channels; call forward first");
        double const count = static_cast<double>(kept.shape.n * kept.shape.h * kept.shape.w);
        for (std::size_t c = 0; c < channels && count > 1; ++c) {
            mix(running[c], kept.mean[c]);
            mix(running[channels + c], kept.variance[c] * count / (count - 1));
        }
    }

    void infer(std::span<T const> parameters, std::span<T const> running, tensor_view<T const> x, tensor_view<T> y,
               state&, int threads) const {
        detail::check_forward(*this, "batch_norm::infer", parameters, x, y);
        check_running(running.size(), "infer");
        parallel_for(channels, threads, [&](std::size_t c) {
            normalise(parameters, x, y, c, static_cast<double>(running[c]), static_cast<double>(running[channels + c]));
        });
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "batch_norm::backward", parameters, x, y, dy, dx, dparameters);
        detail::check_state(kept.shape == x.shape() && kept.mean.size() == channels, "batch_norm::backward");
        shape4 const s = x.shape();
        double const count = static_cast<double>(s.n * s.h * s.w);
        parallel_for(count > 0 ? channels : 0, threads, [&](std::size_t c) {
            double const mean = kept.mean[c], inverse = 1.0 / std::sqrt(kept.variance[c] + eps);
            double const dbias = channel_sum(s, [&](std::size_t n, std::size_t i) {
                return [row = dy.row(n, c, i)](std::size_t j) { return static_cast<double>(row[j]); };
            });
            double const dweight = inverse * channel_sum(s, [&](std::size_t n, std::size_t i) {
                                       return [row = dy.row(n, c, i), value = x.row(n, c, i), mean](std::size_t j) {
                                           return static_cast<double>(row[j]) * (static_cast<double>(value[j]) - mean);
                                       };
                                   });
            dparameters[c] += static_cast<T>(dweight);
            dparameters[channels + c] += static_cast<T>(dbias);
            double const scale = static_cast<double>(parameters[c]) * inverse;
            double const offset = dbias / count, slope = inverse * dweight / count;
            for_each_row(s, [&](std::size_t n, std::size_t i) {
                T const* const value = x.row(n, c, i);
                T const* const from = dy.row(n, c, i);
                T* const to = dx.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j) {
                    double const pull = offset + slope * (static_cast<double>(value[j]) - mean);
                    to[j] += static_cast<T>(scale * (static_cast<double>(from[j]) - pull));
                }
            });
        });
    }

private:
    void check_running(std::size_t size, char const* where) const {
        require<shape_error>(size == running_count(), "comir::batch_norm::", where, ": ", size,
                             " running statistics given, expected ", running_count());
    }
    void mix(T& running, double value) const {
        running = static_cast<T>((1.0 - momentum) * static_cast<double>(running) + momentum * value);
    }

    void normalise(std::span<T const> parameters, tensor_view<T const> const& x, tensor_view<T> const& y, std::size_t c,
                   double mean, double variance) const {
        double const scale = static_cast<double>(parameters[c]) / std::sqrt(variance + eps);
        double const bias = static_cast<double>(parameters[channels + c]);
        for_each_row(x.shape(), [&](std::size_t n, std::size_t i) {
            T const* const from = x.row(n, c, i);
            T* const to = y.row(n, c, i);
            for (std::size_t j = 0; j < x.shape().w; ++j)
                to[j] = static_cast<T>((static_cast<double>(from[j]) - mean) * scale + bias);
        });
    }

    template <class Body>
    static void for_each_row(shape4 const& s, Body&& body) {
        for (std::size_t n = 0; n < s.n; ++n)
            for (std::size_t i = 0; i < s.h; ++i)
                body(n, i);
    }

    /// Sum over a channel; row(n, i) gives the function of the column that is added.
    template <class Row>
    static double channel_sum(shape4 const& s, Row&& row) {
        // Eight running sums: a strictly ordered sum could not use vectors.
        constexpr std::size_t lanes = 8;
        double sums[lanes] = {};
        for_each_row(s, [&](std::size_t n, std::size_t i) {
            auto const term = row(n, i);
            std::size_t j = 0;
            for (; j + lanes <= s.w; j += lanes)
                for (std::size_t k = 0; k < lanes; ++k)
                    sums[k] += term(j + k);
            for (std::size_t k = 0; j < s.w; ++j, ++k)
                sums[k] += term(j);
        });
        double total = 0;
        for (double const part : sums)
            total += part;
        return total;
    }
};

}}  // namespace comir::COMIR_ABI
