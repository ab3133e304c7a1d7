#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/tensor.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A group of turns by multiples of 360 / order degrees that map a square pixel grid onto itself.
template <class G>
concept rotation_group = requires {
    { G::order } -> std::convertible_to<std::size_t>;
    { G::name } -> std::convertible_to<char const*>;
}
&&(G::order == 1 || G::order == 2 || G::order == 4);

/// The four quarter turns.
struct c4 {
    static constexpr std::size_t order = 4;
    static constexpr char const* name = "c4";
};

/// No turn at all, for training without equivariance.
struct trivial_group {
    static constexpr std::size_t order = 1;
    static constexpr char const* name = "trivial";
};

/// Quarter turns that make up the group's element, an index in [0, order).
template <rotation_group G>
constexpr std::uint8_t quarter_turns_of(std::size_t element) {
    return static_cast<std::uint8_t>(element % G::order * (4 / G::order));
}

/// The quarter turns that undo k quarter turns.
constexpr std::uint8_t inverse_turn(std::uint8_t k) {
    return static_cast<std::uint8_t>((4 - k % 4) % 4);
}

namespace detail {

/// Turns one plane of h x w pixels by k in 0..3; strides in elements.
template <class T>
void turn_plane(T const* x, std::size_t h, std::size_t w, std::size_t stride_x, T* y, std::size_t stride_y,
                unsigned k) {
    if (k == 0 || k == 2) {
        for (std::size_t r = 0; r < h; ++r)
            if (k == 0)
                std::copy_n(x + r * stride_x, w, y + r * stride_y);
            else
                std::reverse_copy(x + r * stride_x, x + r * stride_x + w, y + (h - 1 - r) * stride_y);
        return;
    }
    // Tiles of one cache line of floats a side: the lines of both planes stay in the first-level cache while used.
    constexpr std::size_t tile = 16;
    for (std::size_t r0 = 0; r0 < w; r0 += tile)
        for (std::size_t c0 = 0; c0 < h; c0 += tile)
            for (std::size_t r = r0; r < std::min(r0 + tile, w); ++r) {
                T* const to = y + r * stride_y;
                std::size_t const end = std::min(c0 + tile, h);
                if (k == 1)
                    for (std::size_t c = c0; c < end; ++c)
                        to[c] = x[(h - 1 - c) * stride_x + r];
                else
                    for (std::size_t c = c0; c < end; ++c)
                        to[c] = x[c * stride_x + w - 1 - r];
            }
}

}  // namespace detail

/// Turns sample n of the batch by quarter_turns[n] times 90 degrees, counted modulo 4. A positive turn carries the x
/// axis towards the y axis, as positive angles do: clockwise on a screen. Turns add up: by a, then by b, is by a + b.
/// Shapes:  x (N, C, H, W), quarter_turns (N), y (N, C, H, W)
/// Writes:  overwrites y, which must not overlap x
/// Errors:  shape_error if the shapes differ, or a sample gets an odd number of turns and H is not W
/// Threads: over N and C; the same bits for any number of threads
template <class T>
void turn(tensor_view<std::type_identity_t<T> const> const& x, std::span<std::uint8_t const> quarter_turns,
          tensor_view<T> const& y, int threads = 0) {
    shape4 const shape = x.shape();
    require<shape_error>(shape == y.shape(), "comir::turn: x is ", to_string(shape), ", y is ", to_string(y.shape()),
                         "; give views of one shape");
    require<shape_error>(quarter_turns.size() == shape.n, "comir::turn: ", quarter_turns.size(),
                         " turns were given for x ", to_string(shape), ", expected one for each sample");
    require<shape_error>(
        shape.h == shape.w || std::ranges::none_of(quarter_turns, [](std::uint8_t k) { return k % 2 == 1; }),
        "comir::turn: x is ", to_string(shape),
        ", expected as many rows as columns for odd quarter turns; cut the batch to squares");
    parallel_for(shape.n * shape.c, threads, [&](std::size_t i) {
        std::size_t const n = i / shape.c, c = i % shape.c;
        detail::turn_plane(x.data() + n * x.stride_n() + c * x.stride_c(), shape.h, shape.w, x.stride_h(),
                           y.data() + n * y.stride_n() + c * y.stride_c(), y.stride_h(), quarter_turns[n] % 4u);
    });
}

/// The image turned by `quarter_turns` times 90 degrees, of any shape; negative numbers turn back. Rows and columns,
/// and the two spacings with them, swap when the number is odd; the origin is kept.
template <class T>
image<T> turn(image<T> const& source, int quarter_turns) {
    unsigned const k = static_cast<unsigned>((quarter_turns % 4 + 4) % 4);
    bool const swap = k % 2 == 1;
    std::size_t const h = source.height(), w = source.width();
    image<T> result({source.channels(), swap ? w : h, swap ? h : w});
    for (std::size_t c = 0; c < source.channels(); ++c)
        detail::turn_plane(source.channel(c).data(), h, w, w, result.channel(c).data(), result.width(), k);
    result.spacing = source.spacing;
    if (swap)
        std::swap(result.spacing[0], result.spacing[1]);
    result.origin = source.origin;
    return result;
}

}}  // namespace comir::COMIR_ABI
