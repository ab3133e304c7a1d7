#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/kmeans.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The number (0, 1, ...) of each pixel's k-means cluster, all channels together; 0 where the weight is 0. Few passes
/// suffice, since any similar cut of the values will do.
/// Shapes: values (C, H, W), weight (1, H, W) -> (1, H, W)
inline image<float> quantise(image<float> const& values, image<float> const& weight, std::size_t clusters) {
    constexpr std::size_t passes = 12, most_samples = 8192;
    std::size_t const pixels = weight.values().size();
    std::vector<std::size_t> sample;
    std::size_t const stride = std::max<std::size_t>(1, pixels / most_samples);
    for (std::size_t i = stride / 2; i < pixels; i += stride)
        if (weight.values()[i] > 0.0f)
            sample.push_back(i);
    image<float> numbers({1, values.height(), values.width()});
    if (sample.empty())
        return numbers;
    std::vector<std::span<float const>> channels;
    for (std::size_t c = 0; c < values.channels(); ++c)
        channels.push_back(values.channel(c));
    std::vector<float> const centres = kmeans(channels, std::move(sample), clusters, passes);
    for (std::size_t i = 0; i < pixels; ++i)
        if (weight.values()[i] > 0.0f)
            numbers.values()[i] = static_cast<float>(nearest_centre(channels, i, centres));
    return numbers;
}

}}}  // namespace comir::COMIR_ABI::detail
