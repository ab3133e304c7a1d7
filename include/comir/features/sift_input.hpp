#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <comir/core/concepts.hpp>
#include <comir/core/error.hpp>
#include <comir/core/quantile.hpp>
#include <comir/features/sift_options.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

struct intensity_span {
    double low = 0.0, range = 0.0;
};

/// The span of the values that count, the extreme 0.1 % at both ends left out, where a few hot or dead pixels hide.
template <class T>
intensity_span measure_span(image<T> const& source, std::size_t channel, image_mask const& mask) {
    auto const values = source.channel(channel);
    auto const counts = [&](std::size_t i) { return mask.empty() || mask.values()[i] != 0; };
    double least = INFINITY, most = -INFINITY;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (counts(i)) {
            least = std::min(least, static_cast<double>(values[i]));
            most = std::max(most, static_cast<double>(values[i]));
        }
    if (!(least < most))
        return {std::isfinite(least) ? least : 0.0, 0.0};
    // An odd step does not keep to one column of an image of even width.
    std::size_t const step = (values.size() / 65536) | 1;
    std::vector<T> sorted;
    sorted.reserve(values.size() / step + 1);
    for (std::size_t i = 0; i < values.size(); i += step)
        if (counts(i))
            sorted.push_back(values[i]);
    if (!sorted.empty()) {
        auto const low = static_cast<double>(lower_quantile(sorted, 0.001));
        auto const high = static_cast<double>(lower_quantile(sorted, 0.999));
        if (high > low)
            return {low, high - low};
    }
    return {least, most - least};
}

/// The grey channels that keypoints are sought in, scaled by their intensity range. Masked values that are not finite
/// become the low end, so that they do not spread.
template <class T>
std::vector<image<float>> sift_input(image<T> const& source, sift_options const& options, image_mask const& mask) {
    static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || scalar<T>,
                  "comir: images hold std::uint8_t, std::uint16_t, float or double");
    constexpr char const* who = "comir::sift";
    require<shape_error>(!source.empty(), who, ": the image is ", to_string(source.shape()),
                         ", expected at least one pixel");
    require<shape_error>(mask.empty() || mask.shape() == image_shape{1, source.height(), source.width()}, who,
                         ": the mask is ", to_string(mask.shape()), ", expected 1 x ", source.height(), " x ",
                         source.width());
    require<shape_error>(options.channels != sift_channels::one || options.channel < source.channels(), who,
                         ": channel ", options.channel, " was asked for, the image has ", source.channels(),
                         ", counted from 0");
    bool const one = options.channels == sift_channels::one;
    std::size_t const first = one ? options.channel : 0, count = one ? 1 : source.channels();
    std::size_t const pixels = source.height() * source.width();
    if constexpr (scalar<T>)
        for (std::size_t c = first; c < first + count; ++c) {
            auto const values = source.channel(c);
            for (std::size_t i = 0; i < pixels; ++i)
                require(std::isfinite(values[i]) || (!mask.empty() && mask.values()[i] == 0), who,
                        ": the image is not finite at channel ", c, ", x = ", i % source.width(),
                        ", y = ", i / source.width(), "; mask such pixels or replace them");
        }
    bool const mean = options.channels == sift_channels::mean;
    std::vector<image<float>> inputs(mean ? 1 : count, image<float>({1, source.height(), source.width()}));
    intensity_span span;
    // Far above zero, where repeated blurs of dark surroundings would end in numbers too small to be fast.
    constexpr double pedestal = 0.25;
    auto const scaled = [&](double value) {
        double const v = (value - span.low) * (1.0 / span.range) + pedestal;
        if constexpr (scalar<T>)
            return static_cast<float>(std::isfinite(v) ? std::clamp(v, -1e6, 1e6) : 0.0);
        else
            return static_cast<float>(v);
    };
    if (!mean || count == 1) {
        for (std::size_t c = 0; c < count; ++c) {
            span = options.range > 0.0 ? intensity_span{0.0, options.range} : measure_span(source, first + c, mask);
            if (span.range > 0.0)
                std::ranges::transform(source.channel(first + c), inputs[c].values().begin(),
                                       [&](T v) { return scaled(static_cast<double>(v)); });
        }
        return inputs;
    }
    image<double> grey({1, source.height(), source.width()});
    for (std::size_t c = 0; c < count; ++c)
        for (std::size_t i = 0; i < pixels; ++i)
            grey.values()[i] += static_cast<double>(source.channel(c)[i]) / static_cast<double>(count);
    span = options.range > 0.0 ? intensity_span{0.0, options.range} : measure_span(grey, 0, mask);
    if (span.range > 0.0)
        std::ranges::transform(grey.values(), inputs[0].values().begin(), scaled);
    return inputs;
}

}}}  // namespace comir::COMIR_ABI::detail
