#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>

#include <comir/image/centre.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Whether a pose lies at the rim of what the options let be searched, so that a better one may lie beyond it. The shift
/// is that between the centres, along the axes of the larger image.
inline bool is_at_rim(affine2 const& pose, automatic_options const& o, image_shape const& fixed,
                      image_shape const& moving) {
    constexpr double near_angle = std::numbers::pi / 360.0, near_shift = 2.0, near_scale = 0.01;
    auto const m = pose.linear();
    double const turn = std::atan2(m(1, 0) - m(0, 1), m(0, 0) + m(1, 1));
    global_search_options const& s = o.search;
    if (s.max_angle < std::numbers::pi &&
        std::abs(std::remainder(turn - s.angle, 2.0 * std::numbers::pi)) > s.max_angle - near_angle)
        return true;
    double const scale = std::log(mean_scale(pose));
    if (o.min_scale < o.max_scale &&
        (scale < std::log(o.min_scale) + near_scale || scale > std::log(o.max_scale) - near_scale))
        return true;
    point2 const f = image_centre(fixed), c = image_centre(moving);
    bool const moving_is_larger = moving.h * moving.w > fixed.h * fixed.w;
    point2 const shift = moving_is_larger ? pose(f) - c : pose.inverse()(c) - f;
    auto const beyond = [](double by, double most) { return most > 0.0 && std::abs(by) > most - near_shift; };
    return beyond(shift.x, s.max_shift_x) || beyond(shift.y, s.max_shift_y);
}

}}}  // namespace comir::COMIR_ABI::detail
