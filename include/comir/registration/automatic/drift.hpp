#pragma once

#include <cmath>
#include <cstddef>

#include <comir/image/image.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Pixels of an image beyond which a registration saves time and memory.
inline constexpr std::size_t large_image = std::size_t{1} << 20;

inline std::size_t pixel_count(image_shape const& s) {
    return s.h * s.w;
}

/// How far refining may move the smaller image, px; `drift` is a share of its diagonal.
inline double drift_limit(double drift, image_shape const& fixed, image_shape const& moving) {
    image_shape const& s = pixel_count(fixed) < pixel_count(moving) ? fixed : moving;
    return drift * std::hypot(static_cast<double>(s.w), static_cast<double>(s.h));
}

/// Whether two transforms put the corners of the smaller image within that limit of each other.
template <affine_transform T>
bool is_same_pose(T const& a, T const& b, double drift, image_shape const& fixed, image_shape const& moving) {
    double const distance = pixel_count(fixed) < pixel_count(moving)
                                ? corner_distance(a, b, fixed.h, fixed.w)
                                : corner_distance(a.inverse(), b.inverse(), moving.h, moving.w);
    return distance <= drift_limit(drift, fixed, moving);
}

}}}  // namespace comir::COMIR_ABI::detail
