#pragma once

#include <cstddef>

#include <comir/image/image.hpp>
#include <comir/image/pyramid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// An image less its mean over some pixels around, by a Gaussian of the deviation sigma in pixels of the image. Bright
/// blobs on dark ground look alike at many places, what is in them at one; and what modalities do not share is mostly
/// how bright whole regions are. Pixels whose mask is zero do not count and hold nothing of use.
/// Errors:  shape_error if the image is empty or the mask of another size
/// Threads: as gaussian_blur
template <scalar T>
image<T> local_detail(image<T> const& values, double sigma, image_mask const& mask = {}, int threads = 0) {
    image<T> result = make_pyramid_level(values, {1, sigma}, mask, threads).values;
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = values.values()[i] - result.values()[i];
    return result;
}

}}  // namespace comir::COMIR_ABI
