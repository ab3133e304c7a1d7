#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <comir/nn/concepts.hpp>
#include <comir/nn/pool.hpp>

namespace comir::inline COMIR_ABI {

/// Max pooling without its aliasing: the largest value of each 2x2 window at strides of one, then a binomial 3x3
/// (1 2 1)^2 / 16 at strides of two with zero padding, as in the original CoMIR program.
/// The gradient goes to the windows' first largest values in reading order; a NaN counts as largest.
/// Shapes:  x (N, C, H, W), y (N, C, H / 2, W / 2) rounded down
/// Errors:  shape_error if H or W is below 2, or views do not fit
/// Threads: over planes; the same bits for any number of threads; a state serves one call at a time
/// Source:  Zhang 2019, arXiv:1904.11486, section 3.2
template <scalar T>
struct blur_pool {
    using value_type = T;
    /// The place of the largest value in its window, 2 * row + column, one byte per window: (N, C, H - 1, W - 1).
    struct state {
        shape4 shape;
        std::vector<std::uint8_t> place;
        mutable std::vector<T> lines;  // scratch, one row of windows a plane
    };

    static constexpr std::size_t parameter_count() { return 0; }
    static shape4 output_shape(shape4 x) {
        require<shape_error>(x.h >= 2 && x.w >= 2, "comir::blur_pool: x is ", to_string(x),
                             ", expected at least 2 rows and 2 columns");
        return {x.n, x.c, x.h / 2, x.w / 2};
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                 int threads) const {
        detail::check_forward(*this, "blur_pool::forward", parameters, x, y);
        shape4 const s = x.shape(), out = y.shape();
        std::size_t const windows = s.w - 1;
        kept.shape = s;
        kept.place.resize(s.n * s.c * (s.h - 1) * windows);
        kept.lines.resize(s.n * s.c * windows);
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            std::uint8_t* const places = kept.place.data() + (n * s.c + c) * (s.h - 1) * windows;
            T* const line = kept.lines.data() + (n * s.c + c) * windows;
            for (std::size_t i = 0; i < out.h; ++i) {
                std::fill_n(line, windows, T(0));
                for_each_tap(i, s.h - 1, [&](std::size_t r, T share) {
                    T const* const upper = x.row(n, c, r);
                    T const* const lower = x.row(n, c, r + 1);
                    std::uint8_t* const place = places + r * windows;
                    for (std::size_t k = 0; k < windows; ++k) {
                        T best = upper[k];
                        std::uint8_t at = 0;
                        detail::take_larger(upper[k + 1], 1, best, at);
                        detail::take_larger(lower[k], 2, best, at);
                        detail::take_larger(lower[k + 1], 3, best, at);
                        line[k] += share * best;
                        place[k] = at;
                    }
                });
                T* const to = y.row(n, c, i);
                for (std::size_t j = 0; j < out.w; ++j) {
                    T sum = 0;
                    for_each_tap(j, windows, [&](std::size_t k, T share) { sum += share * line[k]; });
                    to[j] = sum;
                }
            }
        });
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "blur_pool::backward", parameters, x, y, dy, dx, dparameters);
        detail::check_state(kept.shape == x.shape(), "blur_pool::backward");
        shape4 const s = x.shape(), out = y.shape();
        std::size_t const windows = s.w - 1;
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            std::uint8_t const* const places = kept.place.data() + (n * s.c + c) * (s.h - 1) * windows;
            T* const line = kept.lines.data() + (n * s.c + c) * windows;
            for (std::size_t i = 0; i < out.h; ++i) {
                T const* const from = dy.row(n, c, i);
                std::fill_n(line, windows, T(0));
                for (std::size_t j = 0; j < out.w; ++j)
                    for_each_tap(j, windows, [&](std::size_t k, T share) { line[k] += share * from[j]; });
                for_each_tap(i, s.h - 1, [&](std::size_t r, T share) {
                    T* const rows[2] = {dx.row(n, c, r), dx.row(n, c, r + 1)};
                    std::uint8_t const* const place = places + r * windows;
                    for (std::size_t k = 0; k < windows; ++k)
                        rows[place[k] >> 1][k + (place[k] & 1u)] += share * line[k];
                });
            }
        });
    }

private:
    /// The windows that output i blurs along one axis, with their shares; what lies outside counts as zero.
    template <class Body>
    static void for_each_tap(std::size_t i, std::size_t windows, Body&& body) {
        if (i > 0)
            body(2 * i - 1, T(0.25));
        body(2 * i, T(0.5));
        if (2 * i + 1 < windows)
            body(2 * i + 1, T(0.25));
    }
};

}  // namespace comir::inline COMIR_ABI
