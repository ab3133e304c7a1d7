#pragma once

#include <cstddef>
#include <span>

#include <comir/nn/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// The mean of 2x2 values.
template <scalar T>
void mean_row(T const* upper, T const* lower, std::size_t columns, T* to) {
    for (std::size_t i = 0; i < columns; ++i)
        to[i] = ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1])) * T(0.25);
}

}  // namespace detail

/// Mean of each 2x2 window, at strides of two; an odd last row or column is left out, as in PyTorch.
/// Shapes:  x (N, C, H, W), y (N, C, H / 2, W / 2) rounded down
/// Errors:  shape_error if H or W is below 2, or views do not fit
/// Threads: over planes; the same bits for any number of threads
template <scalar T>
struct average_pool {
    using value_type = T;
    struct state {};

    static constexpr std::size_t parameter_count() { return 0; }
    static shape4 output_shape(shape4 x) {
        require<shape_error>(x.h >= 2 && x.w >= 2, "comir::average_pool: x is ", to_string(x),
                             ", expected at least 2 rows and 2 columns");
        return {x.n, x.c, x.h / 2, x.w / 2};
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state&, int threads) const {
        detail::check_forward(*this, "average_pool::forward", parameters, x, y);
        shape4 const s = y.shape();
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < s.h; ++i)
                detail::mean_row(x.row(n, c, 2 * i), x.row(n, c, 2 * i + 1), s.w, y.row(n, c, i));
        });
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const&, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "average_pool::backward", parameters, x, y, dy, dx, dparameters);
        shape4 const s = y.shape();
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < 2 * s.h; ++i) {
                T const* const from = dy.row(n, c, i / 2);
                T* const to = dx.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j) {
                    to[2 * j] += from[j] * T(0.25);
                    to[2 * j + 1] += from[j] * T(0.25);
                }
            }
        });
    }
};

}}  // namespace comir::COMIR_ABI
