#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <numbers>
#include <vector>

#include <comir/image/centre.hpp>
#include <comir/registration/global/scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A pose of the search: the moving image, turned and scaled, lies with its centre on (x, y) of the fixed image.
struct search_pose {
    double angle = 0.0;       // radians, fixed to moving
    double x = 0.0, y = 0.0;  // pixels of the full fixed image
    double score = static_cast<double>(no_score);
    double overlap = 0.0;  // pixels of the level
    double scale = 1.0;    // pixels of the moving image that one of the fixed image measures
    std::size_t band = 0;  // of the search's scale_bands
};

inline bool better(search_pose const& a, search_pose const& b) {
    return a.score > b.score;
}

/// Root mean square distance, over the moving image's pixels, of where two poses put them, in pixels of the fixed one.
inline double pose_distance(search_pose const& a, search_pose const& b, image_shape const& moving) {
    auto const w = static_cast<double>(moving.w), h = static_cast<double>(moving.h);
    double const dx = a.x - b.x, dy = a.y - b.y;
    double const p = 1.0 / a.scale, q = 1.0 / b.scale;
    double const apart = 0.5 * (p - q) * (p - q) + (1.0 - std::cos(a.angle - b.angle)) * p * q;
    return std::sqrt(dx * dx + dy * dy + apart * (w * w + h * h) / 6.0);
}

/// The first `most` poses that differ by more than `distance`.
inline std::vector<search_pose> distinct_poses(std::vector<search_pose> const& poses, std::size_t most, double distance,
                                               image_shape const& moving) {
    std::vector<search_pose> kept;
    for (search_pose const& p : poses) {
        if (kept.size() == most)
            break;
        if (std::ranges::none_of(kept, [&](auto const& k) { return pose_distance(p, k, moving) <= distance; }))
            kept.push_back(p);
    }
    return kept;
}

/// The transform that puts the moving image's centre on a pose of the fixed image. A rigid2 leaves out the scale.
template <class Transform>
Transform to_transform(search_pose const& p, image_shape const& fixed, image_shape const& moving) {
    static_assert(
        std::same_as<Transform, rigid2> || std::same_as<Transform, similarity2> || std::same_as<Transform, affine2>,
        "comir: a global search finds rotations, scales and shifts, which similarity2 and affine2 can hold, or rigid2 "
        "without scales");
    double const angle = std::remainder(p.angle, 2.0 * std::numbers::pi);
    point2 const c = image_centre(fixed), shift = image_centre(moving) - point2{p.x, p.y};
    if constexpr (std::same_as<Transform, rigid2>) {
        rigid2 const turn{{angle, 0.0, 0.0}, {p.x, p.y}};
        point2 const t = turn(c) + shift - c;
        return {{angle, t.x, t.y}, c};
    } else {
        similarity2 const turn{{std::log(p.scale), angle, 0.0, 0.0}, {p.x, p.y}};
        point2 const t = turn(c) + shift - c;
        if constexpr (std::same_as<Transform, similarity2>)
            return {{turn.parameters[0], angle, t.x, t.y}, c};
        else
            return make_affine(turn.linear(), t, c);
    }
}

}}}  // namespace comir::COMIR_ABI::detail
