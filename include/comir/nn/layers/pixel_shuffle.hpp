#pragma once

#include <cstddef>
#include <span>

#include <comir/nn/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Every four channels become the pixels of one channel's 2x2 squares: y[c, 2i + a, 2j + b] = x[4c + 2a + b, i, j].
/// Shapes:  x (N, 4C, H, W), y (N, C, 2H, 2W)
/// Errors:  shape_error if x has a number of channels that four does not divide, or views do not fit
/// Threads: over planes; the same bits for any number of threads
/// Source:  Shi et al. 2016, arXiv:1609.05158, equation 4
template <scalar T>
struct pixel_shuffle {
    using value_type = T;
    struct state {};

    static constexpr std::size_t parameter_count() { return 0; }
    static shape4 output_shape(shape4 x) {
        require<shape_error>(x.c % 4 == 0, "comir::pixel_shuffle: x is ", to_string(x),
                             ", expected a multiple of 4 channels");
        return {x.n, x.c / 4, 2 * x.h, 2 * x.w};
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state&, int threads) const {
        detail::check_forward(*this, "pixel_shuffle::forward", parameters, x, y);
        shape4 const s = x.shape();
        detail::for_each_plane(y.shape(), threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < 2 * s.h; ++i) {
                T const* const left = x.row(n, 4 * c + 2 * (i % 2), i / 2);
                T const* const right = x.row(n, 4 * c + 2 * (i % 2) + 1, i / 2);
                T* const to = y.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j) {
                    to[2 * j] = left[j];
                    to[2 * j + 1] = right[j];
                }
            }
        });
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const&, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "pixel_shuffle::backward", parameters, x, y, dy, dx, dparameters);
        shape4 const s = x.shape();
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            std::size_t const a = c % 4 / 2, b = c % 2;
            for (std::size_t i = 0; i < s.h; ++i) {
                T const* const from = dy.row(n, c / 4, 2 * i + a);
                T* const to = dx.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j)
                    to[j] += from[2 * j + b];
            }
        });
    }
};

}}  // namespace comir::COMIR_ABI
