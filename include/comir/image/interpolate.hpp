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

namespace comir { inline namespace COMIR_ABI {

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

/// How an image is read between its pixels and beyond its edge.
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

/// The bilinear value between four pixels, of which `a` is the one at the top left: tx and ty of 0 to 1 away from it.
inline float between_pixels(float const* a, std::size_t width, float tx, float ty) {
    float const* const b = a + width;
    float const top = a[0] + tx * (a[1] - a[0]), low = b[0] + tx * (b[1] - b[0]);
    return top + ty * (low - top);
}

template <interpolation Method>
inline constexpr std::size_t tap_count = Method == interpolation::nearest  ? 1
                                         : Method == interpolation::linear ? 2
                                                                           : 4;

/// The pixels of one axis that a position reads, `first` and those after it, and their weights.
template <class T, std::size_t Count>
struct axis_taps {
    std::ptrdiff_t first;
    std::array<T, Count> weight;
};

template <class T, interpolation Method>
axis_taps<T, tap_count<Method>> taps_at(double position) {
    if constexpr (Method == interpolation::nearest) {
        return {static_cast<std::ptrdiff_t>(std::floor(position + 0.5)), {T{1}}};
    } else {
        double const whole = std::floor(position);
        auto const first = static_cast<std::ptrdiff_t>(whole);
        auto const t = static_cast<T>(position - whole);
        if constexpr (Method == interpolation::linear)
            return {first, {T{1} - t, t}};
        else
            return {first - 1,
                    {t * (T(-0.5) + t * (T{1} - T(0.5) * t)), T{1} + t * t * (T(-2.5) + T(1.5) * t),
                     t * (T(0.5) + t * (T{2} - T(1.5) * t)), t * t * (T(-0.5) + T(0.5) * t)}};
    }
}

template <class T, std::size_t Count>
T weighted_sum(T const* pixels, std::size_t stride, std::array<T, Count> const& wx, std::array<T, Count> const& wy) {
    T total{0};
    for (std::size_t j = 0; j < Count; ++j) {
        T along{0};
        for (std::size_t i = 0; i < Count; ++i)
            along += wx[i] * pixels[j * stride + i];
        total += wy[j] * along;
    }
    return total;
}

/// Brings a position so near to the image that its pixel number fits an integer, without changing its value.
inline double near_position(double position, double extent, border outside) {
    if (outside == border::reflect)  // clamped, since the difference of huge numbers may be anything
        return std::clamp(position - 2.0 * extent * std::floor(position / (2.0 * extent)), 0.0, 2.0 * extent);
    return std::clamp(position, -4.0, extent + 4.0);
}

/// The pixel of the image that stands for pixel i of the endless one.
inline std::size_t border_index(std::ptrdiff_t i, std::ptrdiff_t extent, border outside) {
    if (outside == border::reflect) {
        i %= 2 * extent;
        if (i < 0)
            i += 2 * extent;
        return static_cast<std::size_t>(i < extent ? i : 2 * extent - 1 - i);
    }
    return static_cast<std::size_t>(std::clamp(i, std::ptrdiff_t{0}, extent - 1));
}

/// Writes channel c's value to values[c * stride]; returns whether the image contains the position.
template <interpolation Method, class T>
bool sample_at(image<T> const& source, point2 p, sampling_options const& options, T* values, std::size_t stride) {
    constexpr std::size_t count = tap_count<Method>;
    std::size_t const channels = source.channels(), plane = source.height() * source.width();
    auto const h = static_cast<std::ptrdiff_t>(source.height()), w = static_cast<std::ptrdiff_t>(source.width());
    bool const inside = contains(source, p);
    if (!inside) {
        if (options.outside == border::background || !std::isfinite(p.x) || !std::isfinite(p.y)) {
            for (std::size_t c = 0; c < channels; ++c)
                values[c * stride] = static_cast<T>(options.background);
            return false;
        }
        p = {near_position(p.x, static_cast<double>(w), options.outside),
             near_position(p.y, static_cast<double>(h), options.outside)};
    }
    auto const x = taps_at<T, Method>(p.x), y = taps_at<T, Method>(p.y);
    constexpr auto reach = static_cast<std::ptrdiff_t>(count);
    if (x.first >= 0 && y.first >= 0 && x.first + reach <= w && y.first + reach <= h) {
        T const* const pixels = source.row(0, static_cast<std::size_t>(y.first)) + x.first;
        for (std::size_t c = 0; c < channels; ++c)
            values[c * stride] = weighted_sum(pixels + c * plane, source.width(), x.weight, y.weight);
        return inside;
    }
    std::array<T, count * count> patch;
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t j = 0; j < count; ++j)
            for (std::size_t i = 0; i < count; ++i)
                patch[j * count + i] =
                    source(c, border_index(y.first + static_cast<std::ptrdiff_t>(j), h, options.outside),
                           border_index(x.first + static_cast<std::ptrdiff_t>(i), w, options.outside));
        values[c * stride] = weighted_sum(patch.data(), count, x.weight, y.weight);
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

}}  // namespace comir::COMIR_ABI
