#pragma once

#include <cstddef>
#include <span>

#include <comir/nn/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Rectified linear unit, y = max(x, 0); a NaN stays one.
/// Shapes:  x, y any shape, equal
/// Errors:  shape_error if views differ in shape
/// Threads: over planes; the same bits for any number of threads
template <scalar T>
struct relu {
    using value_type = T;
    struct state {};

    static constexpr std::size_t parameter_count() { return 0; }
    static constexpr shape4 output_shape(shape4 x) { return x; }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state&, int threads) const {
        detail::check_forward(*this, "relu::forward", parameters, x, y);
        shape4 const s = x.shape();
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < s.h; ++i) {
                T const* const from = x.row(n, c, i);
                T* const to = y.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j)
                    to[j] = from[j] <= T(0) ? T(0) : from[j];
            }
        });
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const&, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "relu::backward", parameters, x, y, dy, dx, dparameters);
        shape4 const s = x.shape();
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < s.h; ++i) {
                T const* const value = y.row(n, c, i);
                T const* const from = dy.row(n, c, i);
                T* const to = dx.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j)
                    to[j] += value[j] <= T(0) ? T(0) : from[j];
            }
        });
    }
};

}}  // namespace comir::COMIR_ABI
