#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/models/unet_plan.hpp>
#include <comir/nn/conv/conv_transpose.hpp>
#include <comir/nn/dense/feature_norm.hpp>
#include <comir/nn/layers/blur_pool.hpp>
#include <comir/nn/layers/pixel_shuffle.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Memory of the units whose convolution's result is resampled before it enters a buffer. Only what backward needs is
/// kept apart for each unit.
template <scalar T>
struct unet_stage_memory {
    aligned_vector<T> result;    // of the convolution, or its gradient
    aligned_vector<T> gradient;  // of the unit, complete
    phase_weights<T> weights;
    std::vector<typename blur_pool<T>::state> blurs;  // one a pooling

    std::size_t bytes() const {
        std::size_t total = (result.size() + gradient.size()) * sizeof(T);
        for (auto const& b : blurs)
            total += b.place.size();
        return total;
    }
};

/// A view of memory that grows to the largest request and stays; the values are not set.
template <scalar T>
tensor_view<T> stage_view(aligned_vector<T>& memory, shape4 s) {
    std::size_t const stride_h = row_pitch<T>(s.w), stride_c = s.h * stride_h, stride_n = s.c * stride_c;
    if (memory.size() < s.n * stride_n)
        memory.resize(s.n * stride_n);
    return {memory.data(), s, stride_n, stride_c, stride_h};
}

template <scalar T>
shape4 stage_shape(unet_unit const& unit, conv_input<T> const& in) {
    return {in.value.shape().n, unit.conv_channels(), in.height(), in.width()};
}

/// What unet_stage_memory::bytes() is after a call with images (N, *, H, W).
template <scalar T>
std::size_t stage_bytes(unet_plan const& plan, std::size_t n, std::size_t h, std::size_t w, bool training) {
    auto const padded = [&](std::size_t channels, std::size_t level) {
        return n * channels * (h >> level) * row_pitch<T>(w >> level);
    };
    std::size_t result = 0, gradient = 0, places = 0;
    for (auto const& unit : plan.units)
        if (unit.stage != unet_stage::none) {
            result = std::max(result, padded(unit.conv_channels(), unit.from));
            gradient = std::max(gradient, training ? padded(unit.co, unit.to) : 0);
            if (unit.stage == unet_stage::blur)
                places += n * unit.co * ((h >> unit.from) - 1) * ((w >> unit.from) - 1);
        }
    return (result + gradient) * sizeof(T) + places;
}

/// Calls body(layer, state) with the layer that resamples a unit's result.
template <scalar T, class Body>
void with_resampling(unet_unit const& unit, unet_stage_memory<T>& memory, Body&& body) {
    if (unit.stage == unet_stage::blur) {
        if (memory.blurs.size() <= unit.chosen)
            memory.blurs.resize(unit.chosen + 1);
        body(blur_pool<T>{}, memory.blurs[unit.chosen]);
    } else {
        typename pixel_shuffle<T>::state none;
        body(pixel_shuffle<T>{}, none);
    }
}

/// Convolution and resampling to y; with statistics, the scratch receives the moments of y's channels.
template <scalar T>
void resampled_unit_forward(unet_unit const& unit, conv_input<T> const& in, T const* weight, T const* bias,
                            conv_epilogue epilogue, tensor_view<T> const& y, unet_stage_memory<T>& memory,
                            norm_scratch<T>& norm, conv_scratch<T>& scratch, int threads) {
    bool const statistics = std::exchange(epilogue.statistics, false);
    if (unit.stage == unet_stage::transposed) {
        memory.weights.spread(weight, bias, unit.ci, unit.co);
        weight = memory.weights.value.data();
        bias = weight + 36 * unit.ci * unit.co;
    }
    tensor_view<T> const result = stage_view(memory.result, stage_shape(unit, in));
    conv_unit_forward(in, unit.conv_channels(), unit.kernel, weight, bias, epilogue, result, nullptr, nullptr, scratch,
                      threads);
    with_resampling(unit, memory,
                    [&](auto const& layer, auto& state) { layer.forward({}, result, y, state, threads); });
    if (statistics)
        channel_moments<T>(y, scratch.parts, norm.moments.data(), threads);
}

/// As conv_unit_backward, with the gradient of the resampled result in `output`.
template <scalar T>
void resampled_unit_backward(unet_unit const& unit, conv_input<T> const& in, T const* weight,
                             conv_output_gradient<T> const& output, conv_gradients<T> into,
                             unet_stage_memory<T>& memory, conv_scratch<T>& scratch, int threads) {
    tensor_view<T> const complete = stage_view(memory.gradient, output.gradient.shape());
    fill(complete, T(0));
    add_complete(output, complete, threads);
    tensor_view<T> const result = stage_view(memory.result, stage_shape(unit, in));
    fill(result, T(0));
    with_resampling(unit, memory, [&](auto const& layer, auto const& state) {
        layer.backward({}, result, output.value, complete, state, result, {}, threads);
    });
    conv_output_gradient<T> plain;
    plain.gradient = result;
    plain.drop = output.drop;
    if (unit.stage != unet_stage::transposed) {
        conv_unit_backward(in, unit.conv_channels(), unit.kernel, weight, plain, into, scratch, threads);
        return;
    }
    T* const dweight = into.weight;
    T* const dbias = into.bias;
    memory.weights.spread(weight, nullptr, unit.ci, unit.co);
    into.weight = memory.weights.gradient.data();
    into.bias = into.weight + 36 * unit.ci * unit.co;
    conv_unit_backward(in, unit.conv_channels(), unit.kernel, memory.weights.value.data(), plain, into, scratch,
                       threads);
    memory.weights.gather(dweight, dbias, unit.ci, unit.co);
}

}}}  // namespace comir::COMIR_ABI::detail
