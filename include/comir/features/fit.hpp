#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

#include <comir/core/error.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>
#include <comir/transform/translation.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Two places that show the same thing, and what is known of how it was turned and scaled on the way.
/// Units: pixels; turn in radians; zoom is the moving size over the fixed size
struct point_match {
    point2 fixed, moving;
    double turn = 0.0, zoom = 1.0;
};

/// The transforms that fit_transform knows.
template <class T>
concept fitted_transform = std::same_as<T, translation2> || std::same_as<T, rigid2> || std::same_as<T, similarity2> ||
    std::same_as<T, affine2>;

/// Point pairs that determine a transform of the type.
template <fitted_transform T>
inline constexpr std::size_t fit_size = (T::parameter_count + 1) / 2;

namespace detail {

/// Sums over centred pairs, from which every fit follows.
struct pair_moments {
    point2 fixed{}, moving{};                       // means
    double xx = 0.0, xy = 0.0, yy = 0.0;            // fixed by fixed
    double ux = 0.0, uy = 0.0, vx = 0.0, vy = 0.0;  // moving (u, v) by fixed (x, y)
    double spread_moving = 0.0;

    template <class At>
    pair_moments(std::size_t count, At&& at) {
        double const share = 1.0 / static_cast<double>(count);
        for (std::size_t i = 0; i < count; ++i) {
            point_match const& m = at(i);
            fixed = fixed + share * m.fixed;
            moving = moving + share * m.moving;
        }
        for (std::size_t i = 0; i < count; ++i) {
            point_match const& m = at(i);
            point2 const p = m.fixed - fixed, q = m.moving - moving;
            xx += p.x * p.x;
            xy += p.x * p.y;
            yy += p.y * p.y;
            ux += q.x * p.x;
            uy += q.x * p.y;
            vx += q.y * p.x;
            vy += q.y * p.y;
            spread_moving += q.x * q.x + q.y * q.y;
        }
    }
};

/// The least-squares transform about the fixed points' mean; nothing if the points do not determine it.
template <fitted_transform T>
std::optional<T> fit_moments(pair_moments const& m) {
    // Relative to the size of the coordinates, below which differences are rounding.
    double const size = 1.0 + std::abs(m.fixed.x) + std::abs(m.fixed.y) + std::abs(m.moving.x) + std::abs(m.moving.y);
    double const least = 1e-18 * size * size;
    T t;
    t.centre = m.fixed;
    point2 const shift = m.moving - m.fixed;
    set_translation(t, shift);
    double const cosine = m.ux + m.vy, sine = m.vx - m.uy, length = std::hypot(cosine, sine);
    if constexpr (std::same_as<T, rigid2> || std::same_as<T, similarity2>) {
        if (!(m.xx + m.yy > least && m.spread_moving > least &&
              length > 1e-9 * std::sqrt((m.xx + m.yy) * m.spread_moving)))
            return {};
        double const angle = std::atan2(sine, cosine);
        if constexpr (std::same_as<T, rigid2>) {
            t.parameters[0] = angle;
        } else {
            t.parameters[0] = std::log(length / (m.xx + m.yy));
            t.parameters[1] = angle;
        }
    }
    if constexpr (std::same_as<T, affine2>) {
        double const determinant = m.xx * m.yy - m.xy * m.xy, trace = m.xx + m.yy;
        // The smaller of the two spreads squared, over the larger: a line has none across it.
        if (!(trace > least && determinant > 1e-12 * trace * trace))
            return {};
        t.parameters[0] = (m.ux * m.yy - m.uy * m.xy) / determinant;
        t.parameters[1] = (m.uy * m.xx - m.ux * m.xy) / determinant;
        t.parameters[2] = (m.vx * m.yy - m.vy * m.xy) / determinant;
        t.parameters[3] = (m.vy * m.xx - m.vx * m.xy) / determinant;
    }
    if (!std::ranges::all_of(t.parameters, [](double p) { return std::isfinite(p); }))
        return {};
    return t;
}

}  // namespace detail

/// The transform with the least sum of squared distances between mapped fixed and moving points, about the mean of the
/// fixed points. For similarity2 and affine2 that is linear least squares; rigid2 maximises the correlation.
/// Returns: nothing if the points do not determine it: too few, in one place, or on a line (affine2)
/// Source:  Umeyama 1991, without reflections
template <fitted_transform T>
std::optional<T> fit_transform(std::span<point_match const> matches) {
    if (matches.size() < fit_size<T>)
        return {};
    return detail::fit_moments<T>(
        detail::pair_moments(matches.size(), [&](std::size_t i) -> point_match const& { return matches[i]; }));
}

}}  // namespace comir::COMIR_ABI
