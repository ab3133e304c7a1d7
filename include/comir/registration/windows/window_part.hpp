#pragma once

#include <comir/image/image.hpp>
#include <comir/registration/input.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A part of an image: its pixel p lies at first + factor p of the full image, in pixels of that.
struct window_part {
    registration_image images{};
    point2 first{};
    double factor = 1.0;
};

// An image that windows are cut out of has a full_shape(image), of all its pixels, and a read_part(image, region,
// factor): what lies in the region, or nothing where no pixel of it counts, with pixels that measure `factor` of the
// full image's or less. These are of images in memory.

inline image_shape full_shape(registration_input const& whole) {
    return whole.values.shape();
}

inline window_part read_part(registration_input const& whole, region const& part, double) {
    return {crop(whole, part), {static_cast<double>(part.x), static_cast<double>(part.y)}};
}

}}}  // namespace comir::COMIR_ABI::detail
