#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/image/centre.hpp>
#include <comir/registration/windows/coordinate_ascent.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The transform of the kind nearest to an affine map over a disc about the centre: its rotation, scale and shift. Only
/// an affine2 holds a mirrored map.
template <affine_transform Transform>
Transform nearest_of_kind(affine2 const& map, point2 centre) {
    affine2 const there = with_centre(map, centre);
    auto const& [a, b, c, d, tx, ty] = there.parameters;
    Transform t;
    t.centre = centre;
    if constexpr (std::same_as<Transform, affine2>) {
        t = there;
    } else {
        double const along = a + d, across = c - b;
        if constexpr (std::same_as<Transform, similarity2>)
            t.parameters[0] = std::log(std::max(1e-9, 0.5 * std::hypot(along, across)));
        if constexpr (Transform::parameter_count > 2)
            t.parameters[Transform::parameter_count - 3] = std::atan2(across, along);
        set_translation(t, {tx, ty});
    }
    return t;
}

/// The sum of the windows' scores where another transform puts them; `chosen` says which windows count.
template <affine_transform Transform>
double score_under(std::span<window_scores const> windows, affine2 const& moving_to_fixed, Transform const& t,
                   auto const& chosen) {
    double sum = 0.0;
    for (std::size_t i = 0; i < windows.size(); ++i)
        if (chosen(i))
            sum += windows[i](moving_to_fixed(t(windows[i].middle)) - windows[i].middle);
    return sum;
}

/// The transform of its kind that the chosen windows agree on most, climbed to from the nearest one to the map that the
/// windows were scored under.
template <affine_transform Transform>
Transform fit_family(std::span<window_scores const> windows, affine2 const& scored_under, image_shape const& fixed,
                     auto const& chosen) {
    affine2 const back = scored_under.inverse();
    Transform best = nearest_of_kind<Transform>(scored_under, image_centre(fixed));
    // A step of each parameter moves points by as much on average.
    auto const reach = parameter_reach(best, fixed.h, fixed.w);
    double const unit = windows.empty() ? 1.0 : windows.front().unit;
    coordinate_ascent(
        best, score_under(windows, back, best, chosen), Transform::parameter_count, {unit, 0.02 * unit, 12},
        [&](Transform& t, std::size_t k, double by) { t.parameters[k] += by / reach[k]; },
        [&](Transform const& t) { return score_under(windows, back, t, chosen); });
    return best;
}

/// The same, of all windows.
template <affine_transform Transform>
Transform fit_family(std::span<window_scores const> windows, affine2 const& scored_under, image_shape const& fixed) {
    return fit_family<Transform>(windows, scored_under, fixed, [](std::size_t) { return true; });
}

/// What a richer kind of transform gains on windows that it was not fitted to, over a poorer one.
struct held_out_gain {
    double sum = 0.0, deviation = 0.0;

    /// In standard errors.
    double significance() const { return deviation > 0.0 ? sum / deviation : 0.0; }
};

/// Fits both kinds to either half of the windows, like the colours of a chessboard, and compares them on the other.
template <affine_transform Richer, affine_transform Poorer>
held_out_gain gain_of(std::span<window_scores const> windows, affine2 const& scored_under, image_shape const& fixed) {
    affine2 const back = scored_under.inverse();
    held_out_gain gain;
    double squares = 0.0;
    for (std::size_t const half : {0u, 1u}) {
        auto const fitted = [&](std::size_t i) { return windows[i].colour == half; };
        auto const richer = fit_family<Richer>(windows, scored_under, fixed, fitted);
        auto const poorer = fit_family<Poorer>(windows, scored_under, fixed, fitted);
        for (std::size_t i = 0; i < windows.size(); ++i) {
            if (fitted(i))
                continue;
            auto const at = [&](auto const& t) { return windows[i](back(t(windows[i].middle)) - windows[i].middle); };
            double const difference = at(richer) - at(poorer);
            gain.sum += difference;
            squares += difference * difference;
        }
    }
    gain.deviation = std::sqrt(squares);
    return gain;
}

}}}  // namespace comir::COMIR_ABI::detail
