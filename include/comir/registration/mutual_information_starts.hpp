#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/mutual_information_descent.hpp>
#include <comir/registration/mutual_information_options.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>

namespace comir::inline COMIR_ABI::detail {

/// Turns a transform by the angle; false if it cannot turn.
template <class Transform>
bool turn_mi_start(Transform& t, double angle) {
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

/// Every start angle about the fixed image's centre, which is put on the moving image's centre, and beside it.
template <affine_transform Transform>
std::vector<mi_start<Transform>> make_mi_starts(image_shape const& fixed, image_shape const& moving,
                                                mutual_information_options const& options) {
    auto const centre = [](image_shape const& s) {
        return point2{0.5 * (static_cast<double>(s.w) - 1.0), 0.5 * (static_cast<double>(s.h) - 1.0)};
    };
    double const aside = options.start_shift * static_cast<double>(std::min(fixed.h, fixed.w));
    std::vector<mi_start<Transform>> starts;
    for (double const angle : options.start_angles)
        for (point2 const shift : {point2{}, {-aside, 0.0}, {aside, 0.0}, {0.0, -aside}, {0.0, aside}}) {
            Transform t;
            t.centre = centre(fixed);
            point2 const to = centre(moving) - t.centre + shift;
            t.parameters[Transform::parameter_count - 2] = to.x;
            t.parameters[Transform::parameter_count - 1] = to.y;
            if (turn_mi_start(t, angle))
                starts.push_back({t, t});
            if (aside == 0.0)
                break;
        }
    require(!starts.empty(),
            "comir::register_mutual_information: there is no start; give start_angles, with the angle 0 for ",
            Transform::name, ", or starts");
    return starts;
}

template <affine_transform Transform>
std::vector<mi_start<Transform>> take_mi_starts(std::vector<Transform> const& given) {
    std::vector<mi_start<Transform>> starts;
    for (Transform const& t : given) {
        require(std::ranges::all_of(t.parameters, [](double p) { return std::isfinite(p); }) &&
                    std::isfinite(t.centre.x) && std::isfinite(t.centre.y),
                "comir::register_mutual_information: a start has a parameter or centre that is not finite");
        starts.push_back({t, t});
    }
    return starts;
}

template <class Transform>
bool fits(mi_start<Transform> const& start, double min_overlap) {
    return std::isfinite(start.value) && start.overlap >= min_overlap;
}

/// The best first; those that are equal stay in their order.
template <class Transform>
void sort_mi_starts(std::vector<mi_start<Transform>>& starts, double min_overlap) {
    std::ranges::stable_sort(starts, [min_overlap](auto const& a, auto const& b) {
        bool const a_fits = fits(a, min_overlap), b_fits = fits(b, min_overlap);
        return a_fits != b_fits ? a_fits : a.value > b.value;
    });
}

/// Of sorted starts the first `count` that ended at places of their own.
template <affine_transform Transform>
void keep_mi_starts(std::vector<mi_start<Transform>>& starts, std::size_t count, image_shape const& fixed) {
    constexpr double same = 2.0;  // pixels between the corners; the finest resolution brings them together
    std::vector<mi_start<Transform>> kept;
    for (auto const& start : starts)
        if (kept.size() < count && std::ranges::none_of(kept, [&](auto const& other) {
                return corner_distance(start.transform, other.transform, fixed.h, fixed.w) < same;
            }))
            kept.push_back(start);
    starts = std::move(kept);
}

}  // namespace comir::inline COMIR_ABI::detail
