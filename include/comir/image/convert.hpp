#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <comir/core/concepts.hpp>
#include <comir/core/error.hpp>
#include <comir/core/linalg/symmetric_eigen.hpp>
#include <comir/core/quantile.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// An image of another element type or channel count on the same pixel grid.
template <class To, class From>
image<To> image_on_grid_of(image<From> const& source, std::size_t channels) {
    image<To> result({channels, source.height(), source.width()});
    result.spacing = source.spacing;
    result.origin = source.origin;
    return result;
}

}  // namespace detail

/// True if no value is infinite or not a number.
template <class T>
bool has_only_finite(image<T> const& source) {
    if constexpr (std::is_floating_point_v<T>)
        return std::ranges::all_of(source.values(), [](T v) { return std::isfinite(v); });
    else
        return true;
}

/// Values as float: 8 and 16-bit integers divided by their maximum, floating-point values as they are.
template <class T>
image<float> to_float(image<T> const& source) {
    static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || scalar<T>,
                  "comir: images hold std::uint8_t, std::uint16_t, float or double");
    auto result = detail::image_on_grid_of<float>(source, source.channels());
    constexpr float maximum = std::is_integral_v<T> ? static_cast<float>(std::numeric_limits<T>::max()) : 1.0f;
    std::ranges::transform(source.values(), result.values().begin(),
                           [](T v) { return static_cast<float>(v) / maximum; });
    return result;
}

/// Values of the intensity range 0..1 as integers, 1 becoming the maximum: rounded, clamped; not a number becomes 0.
template <class T>
image<T> to_integer(image<float> const& source) {
    static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t>,
                  "comir: to_integer gives std::uint8_t or std::uint16_t");
    auto result = detail::image_on_grid_of<T>(source, source.channels());
    std::ranges::transform(source.values(), result.values().begin(), [](float v) {
        double const clamped = v > 0.0f ? std::min(static_cast<double>(v), 1.0) : 0.0;
        return static_cast<T>(clamped * std::numeric_limits<T>::max() + 0.5);
    });
    return result;
}

/// The given channels, counted from 0, in the given order; a channel may occur more than once.
/// Errors: shape_error if the list is empty or names a channel that the image does not have
template <class T>
image<T> select_channels(image<T> const& source, std::vector<std::size_t> const& channels) {
    require<shape_error>(!channels.empty(), "comir::select_channels: no channel was given, expected at least one");
    auto result = detail::image_on_grid_of<T>(source, channels.size());
    for (std::size_t c = 0; c < channels.size(); ++c) {
        require<shape_error>(channels[c] < source.channels(), "comir::select_channels: channel ", channels[c],
                             " was asked for, the image has ", source.channels(), ", counted from 0");
        std::ranges::copy(source.channel(channels[c]), result.channel(c).begin());
    }
    return result;
}

/// log(1 + x) of every value, which lifts the dark end of images with a few very bright spots.
/// Errors: error if a value is -1 or less, or not a number
template <scalar T>
image<T> log1p_transform(image<T> source) {
    for (T& v : source.values()) {
        require(v > T{-1}, "comir::log1p_transform: the value ", v,
                " has no logarithm, expected all above -1; normalise the image first");
        v = std::log1p(v);
    }
    return source;
}

/// The two percentiles that become 0 and 1, in 0..100; the defaults are the minimum and the maximum.
struct normalise_options {
    double low = 0.0, high = 100.0;
    bool per_channel = false;  // else one range for all channels, which keeps colours
};

namespace detail {

template <class T>
void normalise_range(std::span<T> values, normalise_options const& options) {
    std::vector<T> sorted(values.begin(), values.end());
    double const low = percentile(sorted, options.low), high = percentile(sorted, options.high);
    for (T& v : values)
        v = high > low ? static_cast<T>(std::clamp((v - low) / (high - low), 0.0, 1.0)) : T{0};
}

}  // namespace detail

/// Scales values so that the low percentile becomes 0 and the high one 1; values beyond them are clamped. Where both
/// percentiles are equal, as in a constant image, all becomes 0.
/// Errors: error if the percentiles are not 0 <= low < high <= 100, or a value is not finite
template <scalar T>
image<T> normalise(image<T> source, normalise_options const& options = {}) {
    require(options.low >= 0.0 && options.low < options.high && options.high <= 100.0,
            "comir::normalise: the percentiles are ", options.low, " and ", options.high,
            ", expected 0 <= low < high <= 100");
    require(has_only_finite(source), "comir::normalise: a value is infinite or not a number, expected finite values");
    if (source.empty())
        return source;
    if (options.per_channel)
        for (std::size_t c = 0; c < source.channels(); ++c)
            detail::normalise_range(source.channel(c), options);
    else
        detail::normalise_range(source.values(), options);
    return source;
}

/// One grey channel: the pixels' first principal component over the channels, its largest weight positive, scaled to
/// 0..1 by its minimum and maximum. An image of one channel is returned as it is.
/// Errors: error if the image is empty or a value is not finite
template <scalar T>
image<T> principal_component(image<T> const& source) {
    require(!source.empty(), "comir::principal_component: the image is empty, expected pixels");
    require(has_only_finite(source),
            "comir::principal_component: a value is infinite or not a number, expected finite values");
    if (source.channels() == 1)
        return source;
    std::size_t const channels = source.channels(), pixels = source.height() * source.width();
    std::vector<double> mean(channels);
    for (std::size_t c = 0; c < channels; ++c) {
        for (T const v : source.channel(c))
            mean[c] += v;
        mean[c] /= static_cast<double>(pixels);
    }
    square_matrix covariance(channels);
    for (std::size_t i = 0; i < channels; ++i)
        for (std::size_t j = 0; j <= i; ++j) {
            double total = 0.0;
            for (std::size_t p = 0; p < pixels; ++p)
                total += (source.channel(i)[p] - mean[i]) * (source.channel(j)[p] - mean[j]);
            covariance(i, j) = covariance(j, i) = total / static_cast<double>(pixels);
        }
    eigen_system const system = symmetric_eigen(std::move(covariance));
    std::span<double const> const axis = system.vectors.row(0);
    double const largest = *std::ranges::max_element(axis, {}, [](double v) { return std::abs(v); });
    double const sign = largest < 0.0 ? -1.0 : 1.0;
    auto grey = detail::image_on_grid_of<T>(source, 1);
    for (std::size_t p = 0; p < pixels; ++p) {
        double value = 0.0;
        for (std::size_t c = 0; c < channels; ++c)
            value += axis[c] * (source.channel(c)[p] - mean[c]);
        grey.channel(0)[p] = static_cast<T>(sign * value);
    }
    return normalise(std::move(grey));
}

}}  // namespace comir::COMIR_ABI
