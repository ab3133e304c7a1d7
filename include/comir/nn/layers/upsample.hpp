#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include <comir/nn/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Every pixel becomes a square of 2x2.
/// Shapes:  x (N, C, H, W), y (N, C, 2H, 2W)
/// Errors:  shape_error if views do not fit
/// Threads: over planes; the same bits for any number of threads
template <scalar T>
struct upsample_nearest {
    using value_type = T;
    struct state {};

    static constexpr std::size_t parameter_count() { return 0; }
    static constexpr shape4 output_shape(shape4 x) { return {x.n, x.c, 2 * x.h, 2 * x.w}; }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state&, int threads) const {
        detail::check_forward(*this, "upsample_nearest::forward", parameters, x, y);
        shape4 const s = x.shape();
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < s.h; ++i) {
                T const* const from = x.row(n, c, i);
                T* const to = y.row(n, c, 2 * i);
                for (std::size_t j = 0; j < s.w; ++j)
                    to[2 * j] = to[2 * j + 1] = from[j];
                std::copy_n(to, 2 * s.w, y.row(n, c, 2 * i + 1));
            }
        });
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const&, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "upsample_nearest::backward", parameters, x, y, dy, dx, dparameters);
        shape4 const s = x.shape();
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < s.h; ++i) {
                T const* const upper = dy.row(n, c, 2 * i);
                T const* const lower = dy.row(n, c, 2 * i + 1);
                T* const to = dx.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j)
                    to[j] += (upper[2 * j] + upper[2 * j + 1]) + (lower[2 * j] + lower[2 * j + 1]);
            }
        });
    }
};

}}  // namespace comir::COMIR_ABI
