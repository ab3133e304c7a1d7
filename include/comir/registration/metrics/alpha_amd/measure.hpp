#pragma once

#include <array>
#include <cstddef>
#include <limits>

#include <comir/registration/metrics/alpha_amd/alpha_cut_maps.hpp>
#include <comir/registration/metrics/alpha_amd/directed_distance.hpp>
#include <comir/registration/metrics/point_gradient.hpp>
#include <comir/registration/metrics/point_map.hpp>
#include <comir/registration/metrics/point_sample.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Alpha-AMD at a transform, and its derivative by the transform's parameters.
template <std::size_t Parameters>
struct amd_evaluation {
    double value = std::numeric_limits<double>::infinity();  // pixels; infinite if no point lies inside
    std::array<double, Parameters> gradient{};
    double overlap = 0.0;         // share of the fixed points, by weight, inside the moving image
    double overlap_moving = 0.0;  // share of the moving points inside the fixed image; the same if not symmetric
};

/// The average minimal distance from the fixed points to the moving image's cuts and, if symmetric, the mean of it and
/// of the one from the moving points through the inverse; with its derivative by the transform's parameters. Points
/// that fall outside do not count.
template <affine_transform Transform>
amd_evaluation<Transform::parameter_count> evaluate_amd(alpha_cut_maps const& fixed, point_sample const& fixed_sample,
                                                        alpha_cut_maps const& moving, point_sample const& moving_sample,
                                                        Transform const& t, bool symmetric) {
    amd_evaluation<Transform::parameter_count> out;
    affine_map const map = to_affine_map(t);
    affine_gradient by_moving(t.centre);
    directed_distance const there =
        measure_directed(fixed, fixed_sample, moving, affine_point_map(map), jacobian_at::from, by_moving);
    out.overlap = there.overlap();
    if (!(there.weight > 0.0))
        return out;
    if (!symmetric) {
        out.value = there.value / there.weight;
        out.overlap_moving = out.overlap;
        pull_back(t, by_moving.sums(), 1.0 / there.weight, out.gradient);
        return out;
    }
    affine_map const back = inverse(map);
    affine_gradient by_fixed(t.centre);
    directed_distance const here =
        measure_directed(moving, moving_sample, fixed, affine_point_map(back), jacobian_at::to, by_fixed);
    out.overlap_moving = here.overlap();
    if (!(here.weight > 0.0))
        return out;
    out.value = 0.5 * (there.value / there.weight + here.value / here.weight);
    pull_back(t, by_moving.sums(), 0.5 / there.weight, out.gradient);
    // With T(S(P)) = P the inverse S moves by -A^-1 dT at S(P), A being T's linear part.
    auto const turned = [&back](point2 g) {
        return point2{-(back.xx * g.x + back.yx * g.y), -(back.xy * g.x + back.yy * g.y)};
    };
    affine_gradient_sums const& by_points = by_fixed.sums();
    affine_gradient_sums const by_inverse{turned(by_points.d), turned(by_points.d_times_x),
                                          turned(by_points.d_times_y)};
    pull_back(t, by_inverse, 0.5 / here.weight, out.gradient);
    return out;
}

}}  // namespace comir::COMIR_ABI
