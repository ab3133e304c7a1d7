#pragma once

#include <algorithm>
#include <cmath>

#include <comir/image/filter.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

struct local_contrast_options {
    double sigma = 12;    // px of the Gaussian window
    double floor = 0.02;  // standard deviation, in the image's values, that counts as no contrast
    int threads = 0;
};

/// What is left of each channel without its local mean, over its local standard deviation s: (x - mean) /
/// sqrt(s^2 + floor^2). Bright and dark, strong and faint parts of an image then look alike to what reads it.
/// Errors:  error if sigma or floor is not above 0; shape_error if the image is empty
/// Threads: as gaussian_blur
inline image<float> normalise_local_contrast(image<float> source, local_contrast_options const& options = {}) {
    require(options.sigma > 0 && options.floor > 0, "comir::normalise_local_contrast: sigma is ", options.sigma,
            " px and floor ", options.floor, ", expected numbers above 0");
    detail::subtract_blur(source, options.sigma, options.threads);
    image<float> variance = source;
    for (float& v : variance.values())
        v *= v;
    variance = gaussian_blur(variance, options.sigma, options.threads);
    auto const floor = static_cast<float>(options.floor * options.floor);
    std::ranges::transform(source.values(), variance.values(), source.values().begin(),
                           [&](float v, float s) { return v / std::sqrt(s + floor); });
    return source;
}

}}  // namespace comir::COMIR_ABI
