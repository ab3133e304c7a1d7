#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/tensor.hpp>
#include <comir/training/batch/sampler.hpp>
#include <comir/training/objective/canonical_signal.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Pulls the representations of a batch towards the canonical signal of its patches: weight times the sum over the
/// modalities of the mean of (x - signal)^2, in as many channels as the signal has. Contrastive losses leave open what
/// a representation looks like, and chance decides; this loss decides instead, in the same way for every seed.
/// Shapes:  x and dx: M views (N, C, P, P), what a batch_sampler of the same options draws through `view`
/// Writes:  gradient adds to dx
/// Threads: over channels of samples; the same bits for any number of threads. One object per thread
template <std::size_t M>
class canonical_signal_loss {
public:
    canonical_signal_loss(std::span<aligned_images<M> const> scenes, std::size_t channels,
                          sampler_options const& options, int threads = 0)
        : scenes_(std::make_shared<signals const>(signals_of(scenes, channels, threads))),
          sampler_(*scenes_, options),
          threads_(threads) {}

    /// The penalty at a step of the sampler; its derivative by x is added to dx.
    template <patch_view View = whole_view>
    double gradient(std::uint64_t step, double weight, std::array<tensor_view<float const>, M> const& x,
                    std::array<tensor_view<float>, M> const& dx, View const& view = {}) {
        shape4 shape = x[0].shape();
        require<shape_error>(shape.c >= sampler_.channels(0), "comir::canonical_signal_loss: x is ", to_string(shape),
                             ", expected at least ", sampler_.channels(0), " channels");
        shape.c = sampler_.channels(0);
        signal_.resize(shape);
        double const factor = weight / static_cast<double>(shape.size());
        sums_.resize(shape.n * shape.c);
        double total = 0;
        constexpr bool is_whole = std::same_as<View, whole_view>;  // one signal for all modalities
        if constexpr (is_whole)
            sampler_.draw(step, {signal_.view()}, threads_);
        for (std::size_t m = 0; m < M; ++m) {
            if constexpr (!is_whole)
                sampler_.draw(
                    step, {signal_.view()}, [&](std::size_t, std::size_t n) { return view(m, n); }, threads_);
            parallel_for(sums_.size(), threads_, [&](std::size_t item) {
                std::size_t const n = item / shape.c, c = item % shape.c;
                sums_[item] = 0;
                for (std::size_t y = 0; y < shape.h; ++y)
                    sums_[item] += row(x[m].row(n, c, y), std::as_const(signal_).view().row(n, c, y),
                                       dx[m].row(n, c, y), shape.w, static_cast<float>(2 * factor));
            });
            for (double const sum : sums_)
                total += sum;
        }
        return factor * total;
    }

private:
    using signals = std::vector<aligned_images<1>>;

    static signals signals_of(std::span<aligned_images<M> const> scenes, std::size_t channels, int threads) {
        signals result;
        for (image<float>& signal : canonical_signal(scenes, channels, threads))
            result.push_back({std::move(signal)});
        return result;
    }

    static double row(float const* x, float const* signal, float* dx, std::size_t width, float step) {
        float sum = 0;
        for (std::size_t i = 0; i < width; ++i) {
            float const difference = x[i] - signal[i];
            sum += difference * difference;
            dx[i] += step * difference;
        }
        return static_cast<double>(sum);
    }

    std::shared_ptr<signals const> scenes_;  // copies share them, since the sampler looks at them
    batch_sampler<1> sampler_;
    tensor<float> signal_;
    std::vector<double> sums_;
    int threads_;
};

}}  // namespace comir::COMIR_ABI
