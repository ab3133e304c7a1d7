#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

#include <comir/nn/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Layers one after another, itself a layer: each reads what the one before wrote.
/// Parameters and running statistics are the layers' own, one after another in the layers' order.
/// Errors:  compile time: all are layers of one value type; what the layers raise; shape_error if spans do not fit
/// Threads: as the layers; a state serves one call at a time, since backward keeps its scratch there
template <class First, class... Rest>
class sequential {
    static_assert(layer<First> && (layer<Rest> && ...),
                  "comir: every part of a sequential must satisfy the concept layer of comir/nn/concepts.hpp");
    static_assert((std::same_as<typename First::value_type, typename Rest::value_type> && ...),
                  "comir: the layers of a sequential must share one value type, float or double");
    static constexpr std::size_t count = 1 + sizeof...(Rest);

public:
    using value_type = typename First::value_type;
    using T = value_type;

    /// What forward keeps for backward: the layers' states and the values between them.
    class state {
    public:
        /// What layer I kept.
        template <std::size_t I>
        auto& layer_state() {
            return std::get<I>(layers_);
        }
        template <std::size_t I>
        auto const& layer_state() const {
            return std::get<I>(layers_);
        }

    private:
        friend sequential;
        std::tuple<typename First::state, typename Rest::state...> layers_;
        std::array<tensor<T>, count - 1> values_;
        mutable std::array<tensor<T>, count - 1> gradients_;
    };

    sequential() = default;
    explicit sequential(First first, Rest... rest) : layers_(std::move(first), std::move(rest)...) {}

    template <std::size_t I>
    auto& layer_at() {
        return std::get<I>(layers_);
    }
    template <std::size_t I>
    auto const& layer_at() const {
        return std::get<I>(layers_);
    }

    std::size_t parameter_count() const { return parameters_before<count>(); }
    std::size_t running_count() const { return running_before<count>(); }
    shape4 output_shape(shape4 x) const {
        std::apply([&](auto const&... l) { ((x = l.output_shape(x)), ...); }, layers_);
        return x;
    }

    /// Layer I's part of the parameters or of their gradients.
    template <std::size_t I, class U>
    std::span<U> parameters_of(std::span<U> parameters) const {
        return parameters.subspan(parameters_before<I>(), layer_at<I>().parameter_count());
    }
    /// Layer I's part of the running statistics.
    template <std::size_t I, class U>
    std::span<U> running_of(std::span<U> running) const {
        return running.subspan(running_before<I>(), running_before<I + 1>() - running_before<I>());
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                 int threads) const {
        detail::check_forward(*this, "sequential::forward", parameters, x, y);
        forward_from<0>(parameters, x, y, kept, threads);
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "sequential::backward", parameters, x, y, dy, dx, dparameters);
        backward_from<0>(parameters, x, y, dy, kept, dx, dparameters, threads);
    }

    void infer(std::span<T const> parameters, std::span<T const> running, tensor_view<T const> x, tensor_view<T> y,
               state& kept, int threads) const {
        detail::check_forward(*this, "sequential::infer", parameters, x, y);
        check_running(running.size(), "infer");
        infer_from<0>(parameters, running, x, y, kept, threads);
    }

    void update_running(state const& kept, std::span<T> running) const {
        check_running(running.size(), "update_running");
        update_from<0>(kept, running);
    }

private:
    template <std::size_t I>
    using layer_type = std::tuple_element_t<I, std::tuple<First, Rest...>>;

    template <std::size_t I>
    std::size_t parameters_before() const {
        if constexpr (I == 0)
            return 0;
        else
            return parameters_before<I - 1>() + layer_at<I - 1>().parameter_count();
    }
    template <std::size_t I>
    std::size_t running_before() const {
        if constexpr (I == 0)
            return 0;
        else if constexpr (inferring_layer<layer_type<I - 1>>)
            return running_before<I - 1>() + layer_at<I - 1>().running_count();
        else
            return running_before<I - 1>();
    }

    void check_running(std::size_t size, char const* where) const {
        require<shape_error>(size == running_count(), "comir::sequential::", where, ": ", size,
                             " running statistics given, expected ", running_count());
    }

    /// Where layer I writes: the state's tensor, or y for the last.
    template <std::size_t I>
    tensor_view<T> output(shape4 x, tensor_view<T> y, state& kept) const {
        if constexpr (I + 1 == count) {
            return y;
        } else {
            shape4 const shape = layer_at<I>().output_shape(x);
            if (!(kept.values_[I].shape() == shape))
                kept.values_[I].resize(shape);
            return kept.values_[I].view();
        }
    }

    template <std::size_t I>
    void forward_from(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                      int threads) const {
        tensor_view<T> const out = output<I>(x.shape(), y, kept);
        layer_at<I>().forward(parameters_of<I>(parameters), x, out, std::get<I>(kept.layers_), threads);
        if constexpr (I + 1 < count)
            forward_from<I + 1>(parameters, out, y, kept, threads);
    }

    template <std::size_t I>
    void infer_from(std::span<T const> parameters, std::span<T const> running, tensor_view<T const> x, tensor_view<T> y,
                    state& kept, int threads) const {
        tensor_view<T> const out = output<I>(x.shape(), y, kept);
        auto& part = std::get<I>(kept.layers_);
        if constexpr (inferring_layer<layer_type<I>>)
            layer_at<I>().infer(parameters_of<I>(parameters), running_of<I>(running), x, out, part, threads);
        else
            layer_at<I>().forward(parameters_of<I>(parameters), x, out, part, threads);
        if constexpr (I + 1 < count)
            infer_from<I + 1>(parameters, running, out, y, kept, threads);
    }

    template <std::size_t I>
    void backward_from(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                       tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                       int threads) const {
        tensor_view<T const> out = y, dout = dy;
        if constexpr (I + 1 < count) {
            out = kept.values_[I].view();
            detail::check_state(out.shape() == layer_at<I>().output_shape(x.shape()), "sequential::backward");
            kept.gradients_[I].resize(out.shape());
            backward_from<I + 1>(parameters, out, y, dy, kept, kept.gradients_[I].view(), dparameters, threads);
            dout = kept.gradients_[I].view();
        }
        layer_at<I>().backward(parameters_of<I>(parameters), x, out, dout, std::get<I>(kept.layers_), dx,
                               parameters_of<I>(dparameters), threads);
    }

    template <std::size_t I>
    void update_from(state const& kept, std::span<T> running) const {
        if constexpr (inferring_layer<layer_type<I>>)
            layer_at<I>().update_running(std::get<I>(kept.layers_), running_of<I>(running));
        if constexpr (I + 1 < count)
            update_from<I + 1>(kept, running);
    }

    std::tuple<First, Rest...> layers_;
};

}}  // namespace comir::COMIR_ABI
