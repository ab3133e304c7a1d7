#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <comir/nn/concepts.hpp>
#include <comir/nn/conv/unit.hpp>
#include <comir/nn/layers/init.hpp>
#include <comir/nn/layers/row_room.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Two-dimensional cross-correlation with zero padding, which keeps the image's extent.
/// Shapes:  x (N, Ci, H, W), y (N, Co, H, W); parameters: weight (Co, Ci, K, K), then bias (Co) if there is one
/// Writes:  forward overwrites y and may write the padding of its rows; backward adds to dx and dparameters
/// Errors:  shape_error if x has other than `in` channels or no pixels, or views or spans do not fit; error for a
///          channel count of 0; compile time: K is 1 or 3
/// Threads: over tiles; the same bits for any number of threads; a state serves one call at a time
/// Source:  Dumoulin and Visin 2016, arXiv:1603.07285, relationship 4
template <scalar T, std::size_t Kernel = 3>
struct conv2d {
    static_assert(Kernel == 1 || Kernel == 3, "comir: the kernel of a conv2d is 1 or 3");

    using value_type = T;
    /// Scratch only: backward needs nothing but x.
    struct state {
        mutable detail::conv_scratch<T> scratch;
    };

    std::size_t in;
    std::size_t out;
    bool bias = true;

    constexpr std::size_t weight_count() const { return out * in * Kernel * Kernel; }
    constexpr std::size_t parameter_count() const { return weight_count() + (bias ? out : 0); }
    shape4 output_shape(shape4 x) const {
        require(in > 0 && out > 0, "comir::conv2d: ", in, " -> ", out, " channels, expected at least 1 of each");
        require<shape_error>(x.c == in && x.size() > 0, "comir::conv2d: x is ", to_string(x), ", expected ", in,
                             " channels and at least one pixel");
        return {x.n, out, x.h, x.w};
    }

    /// Weights and biases uniform within 1 / sqrt(fan-in), as in PyTorch.
    void initialise(std::span<T> parameters, std::uint64_t seed) const {
        require<shape_error>(parameters.size() == parameter_count(), "comir::conv2d::initialise: ", parameters.size(),
                             " parameters given, expected ", parameter_count());
        random_stream random(seed);
        init_uniform(parameters, in * Kernel * Kernel, random);
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                 int threads) const {
        detail::check_forward(*this, "conv2d::forward", parameters, x, y);
        detail::check_row_room(y, "conv2d::forward");
        detail::conv_input<T> input;
        input.value = x;
        detail::conv_unit_forward(input, out, Kernel, parameters.data(),
                                  bias ? parameters.data() + weight_count() : nullptr, {}, y, nullptr, nullptr,
                                  kept.scratch, threads);
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "conv2d::backward", parameters, x, y, dy, dx, dparameters);
        detail::conv_input<T> input;
        input.value = x;
        detail::conv_output_gradient<T> output;
        output.gradient = dy;
        detail::conv_gradients<T> into;
        into.weight = dparameters.data();
        into.bias = bias ? dparameters.data() + weight_count() : nullptr;
        into.input = dx;
        detail::conv_unit_backward(input, out, Kernel, parameters.data(), output, into, kept.scratch, threads);
    }
};

}}  // namespace comir::COMIR_ABI
