#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <comir/core/check_range.hpp>
#include <comir/image/image.hpp>
#include <comir/image/local_detail.hpp>
#include <comir/image/pyramid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Which surroundings a value is compared with, and what counts as no contrast.
struct local_contrast_options {
    double sigma = 12;            // px of the Gaussian window
    double floor = 0.02;          // standard deviation, in the image's values, that counts as no contrast
    bool relative_floor = false;  // the floor is a share of the image's standard deviation over the pixels that count
    bool joint = false;           // one local deviation for all channels together, which keeps colours
    int threads = 0;
};

namespace detail {

/// Of all channels together over the pixels that count.
struct deviation_sums {
    double squares = 1.0, count = 1.0;  // squared deviations from each channel's mean, and pixels
};

/// No squares where values deviate by no more than rounding.
inline deviation_sums deviations_of(image<float> const& values, image_mask const& mask) {
    double count = 0.0, squares = 0.0, deviation = 0.0;
    for (std::size_t c = 0; c < values.channels(); ++c) {
        auto const channel = values.channel(c);
        double n = 0.0, sum = 0.0, square = 0.0;
        for (std::size_t i = 0; i < channel.size(); ++i) {
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
    return {deviation > 1e-12 * squares ? deviation : 0.0, std::max(count, 1.0)};
}

}  // namespace detail

/// What is left of each channel without its local mean, over its local standard deviation s: (x - mean) /
/// sqrt(s^2 + floor^2); zero for an image that does not vary. Bright and dark, strong and faint parts of an image then
/// look alike to what reads it, and a few strong structures, which resemble each other anywhere, count no more than
/// many faint ones. Pixels whose mask is zero do not count and hold nothing of use.
/// Errors:  error if sigma or floor is not above 0; shape_error if the image is empty or the mask of another size
/// Threads: as gaussian_blur
inline image<float> local_contrast(image<float> const& values, local_contrast_options const& options = {},
                                   image_mask const& mask = {}) {
    check_range("comir::local_contrast", "sigma", options.sigma, above(0), "px");
    check_range("comir::local_contrast", "floor", options.floor, above(0));
    image<float> result = local_detail(values, options.sigma, mask, options.threads);
    image<float> variance({options.joint ? 1 : values.channels(), values.height(), values.width()}, 0.0f);
    for (std::size_t c = 0; c < values.channels(); ++c) {
        auto const row = result.channel(c);
        auto const to = variance.channel(options.joint ? 0 : c);
        for (std::size_t i = 0; i < row.size(); ++i)
            to[i] += row[i] * row[i];
    }
    variance = make_pyramid_level(variance, {1, options.sigma}, mask, options.threads).values;
    auto const unit = options.relative_floor ? detail::deviations_of(values, mask) : detail::deviation_sums{};
    auto const least = static_cast<float>(options.floor * options.floor * unit.squares / unit.count);
    for (std::size_t c = 0; c < values.channels(); ++c) {
        auto const row = result.channel(c);
        auto const s = variance.channel(options.joint ? 0 : c);
        for (std::size_t i = 0; i < row.size(); ++i)
            row[i] = unit.squares > 0.0 && s[i] + least > 0.0f ? row[i] / std::sqrt(s[i] + least) : 0.0f;
    }
    return result;
}

}}  // namespace comir::COMIR_ABI
