#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/image/centre.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Turns a transform by the angle; false if it cannot turn.
template <class Transform>
bool turn_start(Transform& t, double angle) {
    if constexpr (std::same_as<Transform, rigid2>)
        t.parameters[0] = angle;
    else if constexpr (std::same_as<Transform, similarity2>)
        t.parameters[1] = angle;
    else if constexpr (std::same_as<Transform, affine2>)
        t = make_affine(rigid2{{angle, 0.0, 0.0}}.linear(), translation(t), t.centre);
    else
        return angle == 0.0;
    return true;
}

/// Turns nothing, and lays the fixed image's centre, the transform's own, on that of the moving image.
template <affine_transform Transform>
Transform centred_start(image_shape const& fixed, image_shape const& moving) {
    Transform t;
    t.centre = image_centre(fixed);
    set_translation(t, image_centre(moving) - t.centre);
    return t;
}

/// Shifts of a start in x and y: each of `by` times the unit, px.
struct start_shifts {
    std::vector<point2> by{{}};
    point2 unit{1.0, 1.0};
};

/// The starts that a caller gave, or without any every angle with every shift from the centred start, as far as the
/// transform can turn.
/// Errors: error, beginning with `who`, for a start that is not finite or if there is none
template <affine_transform Transform>
std::vector<Transform> make_starts(char const* who, image_shape const& fixed, image_shape const& moving,
                                   std::vector<Transform> const& given, std::vector<double> const& angles,
                                   start_shifts const& shifts) {
    for (Transform const& t : given)
        require(std::ranges::all_of(t.parameters, [](double p) { return std::isfinite(p); }) &&
                    std::isfinite(t.centre.x) && std::isfinite(t.centre.y),
                who, ": a start has a parameter or centre that is not finite");
    std::vector<Transform> starts = given;
    for (double const angle : given.empty() ? angles : std::vector<double>{})
        for (point2 const by : shifts.by) {
            auto t = centred_start<Transform>(fixed, moving);
            if (!turn_start(t, angle))
                continue;
            set_translation(t, translation(t) + point2{by.x * shifts.unit.x, by.y * shifts.unit.y});
            starts.push_back(t);
        }
    require(!starts.empty(), who, ": there is no start; give start_angles, with the angle 0 for ", Transform::name,
            ", or starts");
    return starts;
}

}}}  // namespace comir::COMIR_ABI::detail
