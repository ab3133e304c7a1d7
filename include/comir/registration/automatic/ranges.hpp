#pragma once

#include <cmath>
#include <concepts>
#include <numbers>

#include <comir/image/centre.hpp>
#include <comir/registration/automatic/drift.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The angle of a transform's rotation, radians.
template <affine_transform T>
double turn_of(T const& t) {
    if constexpr (std::same_as<T, rigid2>)
        return t.parameters[0];
    auto const m = t.linear();
    return std::atan2(m(1, 0) - m(0, 1), m(0, 0) + m(1, 1));
}

/// The images that ranges of angles and shifts are of, and by how much the ranges are narrowed.
struct range_images {
    image_shape const &fixed, &moving;
    double angle_margin = 0.0, shift_margin = 0.0;  // radians, px
};

/// Whether a transform lies in a search's ranges of angles and shifts. The shift is that between the centres, along the
/// axes of the larger image.
template <affine_transform T>
bool is_in_ranges(T const& t, global_search_options const& o, range_images const& images) {
    point2 const fixed_centre = image_centre(images.fixed), moving_centre = image_centre(images.moving);
    bool const moving_is_larger = pixel_count(images.moving) > pixel_count(images.fixed);
    point2 const shift = moving_is_larger ? t(fixed_centre) - moving_centre : t.inverse()(moving_centre) - fixed_centre;
    auto const within = [&](double by, double most) {
        return most == 0.0 || std::abs(by) <= most - images.shift_margin;
    };
    return (o.max_angle >= std::numbers::pi || std::abs(std::remainder(turn_of(t) - o.angle, 2.0 * std::numbers::pi)) <=
                                                   o.max_angle - images.angle_margin) &&
           within(shift.x, o.max_shift_x) && within(shift.y, o.max_shift_y);
}

/// Whether a pose lies at the rim of what the options let be searched, so that a better one may lie beyond it.
inline bool is_at_rim(affine2 const& pose, automatic_options const& o, image_shape const& fixed,
                      image_shape const& moving) {
    constexpr double near_angle = std::numbers::pi / 360.0, near_shift = 2.0, near_scale = 0.01;
    double const scale = std::log(mean_scale(pose));
    if (o.min_scale < o.max_scale &&
        (scale < std::log(o.min_scale) + near_scale || scale > std::log(o.max_scale) - near_scale))
        return true;
    return !is_in_ranges(pose, o.search, {fixed, moving, near_angle, near_shift});
}

}}}  // namespace comir::COMIR_ABI::detail
