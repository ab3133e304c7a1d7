#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/simd_tail.hpp>
#include <comir/optim/chunks.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What Adam remembers of earlier steps: running means of the gradient and of its square; empty before the first step.
template <scalar T>
struct adam_state {
    std::vector<T> mean, square;
    std::uint64_t steps = 0;
};

/// Adam, and AdamW with `decoupled`: a value type that holds the settings, which may change between steps; what it
/// remembers is in a separate state.
/// Weight decay is added to the gradient, or with `decoupled` shrinks the parameters by learning_rate * weight_decay
/// before each step.
/// Writes:  step changes parameters and state. Where scales are given, parameter i moves by scales[i] times its step,
///          which puts radians beside pixels
/// Errors:  error for a negative setting, or a beta outside [0, 1); shape_error if lengths differ
/// Threads: over fixed chunks; the same bits for any number of threads
/// Source:  Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101; the updates, epsilon
///          outside the root, are those of PyTorch's Adam and AdamW
struct adam {
    double learning_rate = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0;
    bool decoupled = false;
    /// 0 means the OpenMP default.
    int threads = 0;

    template <scalar T>
    void step(std::type_identity_t<std::span<T>> parameters, std::type_identity_t<std::span<T const>> gradient,
              adam_state<T>& state, std::type_identity_t<std::span<T const>> scales = {}) const {
        std::size_t const size = parameters.size();
        require(learning_rate >= 0 && epsilon >= 0 && weight_decay >= 0, "comir::adam::step: learning_rate ",
                learning_rate, ", epsilon ", epsilon, " and weight_decay ", weight_decay,
                " were given, expected numbers of 0 or above");
        require(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "comir::adam::step: betas are ", beta1, " and ",
                beta2, ", expected numbers in [0, 1)");
        require<shape_error>(gradient.size() == size, "comir::adam::step: the gradient has ", gradient.size(),
                             " values, expected ", size, " as the parameters");
        require<shape_error>(scales.empty() || scales.size() == size, "comir::adam::step: there are ", scales.size(),
                             " scales, expected none or ", size);
        if (state.steps == 0 && state.mean.empty() && state.square.empty()) {
            state.mean.assign(size, T{0});
            state.square.assign(size, T{0});
        }
        require<shape_error>(state.mean.size() == size && state.square.size() == size,
                             "comir::adam::step: the state is of ", state.mean.size(), " and ", state.square.size(),
                             " parameters, expected ", size, "; start another network with an empty state");

        ++state.steps;
        double const count = static_cast<double>(state.steps);
        auto const all = [](double value) { return broadcast<T>(static_cast<T>(value)); };
        simd<T> const keep1 = all(beta1), take1 = all(1 - beta1), keep2 = all(beta2), take2 = all(1 - beta2),
                      rate = all(-learning_rate / (1 - std::pow(beta1, count))),
                      correction = all(1 / std::sqrt(1 - std::pow(beta2, count))), offset = all(epsilon),
                      decay = all(decoupled ? 0.0 : weight_decay);
        T const shrink = static_cast<T>(decoupled ? learning_rate * weight_decay : 0.0);
        detail::for_each_chunk(size, threads, [&](std::size_t first, std::size_t end) {
            for (std::size_t k = first; k < end; k += simd_width<T>) {
                std::size_t const left = end - k;
                T* const m = state.mean.data() + k;
                T* const v = state.square.data() + k;
                simd<T> const p = load_first<T>(parameters.data() + k, left);
                simd<T> const g = multiply_add(decay, p, load_first<T>(gradient.data() + k, left));
                simd<T> const mean = multiply_add(keep1, load_first<T>(m, left), take1 * g);
                simd<T> const square = multiply_add(keep2, load_first<T>(v, left), take2 * g * g);
                store_first<T>(m, mean, left);
                store_first<T>(v, square, left);
                simd<T> move = rate * mean / multiply_add(square_root(square), correction, offset);
                move -= broadcast<T>(shrink) * p;
                if (!scales.empty())
                    move = move * load_first<T>(scales.data() + k, left);
                store_first<T>(parameters.data() + k, p + move, left);
            }
        });
    }
};

}}  // namespace comir::COMIR_ABI
