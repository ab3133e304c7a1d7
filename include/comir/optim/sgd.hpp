#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/simd_tail.hpp>
#include <comir/optim/chunks.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What gradient descent remembers of earlier steps; empty before the first step and without momentum.
template <scalar T>
struct sgd_state {
    std::vector<T> velocity;
};

/// Stochastic gradient descent: a value type that holds the settings, which may change between steps; what it
/// remembers is in a separate state.
/// With gradient g, parameters p, velocity v: g += weight_decay p, v = momentum v + g, p -= learning_rate v; Nesterov's
/// form takes g + momentum v in the last step. Without dampening.
/// Writes:  step changes parameters and state. Where scales are given, parameter i moves by scales[i] times its step,
///          which puts radians beside pixels
/// Errors:  error for a negative setting, and for nesterov without momentum; shape_error if lengths differ
/// Threads: over fixed chunks; the same bits for any number of threads
/// Source:  the updates are those of PyTorch's SGD
struct sgd {
    double learning_rate = 1e-2;
    double momentum = 0;
    double weight_decay = 0;
    bool nesterov = false;
    /// 0 means the OpenMP default.
    int threads = 0;

    template <scalar T>
    void step(std::type_identity_t<std::span<T>> parameters, std::type_identity_t<std::span<T const>> gradient,
              sgd_state<T>& state, std::type_identity_t<std::span<T const>> scales = {}) const {
        std::size_t const size = parameters.size();
        require(learning_rate >= 0 && momentum >= 0 && weight_decay >= 0, "comir::sgd::step: learning_rate ",
                learning_rate, ", momentum ", momentum, " and weight_decay ", weight_decay,
                " were given, expected numbers of 0 or above");
        require(!nesterov || momentum > 0, "comir::sgd::step: nesterov needs a momentum above 0");
        require<shape_error>(gradient.size() == size, "comir::sgd::step: the gradient has ", gradient.size(),
                             " values, expected ", size, " as the parameters");
        require<shape_error>(scales.empty() || scales.size() == size, "comir::sgd::step: there are ", scales.size(),
                             " scales, expected none or ", size);
        if (momentum > 0 && state.velocity.empty())
            state.velocity.assign(size, T{0});
        require<shape_error>(momentum == 0 || state.velocity.size() == size, "comir::sgd::step: the state is of ",
                             state.velocity.size(), " parameters, expected ", size,
                             "; start another network with an empty state");

        simd<T> const rate = broadcast<T>(static_cast<T>(-learning_rate)),
                      keep = broadcast<T>(static_cast<T>(momentum)), decay = broadcast<T>(static_cast<T>(weight_decay));
        detail::for_each_chunk(size, threads, [&](std::size_t first, std::size_t end) {
            for (std::size_t k = first; k < end; k += simd_width<T>) {
                std::size_t const left = end - k;
                simd<T> const p = load_first<T>(parameters.data() + k, left);
                simd<T> move = multiply_add(decay, p, load_first<T>(gradient.data() + k, left));
                if (momentum > 0) {
                    T* const v = state.velocity.data() + k;
                    simd<T> const velocity = multiply_add(keep, load_first<T>(v, left), move);
                    store_first<T>(v, velocity, left);
                    move = nesterov ? multiply_add(keep, velocity, move) : velocity;
                }
                if (!scales.empty())
                    move = move * load_first<T>(scales.data() + k, left);
                store_first<T>(parameters.data() + k, multiply_add(rate, move, p), left);
            }
        });
    }
};

}}  // namespace comir::COMIR_ABI
