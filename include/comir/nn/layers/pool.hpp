#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <comir/nn/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// What becomes of each 2x2 pixels of a convolution's result.
enum class conv_pooling { none, max, mean };

/// An integer as wide as T.
template <scalar T>
using lane_index = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// Takes a later value of a window if it is larger than the best so far, or a NaN.
template <scalar T>
void take_larger(T value, lane_index<T> candidate, T& best, lane_index<T>& at) {
    bool const larger = value > best || value != value;
    best = larger ? value : best;
    at = larger ? candidate : at;
}

}  // namespace detail

/// Largest value of each 2x2 window, at strides of two; an odd last row or column is left out, as in PyTorch.
/// The gradient goes to the window's first largest value in reading order; a NaN counts as largest.
/// Shapes:  x (N, C, H, W), y (N, C, H / 2, W / 2) rounded down
/// Errors:  shape_error if H or W is below 2, or views do not fit
/// Threads: over planes; the same bits for any number of threads
template <scalar T>
struct max_pool {
    using value_type = T;
    /// The place of the largest value in its window, 2 * row + column, one byte per output.
    struct state {
        shape4 shape;
        std::vector<std::uint8_t> place;
    };

    static constexpr std::size_t parameter_count() { return 0; }
    static shape4 output_shape(shape4 x) {
        require<shape_error>(x.h >= 2 && x.w >= 2, "comir::max_pool: x is ", to_string(x),
                             ", expected at least 2 rows and 2 columns");
        return {x.n, x.c, x.h / 2, x.w / 2};
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                 int threads) const {
        detail::check_forward(*this, "max_pool::forward", parameters, x, y);
        shape4 const s = y.shape();
        kept.shape = x.shape();
        kept.place.resize(s.size());
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            std::uint8_t* place = kept.place.data() + (n * s.c + c) * s.h * s.w;
            for (std::size_t i = 0; i < s.h; ++i, place += s.w) {
                T const* const upper = x.row(n, c, 2 * i);
                T const* const lower = x.row(n, c, 2 * i + 1);
                T* const to = y.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j) {
                    T best = upper[2 * j];
                    detail::lane_index<T> at = 0;
                    detail::take_larger(upper[2 * j + 1], 1, best, at);
                    detail::take_larger(lower[2 * j], 2, best, at);
                    detail::take_larger(lower[2 * j + 1], 3, best, at);
                    to[j] = best;
                    place[j] = static_cast<std::uint8_t>(at);
                }
            }
        });
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "max_pool::backward", parameters, x, y, dy, dx, dparameters);
        detail::check_state(kept.shape == x.shape(), "max_pool::backward");
        shape4 const s = y.shape();
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            std::uint8_t const* place = kept.place.data() + (n * s.c + c) * s.h * s.w;
            for (std::size_t i = 0; i < s.h; ++i, place += s.w) {
                T const* const from = dy.row(n, c, i);
                T* const rows[2] = {dx.row(n, c, 2 * i), dx.row(n, c, 2 * i + 1)};
                for (std::size_t j = 0; j < s.w; ++j)
                    rows[place[j] >> 1][2 * j + (place[j] & 1u)] += from[j];
            }
        });
    }
};

}}  // namespace comir::COMIR_ABI
