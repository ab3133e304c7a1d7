#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <comir/image/image.hpp>
#include <comir/image/pyramid.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// An image less its mean over some pixels around, by a Gaussian of the deviation sigma in pixels of the image. Bright
/// blobs on dark ground look alike at many places, what is in them at one; and what modalities do not share is mostly
/// how bright whole regions are. Ignored pixels hold nothing of use.
inline image<float> details_of(image<float> const& values, image_mask const& mask, double sigma, int threads) {
    image<float> result = make_pyramid_level(values, {1, sigma}, mask, threads).values;
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = values.values()[i] - result.values()[i];
    return result;
}

/// Details over their local standard deviation, of all channels together; `floor`, a share of the image's standard
/// deviation, counts as no contrast. A few strong structures, which resemble each other anywhere, then count no more
/// than many faint ones.
inline image<float> local_contrast_of(image<float> const& values, image_mask const& mask, double sigma, double floor,
                                      int threads) {
    image<float> result = details_of(values, mask, sigma, threads);
    image<float> variance({1, values.height(), values.width()}, 0.0f);
    double count = 0.0, squares = 0.0, deviation = 0.0;
    for (std::size_t c = 0; c < values.channels(); ++c) {
        auto const channel = values.channel(c);
        double n = 0.0, sum = 0.0, square = 0.0;
        for (std::size_t i = 0; i < channel.size(); ++i) {
            float const d = result.channel(c)[i];
            variance.values()[i] += d * d;
            if (!mask.empty() && mask.values()[i] == 0)
                continue;
            auto const v = static_cast<double>(channel[i]);
            n += 1.0;
            sum += v;
            square += v * v;
        }
        count = n;
        squares += square;
        deviation += square - sum * sum / std::max(n, 1.0);
    }
    variance = make_pyramid_level(variance, {1, sigma}, mask, threads).values;
    // What deviates less from a constant is rounding.
    bool const varies = deviation > 1e-12 * squares;
    auto const least = static_cast<float>(floor * floor * deviation / std::max(count, 1.0));
    for (std::size_t i = 0; i < variance.values().size(); ++i) {
        float const v = variance.values()[i] + least;
        for (std::size_t c = 0; c < values.channels(); ++c)
            result.channel(c)[i] = varies && v > 0.0f ? result.channel(c)[i] / std::sqrt(v) : 0.0f;
    }
    return result;
}

}}}  // namespace comir::COMIR_ABI::detail
