#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>

#include <comir/core/concepts.hpp>
#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/transform/concepts.hpp>

namespace comir::inline COMIR_ABI {

/// How values between pixel centres come about.
enum class interpolation {
    nearest,  // the pixel whose square holds the position
    linear,   // bilinear, from 2 x 2 pixels
    cubic,    // bicubic convolution, from 4 x 4 pixels; may overshoot the range of the pixels
};

/// What lies beyond the image's edge.
enum class border {
    background,  // one fixed value
    clamp,       // the edge pixels go on: a a a | a b c d | d d d
    reflect,     // the image mirrored at its edge, pixels at the edge twice: c b a | a b c d | d c b
};

struct sampling_options {
    interpolation method = interpolation::linear;
    border outside = border::background;
    double background = 0.0;
};

/// True if the position lies on a pixel, a square of side 1 about its centre: -0.5 <= x < W - 0.5, and y likewise.
template <class T>
bool contains(image<T> const& source, point2 p) {
    return p.x >= -0.5 && p.y >= -0.5 && p.x < static_cast<double>(source.width()) - 0.5 &&
           p.y < static_cast<double>(source.height()) - 0.5;
}

namespace detail {

template <interpolation Method>
inline constexpr std::size_t tap_count = Method == interpolation::nearest  ? 1
                                         : Method == interpolation::linear ? 2
                                                                           : 4;

/// The pixels of one axis that a position reads, and their weights.
template <class T, std::size_t Count>
struct axis_taps {
    std::array<std::size_t, Count> index;
    std::array<T, Count> weight;
};

inline std::size_t border_index(std::ptrdiff_t i, std::ptrdiff_t extent, border outside) {
    if (outside == border::reflect && (i < 0 || i >= extent)) {
        i %= 2 * extent;
        if (i < 0)
            i += 2 * extent;
        return static_cast<std::size_t>(i < extent ? i : 2 * extent - 1 - i);
    }
    return static_cast<std::size_t>(std::clamp(i, std::ptrdiff_t{0}, extent - 1));
}

template <class T, interpolation Method>
axis_taps<T, tap_count<Method>> taps_at(double position, std::size_t extent, border outside) {
    auto const n = static_cast<std::ptrdiff_t>(extent);
    auto const length = static_cast<double>(extent);
    // Far positions are brought near first, so that the pixel number fits an integer; neither changes the value.
    if (outside == border::reflect)
        position -= 2.0 * length * std::floor(position / (2.0 * length));
    else
        position = std::clamp(position, -4.0, length + 4.0);
    axis_taps<T, tap_count<Method>> taps;
    if constexpr (Method == interpolation::nearest) {
        taps.index[0] = border_index(static_cast<std::ptrdiff_t>(std::floor(position + 0.5)), n, outside);
        taps.weight[0] = T{1};
    } else {
        double const whole = std::floor(position);
        auto const t = static_cast<T>(position - whole);
        auto const first = static_cast<std::ptrdiff_t>(whole) - (Method == interpolation::cubic ? 1 : 0);
        for (std::size_t i = 0; i < taps.index.size(); ++i)
            taps.index[i] = border_index(first + static_cast<std::ptrdiff_t>(i), n, outside);
        if constexpr (Method == interpolation::linear)
            taps.weight = {T{1} - t, t};
        else
            taps.weight = {t * (T(-0.5) + t * (T{1} - T(0.5) * t)), T{1} + t * t * (T(-2.5) + T(1.5) * t),
                           t * (T(0.5) + t * (T{2} - T(1.5) * t)), t * t * (T(-0.5) + T(0.5) * t)};
    }
    return taps;
}

/// Writes channel c's value to values[c * stride]; returns whether the image contains the position.
template <interpolation Method, class T>
bool sample_at(image<T> const& source, point2 p, sampling_options const& options, T* values, std::size_t stride) {
    bool const inside = contains(source, p);
    if (!inside && (options.outside == border::background || !std::isfinite(p.x) || !std::isfinite(p.y))) {
        for (std::size_t c = 0; c < source.channels(); ++c)
            values[c * stride] = static_cast<T>(options.background);
        return false;
    }
    auto const x = taps_at<T, Method>(p.x, source.width(), options.outside);
    auto const y = taps_at<T, Method>(p.y, source.height(), options.outside);
    for (std::size_t c = 0; c < source.channels(); ++c) {
        T total{0};
        for (std::size_t j = 0; j < y.index.size(); ++j) {
            T const* const row = source.row(c, y.index[j]);
            T along{0};
            for (std::size_t i = 0; i < x.index.size(); ++i)
                along += x.weight[i] * row[x.index[i]];
            total += y.weight[j] * along;
        }
        values[c * stride] = total;
    }
    return inside;
}

/// Calls f with the method as a compile-time constant.
template <class F>
auto with_method(interpolation method, F&& f) {
    switch (method) {
        case interpolation::nearest:
            return f(std::integral_constant<interpolation, interpolation::nearest>{});
        case interpolation::linear:
            return f(std::integral_constant<interpolation, interpolation::linear>{});
        default:
            return f(std::integral_constant<interpolation, interpolation::cubic>{});
    }
}

}  // namespace detail

/// Writes the values of all channels at a real position; returns whether the image contains the position. Inside,
/// neighbours beyond the edge are the edge pixels again (the mirrored ones with border::reflect). A position that is
/// not finite gives the background.
/// Shapes: values (C)
/// Errors: shape_error if the image is empty or values is not one for each channel
/// Source: cubic: Keys 1981, doi:10.1109/TASSP.1981.1163711, a = -0.5
template <scalar T>
bool sample(image<T> const& source, point2 position, std::type_identity_t<std::span<T>> values,
            sampling_options const& options = {}) {
    require<shape_error>(!source.empty(), "comir::sample: the image is ", to_string(source.shape()),
                         ", expected at least one pixel");
    require<shape_error>(values.size() == source.channels(), "comir::sample: room for ", values.size(),
                         " values was given, expected ", source.channels(), ", one for each channel");
    return detail::with_method(options.method, [&](auto method) {
        return detail::sample_at<decltype(method)::value>(source, position, options, values.data(), 1);
    });
}

}  // namespace comir::inline COMIR_ABI
