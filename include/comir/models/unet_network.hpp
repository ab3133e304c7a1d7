#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/random.hpp>
#include <comir/models/unet_plan.hpp>
#include <comir/models/unet_resampling.hpp>
#include <comir/nn/dense/feature_norm.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Memory of a network's passes: planned by the first call, reused by later ones of the same or a smaller shape.
/// One workspace serves one call at a time.
template <scalar T>
struct unet_workspace {
    std::vector<feature_buffer<T>> buffers;
    std::vector<std::vector<std::uint8_t>> chosen;  // of each pooling
    detail::norm_scratch<T> norm;
    detail::conv_scratch<T> scratch;
    detail::unet_stage_memory<T> stage;

    /// Exchanges the memory of the gradients with another workspace's. Only a backward pass needs it, so networks that
    /// run theirs one after another hand it on.
    void exchange_gradients(unet_workspace& other) {
        for (std::size_t i = 0; i < std::min(buffers.size(), other.buffers.size()); ++i)
            std::swap(buffers[i].gradient, other.buffers[i].gradient);
    }

    /// Bytes held by feature maps, their gradients and what else grows with the image; scratch of the threads, a few
    /// MiB, comes on top.
    std::size_t bytes() const {
        std::size_t total = stage.bytes();
        for (auto const& c : chosen)
            total += c.size();
        for (auto const& b : buffers)
            total += b.bytes();
        return total;
    }
};

namespace detail {

/// Runs a plan: the part of dense_unet that does not depend on its shape at compile time, so it is compiled once, or
/// twice if a program has shapes with and without resampled units.
template <scalar T, bool Resampled>
class unet_network {
public:
    explicit unet_network(unet_shape const& shape) : shape_(shape), plan_(unet_planner(shape).take()) {}

    unet_shape const& shape() const { return shape_; }
    unet_plan const& plan() const { return plan_; }

    void initialise(std::span<T> parameters, std::span<T> running, std::uint64_t seed) const {
        for (std::size_t u = 0; u < plan_.units.size(); ++u) {
            auto const& unit = plan_.units[u];
            // PyTorch takes the output channels of a transposed convolution for its fan-in.
            bool const transposed = unit.stage == unet_stage::transposed;
            std::size_t const co = transposed ? unit.co : unit.conv_channels(), taps = unit.kernel * unit.kernel;
            std::size_t const fan_in = (transposed ? unit.co : unit.ci) * taps;
            double const bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
            random_stream random(seed, u);
            for (std::size_t i = 0; i < co * unit.ci * taps; ++i)
                parameters[unit.weight + i] = static_cast<T>(random.uniform(-bound, bound));
            for (std::size_t i = 0; unit.bias != no_offset && i < co; ++i)
                parameters[unit.bias + i] = static_cast<T>(random.uniform(-bound, bound));
            for (std::size_t i = 0; unit.gamma != no_offset && i < unit.ci; ++i) {
                parameters[unit.gamma + i] = T(1);
                parameters[unit.beta + i] = T(0);
                running[unit.running + i] = T(0);
                running[unit.running + unit.ci + i] = T(1);
            }
        }
    }

    /// What a fresh workspace's bytes() is after encoding or a training step with images (N, *, H, W).
    std::size_t bytes(std::size_t n, std::size_t h, std::size_t w, bool training) const {
        std::size_t total = Resampled ? stage_bytes<T>(plan_, n, h, w, training) : 0;
        for (std::size_t i = 0; i < plan_.buffer_channels.size(); ++i)
            total += (training ? 2 : 1) * feature_map<T>::bytes({n, plan_.buffer_channels[i], h >> i, w >> i});
        for (auto const& unit : plan_.units)
            if (unit.pool == conv_pooling::max && training)
                total += chosen_bytes(unit, n, h, w);
        return total;
    }

    /// Training updates the running statistics and keeps what backward needs.
    void forward(std::span<T const> parameters, std::span<T> running_update, std::span<T const> running,
                 tensor_view<T const> x, tensor_view<T> y, bool training, std::uint64_t drop_seed,
                 unet_workspace<T>& work, int threads) const {
        prepare(x.shape(), training, work);
        for (std::size_t u = 0; u < plan_.units.size(); ++u) {
            auto const& unit = plan_.units[u];
            auto const in = input_of(unit, parameters, running, x, training, work);
            if (training && unit.running != no_offset)
                mix_running(work.buffers[unit.from], unit.from_first, unit.ci, running_update.data() + unit.running);
            conv_epilogue epilogue;
            epilogue.relu = unit.relu;
            epilogue.pool = unit.pool;
            epilogue.statistics = training && unit.to != image_buffer;
            if (training)
                epilogue.drop = drop_of(unit, u, drop_seed);
            auto const out =
                unit.to == image_buffer ? y : work.buffers[unit.to].value.view().channels(unit.to_first, unit.co);
            T const* const weight = parameters.data() + unit.weight;
            T const* const bias = unit.bias == no_offset ? nullptr : parameters.data() + unit.bias;
            if (!Resampled || unit.stage == unet_stage::none)
                conv_unit_forward(
                    in, unit.co, unit.kernel, weight, bias, epilogue, out,
                    unit.pool == conv_pooling::max && training ? work.chosen[unit.chosen].data() : nullptr,
                    work.norm.moments.data(), work.scratch, threads);
            else if constexpr (Resampled)
                resampled_unit_forward(unit, in, weight, bias, epilogue, out, work.stage, work.norm, work.scratch,
                                       threads);
            if (epilogue.statistics)
                keep_moments(work.norm, work.buffers[unit.to], unit.to_first, unit.co);
        }
    }

    /// After a training forward with the same x and seed. Adds to the parameters' gradient, and to dx if it is not
    /// empty.
    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> dy, tensor_view<T> dx,
                  std::span<T> gradient, std::uint64_t drop_seed, unet_workspace<T>& work, int threads) const {
        for (auto& buffer : work.buffers)
            buffer.clear_gradient();
        for (std::size_t u = plan_.units.size(); u-- > 0;) {
            auto const& unit = plan_.units[u];
            auto const in = input_of(unit, parameters, {}, x, true, work);

            conv_output_gradient<T> output;
            if (unit.to == image_buffer)
                output.gradient = dy;
            else
                output = complete_gradient(work.buffers[unit.to], unit.to_first, unit.co, work.norm);
            output.relu = unit.relu;
            output.pool = unit.pool;
            output.chosen = unit.pool == conv_pooling::max ? work.chosen[unit.chosen].data() : nullptr;
            output.drop = drop_of(unit, u, drop_seed);

            conv_gradients<T> into;
            into.weight = gradient.data() + unit.weight;
            into.bias = unit.bias == no_offset ? nullptr : gradient.data() + unit.bias;
            if (unit.from == image_buffer)
                into.input = dx;
            else
                into.input = work.buffers[unit.from].gradient.view().channels(unit.from_first, unit.ci);
            into.normalised = work.norm.sums.data();
            into.mean = work.norm.mean.data();
            T const* const weight = parameters.data() + unit.weight;
            if (!Resampled || unit.stage == unet_stage::none)
                conv_unit_backward(in, unit.co, unit.kernel, weight, output, into, work.scratch, threads);
            else if constexpr (Resampled)
                resampled_unit_backward(unit, in, weight, output, into, work.stage, work.scratch, threads);
            if (unit.gamma != no_offset)
                add_normalisation_gradient(work.buffers[unit.from], unit.from_first, unit.ci,
                                           parameters.data() + unit.gamma, work.norm, gradient.data() + unit.gamma,
                                           gradient.data() + unit.beta);
        }
    }

private:
    void prepare(shape4 s, bool training, unet_workspace<T>& work) const {
        work.buffers.resize(plan_.buffer_channels.size());
        work.chosen.resize(plan_.poolings);
        std::size_t widest = 1;
        for (std::size_t i = 0; i < work.buffers.size(); ++i) {
            work.buffers[i].resize({s.n, plan_.buffer_channels[i], s.h >> i, s.w >> i});
            widest = std::max(widest, plan_.buffer_channels[i]);
        }
        for (auto const& unit : plan_.units) {
            widest = std::max({widest, unit.ci, unit.co});
            if (unit.pool == conv_pooling::max && training)
                work.chosen[unit.chosen].resize(chosen_bytes(unit, s.n, s.h, s.w));
        }
        work.norm.resize(widest);
    }

    static std::size_t chosen_bytes(unet_unit const& unit, std::size_t n, std::size_t h, std::size_t w) {
        return n * unit.co * (h >> unit.to) * (w >> unit.to);
    }

    conv_input<T> input_of(unet_unit const& unit, std::span<T const> parameters, std::span<T const> running,
                           tensor_view<T const> x, bool training, unet_workspace<T>& work) const {
        conv_input<T> in;
        if (unit.from == image_buffer)
            in.value = x;
        else if (unit.gamma == no_offset)
            in.value = std::as_const(work.buffers[unit.from].value).view().channels(unit.from_first, unit.ci);
        else
            in = normalised_input(work.buffers[unit.from], unit.from_first, unit.ci, parameters.data() + unit.gamma,
                                  parameters.data() + unit.beta, training ? nullptr : running.data() + unit.running,
                                  work.norm);
        in.upsample = unit.upsample;
        return in;
    }

    static drop_mask drop_of(unet_unit const& unit, std::size_t index, std::uint64_t seed) {
        return {static_cast<double>(unit.dropout_percent) / 100.0, unit.drop_channels, mix64(seed + index + 1)};
    }

    unet_shape shape_;
    unet_plan plan_;
};

}  // namespace detail
}}  // namespace comir::COMIR_ABI
