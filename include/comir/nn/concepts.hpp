#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

#include <comir/core/concepts.hpp>
#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A step of a network: a small value that holds its configuration only; parameters, gradients and what backward needs
/// are the caller's. Any struct with
/// - `value_type`, float or double, and `parameter_count()`;
/// - `output_shape(x)`, which raises shape_error if x does not fit;
/// - `state`: what forward keeps for backward, default constructible, reused without allocation for equal shapes;
/// - `forward(parameters, x, y, state, threads) const`: overwrites y, in training mode where there is a difference;
/// - `backward(parameters, x, y, dy, state, dx, dparameters, threads) const`: adds to dx and to dparameters.
/// A layer that computes something else at inference also satisfies `inferring_layer`.
/// Threads: both must give the same bits for any number of threads
template <class Layer>
concept layer = std::copy_constructible<Layer> && scalar<typename Layer::value_type> &&
    std::default_initializable<typename Layer::state> &&
    requires(Layer const l, typename Layer::state state, typename Layer::state const kept, shape4 shape,
             std::span<typename Layer::value_type const> parameters, std::span<typename Layer::value_type> dparameters,
             tensor_view<typename Layer::value_type const> in, tensor_view<typename Layer::value_type> out,
             int threads) {
    { l.parameter_count() } -> std::convertible_to<std::size_t>;
    { l.output_shape(shape) } -> std::same_as<shape4>;
    l.forward(parameters, in, out, state, threads);
    l.backward(parameters, in, in, in, kept, out, dparameters, threads);
};

/// A layer whose inference differs from its training:
/// - `running_count()`: length of its running statistics, which are the caller's and may be empty;
/// - `infer(parameters, running, x, y, state, threads) const`: overwrites y; state is scratch;
/// - `update_running(state, running) const`: takes what the last forward saw into the running statistics.
template <class Layer>
concept inferring_layer = layer<Layer> &&
    requires(Layer const l, typename Layer::state state, typename Layer::state const kept,
             std::span<typename Layer::value_type const> values, std::span<typename Layer::value_type> running,
             tensor_view<typename Layer::value_type const> in, tensor_view<typename Layer::value_type> out,
             int threads) {
    { l.running_count() } -> std::convertible_to<std::size_t>;
    l.infer(values, values, in, out, state, threads);
    l.update_running(kept, running);
};

namespace detail {

/// The checks that all layers share; who is the layer and its function, for example relu::forward.
template <layer Layer, scalar T>
void check_forward(Layer const& l, std::string_view who, std::span<T const> parameters, tensor_view<T const> const& x,
                   tensor_view<T> const& y) {
    shape4 const expected = l.output_shape(x.shape());
    require<shape_error>(y.shape() == expected, "comir::", who, ": y is ", to_string(y.shape()), ", expected ",
                         to_string(expected), " for x ", to_string(x.shape()));
    require<shape_error>(parameters.size() == l.parameter_count(), "comir::", who, ": ", parameters.size(),
                         " parameters given, expected ", l.parameter_count());
}

template <layer Layer, scalar T>
void check_backward(Layer const& l, std::string_view who, std::span<T const> parameters, tensor_view<T const> const& x,
                    tensor_view<T const> const& y, tensor_view<T const> const& dy, tensor_view<T> const& dx,
                    std::span<T> dparameters) {
    shape4 const expected = l.output_shape(x.shape());
    require<shape_error>(y.shape() == expected && dy.shape() == expected, "comir::", who, ": y is ",
                         to_string(y.shape()), " and dy ", to_string(dy.shape()), ", expected ", to_string(expected),
                         " for x ", to_string(x.shape()));
    require<shape_error>(dx.shape() == x.shape(), "comir::", who, ": dx is ", to_string(dx.shape()), ", expected ",
                         to_string(x.shape()), " as x");
    require<shape_error>(parameters.size() == l.parameter_count() && dparameters.size() == l.parameter_count(),
                         "comir::", who, ": ", parameters.size(), " parameters and ", dparameters.size(),
                         " derivatives given, expected ", l.parameter_count(), " of each");
}

/// For backward of a layer whose state belongs to one forward.
inline void check_state(bool fits, std::string_view who) {
    require<shape_error>(fits, "comir::", who,
                         ": the state does not belong to this x; call forward with the same x and state");
}

/// Calls body(n, c) for every plane of a shape, on up to `threads` threads.
template <class Body>
void for_each_plane(shape4 const& shape, int threads, Body&& body) {
    parallel_for(shape.n * shape.c, threads, [&](std::size_t i) { body(i / shape.c, i % shape.c); });
}

}  // namespace detail

}}  // namespace comir::COMIR_ABI
