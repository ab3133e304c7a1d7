#pragma once

#include <concepts>

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

}}}  // namespace comir::COMIR_ABI::detail
