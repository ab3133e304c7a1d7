#pragma once

#include <cstddef>

#include <comir/image/image.hpp>
#include <comir/image/pyramid.hpp>

namespace comir::inline COMIR_ABI::detail {

/// An image less its mean over some pixels around, by a Gaussian of the deviation sigma in pixels of the image. Bright
/// blobs on dark ground look alike at many places, what is in them at one; and what modalities do not share is mostly
/// how bright whole regions are. Ignored pixels hold nothing of use.
inline image<float> details_of(image<float> const& values, image_mask const& mask, double sigma, int threads) {
    image<float> result = make_pyramid_level(values, {1, sigma}, mask, threads).values;
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = values.values()[i] - result.values()[i];
    return result;
}

}  // namespace comir::inline COMIR_ABI::detail
