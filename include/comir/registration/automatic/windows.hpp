#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <comir/image/image.hpp>
#include <comir/registration/automatic/drift.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/windows/box.hpp>
#include <comir/transform/concepts.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The parts of two images that can meet near a transform.
struct meeting_windows {
    region fixed, moving;

    /// The transform between the images as one between their windows, and back.
    template <affine_transform T>
    T to_windows(T const& t) const {
        return moved(t, -1.0);
    }
    template <affine_transform T>
    T to_images(T const& t) const {
        return moved(t, 1.0);
    }

private:
    template <affine_transform T>
    T moved(T t, double sign) const {
        point2 const f{sign * static_cast<double>(fixed.x), sign * static_cast<double>(fixed.y)};
        point2 const m{sign * static_cast<double>(moving.x), sign * static_cast<double>(moving.y)};
        t.centre = t.centre + f;
        set_translation(t, translation(t) + (m - f));
        return t;
    }
};

/// The box of an image of shape `small`, put into an image of shape `large` by a transform, and `margin` pixels around
/// it, cut to the large image.
template <affine_transform T>
region box_under(T const& small_to_large, image_shape const& small, image_shape const& large, double margin) {
    return box_around(map_corners(small_to_large, {small.w, small.h}), large, margin);
}

/// Windows of the fixed and the moving image for refining a transform that moves nothing by more than `margin` pixels.
template <affine_transform T>
meeting_windows windows_near(T const& fixed_to_moving, image_shape const& fixed, image_shape const& moving,
                             double margin) {
    return {box_under(fixed_to_moving.inverse(), moving, fixed, margin),
            box_under(fixed_to_moving, fixed, moving, margin)};
}

/// Whether poses are compared and refined in windows about them: in large images of which little is covered.
inline bool need_windows(image_shape const& fixed, image_shape const& moving) {
    std::size_t const f = pixel_count(fixed), m = pixel_count(moving);
    return std::max(f, m) > large_image && std::max(f, m) > 4 * std::min(f, m);
}

/// The windows of two images about a pose, so wide that refining it can move nothing out of them.
struct window_pair {
    meeting_windows at;
    registration_image fixed, moving;

    template <affine_transform T>
    window_pair(T const& pose, registration_input const& whole_fixed, registration_input const& whole_moving,
                double drift)
        : at(windows_near(pose, whole_fixed.values.shape(), whole_moving.values.shape(),
                          2.0 * drift_limit(drift, whole_fixed.values.shape(), whole_moving.values.shape()))),
          fixed(crop(whole_fixed, at.fixed)),
          moving(crop(whole_moving, at.moving)) {}
};

}}}  // namespace comir::COMIR_ABI::detail
