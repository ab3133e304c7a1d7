#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <comir/nn/concepts.hpp>
#include <comir/nn/layers/pool.hpp>

namespace comir { inline namespace COMIR_ABI {

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
        kept.lines.resize(s.n * s.c * 3 * windows);
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            std::uint8_t* const places = kept.place.data() + (n * s.c + c) * (s.h - 1) * windows;
            T* const even = kept.lines.data() + (n * s.c + c) * 3 * windows;
            T *const odd = even + windows, *const sum = odd + windows;
            std::fill_n(odd, windows, T(0));
            auto const largest = [&](std::size_t r, T* to) {
                largest_of_windows(x.row(n, c, r), x.row(n, c, r + 1), windows, to, places + r * windows);
            };
            for (std::size_t i = 0; i < out.h; ++i) {
                largest(2 * i, even);
                for (std::size_t k = 0; k < windows; ++k)
                    sum[k] = T(0.25) * odd[k] + T(0.5) * even[k];
                if (2 * i + 1 < s.h - 1) {
                    largest(2 * i + 1, odd);
                    for (std::size_t k = 0; k < windows; ++k)
                        sum[k] += T(0.25) * odd[k];
                }
                T* const to = y.row(n, c, i);
                std::size_t const inner = windows / 2;  // outputs with a window behind their middle one
                to[0] = T(0.5) * sum[0] + (inner > 0 ? T(0.25) * sum[1] : T(0));
                for (std::size_t j = 1; j < inner; ++j)
                    to[j] = (T(0.25) * sum[2 * j - 1] + T(0.5) * sum[2 * j]) + T(0.25) * sum[2 * j + 1];
                if (inner > 0 && inner < out.w)
                    to[inner] = T(0.25) * sum[2 * inner - 1] + T(0.5) * sum[2 * inner];
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
            T* const line = kept.lines.data() + (n * s.c + c) * 3 * windows;  // gradient of a row of windows
            T *const here = line + windows, *const next = here + windows;     // of output rows, spread to windows
            spread(dy.row(n, c, 0), out.w, windows, next);
            for (std::size_t r = 0; r + 1 < s.h; ++r) {
                if (r % 2 == 0) {
                    std::copy_n(next, windows, here);
                    for (std::size_t k = 0; k < windows; ++k)
                        line[k] = T(0.5) * here[k];
                } else if (r / 2 + 1 < out.h) {
                    spread(dy.row(n, c, r / 2 + 1), out.w, windows, next);
                    for (std::size_t k = 0; k < windows; ++k)
                        line[k] = T(0.25) * (here[k] + next[k]);
                } else {
                    for (std::size_t k = 0; k < windows; ++k)
                        line[k] = T(0.25) * here[k];
                }
                add_to_largest(line, places + r * windows, windows, 0, dx.row(n, c, r));
                add_to_largest(line, places + r * windows, windows, 2, dx.row(n, c, r + 1));
            }
        });
    }

private:
    static constexpr std::size_t piece = 256;

    /// Of each window its largest value and where that is. Numbers as wide as the values, without branches, narrowed
    /// afterwards: compilers turn all loops into vector code.
    static void largest_of_windows(T const* upper, T const* lower, std::size_t windows, T* to, std::uint8_t* place) {
        detail::lane_index<T> wide[piece];
        for (std::size_t first = 0; first < windows; first += piece) {
            std::size_t const count = std::min(piece, windows - first);
            T const *const a = upper + first, *const b = lower + first;
            for (std::size_t k = 0; k < count; ++k) {
                T best = a[k];
                detail::lane_index<T> at = 0;
                detail::take_larger(a[k + 1], 1, best, at);
                detail::take_larger(b[k], 2, best, at);
                detail::take_larger(b[k + 1], 3, best, at);
                to[first + k] = best;
                wide[k] = at;
            }
            for (std::size_t k = 0; k < count; ++k)
                place[first + k] = static_cast<std::uint8_t>(wide[k]);
        }
    }

    /// A row of outputs' gradients to the windows that they blur along it.
    static void spread(T const* from, std::size_t outputs, std::size_t windows, T* to) {
        for (std::size_t j = 0; j + 1 < outputs; ++j) {
            to[2 * j] = T(0.5) * from[j];
            to[2 * j + 1] = T(0.25) * (from[j] + from[j + 1]);
        }
        std::size_t const last = outputs - 1;
        to[2 * last] = T(0.5) * from[last];
        if (2 * last + 1 < windows)
            to[2 * last + 1] = T(0.25) * from[last];
    }

    /// Adds the windows' gradients to one of the two rows that they look at: to the left pixel where `left` is the
    /// place of the largest value, to the right one where left + 1 is.
    static void add_to_largest(T const* line, std::uint8_t const* place, std::size_t windows, std::uint8_t left,
                               T* to) {
        auto const share = [&](std::size_t k, int at) { return place[k] == at ? line[k] : T(0); };
        to[0] += share(0, left);
        for (std::size_t k = 1; k < windows; ++k)
            to[k] += share(k, left) + share(k - 1, left + 1);
        to[windows] += share(windows - 1, left + 1);
    }
};

}}  // namespace comir::COMIR_ABI
