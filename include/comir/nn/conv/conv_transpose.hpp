#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <comir/nn/concepts.hpp>
#include <comir/nn/conv/unit.hpp>
#include <comir/nn/layers/init.hpp>
#include <comir/nn/layers/pixel_shuffle.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

// A transposed convolution 3x3 at strides of two is a 3x3 convolution of the small image to four times the channels,
// one for each place in a 2x2 square of the output, and a pixel shuffle: nine of the 36 weights of a pair of channels
// are not zero. That runs at the speed of the kernel that is there, as does nearest upsampling before a convolution.

/// Calls body(place in the weights (Ci, Co, 3, 3), place in the convolution's (4 Co, Ci, 3, 3)) for every weight.
template <class Body>
void for_each_phase_weight(std::size_t ci, std::size_t co, Body&& body) {
    // Of a tap along one axis: the output's place in its square, and the tap of the convolution.
    constexpr std::size_t phase[3] = {0, 1, 0}, tap[3] = {1, 1, 0};
    for (std::size_t i = 0; i < ci; ++i)
        for (std::size_t o = 0; o < co; ++o)
            for (std::size_t y = 0; y < 3; ++y)
                for (std::size_t x = 0; x < 3; ++x)
                    body(((i * co + o) * 3 + y) * 3 + x,
                         (((4 * o + 2 * phase[y] + phase[x]) * ci + i) * 3 + tap[y]) * 3 + tap[x]);
}

/// Weights, then biases, of the convolution that stands for a transposed one, and their gradients.
template <scalar T>
struct phase_weights {
    aligned_vector<T> value, gradient;

    /// bias may be null.
    void spread(T const* weight, T const* bias, std::size_t ci, std::size_t co) {
        value.assign(36 * ci * co + 4 * co, T(0));
        for_each_phase_weight(ci, co, [&](std::size_t from, std::size_t to) { value[to] = weight[from]; });
        for (std::size_t o = 0; bias && o < 4 * co; ++o)
            value[36 * ci * co + o] = bias[o / 4];
        gradient.assign(value.size(), T(0));
    }
    /// Adds the gradients to those of the transposed convolution; dbias may be null.
    void gather(T* dweight, T* dbias, std::size_t ci, std::size_t co) const {
        for_each_phase_weight(ci, co, [&](std::size_t to, std::size_t from) { dweight[to] += gradient[from]; });
        T const* const by_bias = gradient.data() + 36 * ci * co;
        for (std::size_t o = 0; dbias && o < co; ++o)
            dbias[o] += (by_bias[4 * o] + by_bias[4 * o + 1]) + (by_bias[4 * o + 2] + by_bias[4 * o + 3]);
    }
};

}  // namespace detail

/// Transposed convolution 3x3 at strides of two that doubles the extent: every pixel adds its multiple of the kernel to
/// the output from twice its own position on; the last row and column, 2H and 2W, are cut off, as by the original
/// CoMIR program's crop.
/// Shapes:  x (N, Ci, H, W), y (N, Co, 2H, 2W); parameters: weight (Ci, Co, 3, 3), then bias (Co) if there is one
/// Errors:  shape_error if x has other than `in` channels or no pixels, or views or spans do not fit; error for a
///          channel count of 0
/// Threads: over tiles; the same bits for any number of threads; a state serves one call at a time
/// Source:  Dumoulin and Visin 2016, arXiv:1603.07285, relationship 13
template <scalar T>
struct conv_transpose {
    using value_type = T;
    /// Scratch only: backward needs nothing but x.
    struct state {
        mutable tensor<T> phases;
        mutable detail::phase_weights<T> weights;
        mutable detail::conv_scratch<T> scratch;
    };

    std::size_t in;
    std::size_t out;
    bool bias = true;

    constexpr std::size_t weight_count() const { return in * out * 9; }
    constexpr std::size_t parameter_count() const { return weight_count() + (bias ? out : 0); }
    shape4 output_shape(shape4 x) const {
        require(in > 0 && out > 0, "comir::conv_transpose: ", in, " -> ", out,
                " channels, expected at least 1 of each");
        require<shape_error>(x.c == in && x.size() > 0, "comir::conv_transpose: x is ", to_string(x), ", expected ", in,
                             " channels and at least one pixel");
        return {x.n, out, 2 * x.h, 2 * x.w};
    }

    /// Weights and biases uniform within 1 / sqrt(out * 9), which PyTorch takes for the fan-in here.
    void initialise(std::span<T> parameters, std::uint64_t seed) const {
        require<shape_error>(parameters.size() == parameter_count(),
                             "comir::conv_transpose::initialise: ", parameters.size(), " parameters given, expected ",
                             parameter_count());
        random_stream random(seed);
        init_uniform(parameters, out * 9, random);
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                 int threads) const {
        detail::check_forward(*this, "conv_transpose::forward", parameters, x, y);
        spread(parameters, kept);
        kept.phases.resize({x.shape().n, 4 * out, x.shape().h, x.shape().w});
        detail::conv_unit_forward(input(x), 4 * out, 3, kept.weights.value.data(),
                                  kept.weights.value.data() + 4 * weight_count(), {}, kept.phases.view(), nullptr,
                                  nullptr, kept.scratch, threads);
        typename pixel_shuffle<T>::state none;
        pixel_shuffle<T>{}.forward({}, kept.phases, y, none, threads);
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "conv_transpose::backward", parameters, x, y, dy, dx, dparameters);
        spread(parameters, kept);
        tensor<T>& phases = kept.phases;
        phases.resize({x.shape().n, 4 * out, x.shape().h, x.shape().w});
        pixel_shuffle<T>{}.backward({}, phases, y, dy, {}, phases, {}, threads);
        detail::conv_output_gradient<T> output;
        output.gradient = std::as_const(phases).view();
        detail::conv_gradients<T> into;
        into.weight = kept.weights.gradient.data();
        into.bias = bias ? into.weight + 4 * weight_count() : nullptr;
        into.input = dx;
        detail::conv_unit_backward(input(x), 4 * out, 3, kept.weights.value.data(), output, into, kept.scratch,
                                   threads);
        kept.weights.gather(dparameters.data(), bias ? dparameters.data() + weight_count() : nullptr, in, out);
    }

private:
    static detail::conv_input<T> input(tensor_view<T const> const& x) {
        detail::conv_input<T> result;
        result.value = x;
        return result;
    }
    void spread(std::span<T const> parameters, state const& kept) const {
        kept.weights.spread(parameters.data(), bias ? parameters.data() + weight_count() : nullptr, in, out);
    }
};

}}  // namespace comir::COMIR_ABI
