#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Core>
#include <Eigen/LU>

#include <comir/core/error.hpp>
#include <comir/transform/bspline_inverse.hpp>
#include <comir/transform/concepts.hpp>
#include <comir/transform/displacement_field.hpp>
#include <comir/transform/plane_map.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The point that the field moves to `to`: by a fixed point, and by Newton's method where that is slow. Where one that
/// the field moves and one that it leaves in place both do, the former. Near the edge of the field, where it stops,
/// there may be none: it has then not converged.
/// Errors: error if the tolerance is not positive or there are no iterations
inline inverted_point invert(displacement_field2 const& field, point2 to, inverse_options const& o = {}) {
    require(o.tolerance > 0.0 && o.iterations > 0, "comir::invert: tolerance ", o.tolerance, " px and ", o.iterations,
            " iterations, expected both positive");
    inverted_point best{to, std::numeric_limits<double>::infinity(), false};
    if (!std::isfinite(to.x) || !std::isfinite(to.y))
        return best;
    double const step = 1e-4 * std::min(field.grid().spacing[0], field.grid().spacing[1]);
    // A place inside, so that a point beyond the edge that is left in place is no rival.
    point2 p = field.nearest_inside(to);
    p = field.nearest_inside(to - field.displacement(p));
    double nearest = std::numeric_limits<double>::infinity(), former = nearest;
    for (int i = 0; i < o.iterations; ++i) {
        point2 const off = field(p) - to;
        double const distance = std::hypot(off.x, off.y);
        Eigen::Matrix2d const slope = detail::slope_of(field, p, step);
        if (distance < nearest) {
            nearest = distance;
            double const stretch = detail::inverse_stretch(slope);
            best = {p, distance > 0.0 ? 2.0 * distance * stretch : 0.0, distance <= o.tolerance};
        }
        if (best.converged)
            return best;
        bool const slow = distance > 0.5 * former;
        point2 const full = slow && slope.determinant() > 0.05 ? detail::multiply(slope.inverse(), off) : off;
        // Halved where it misses by more than before: it overshot.
        double const share = distance > 2.0 * nearest ? 0.5 : 1.0;
        former = distance;
        point2 const next = field.nearest_inside(p - share * full);
        if (next == p)
            break;
        p = next;
    }
    if (!field.contains(to))
        return {to, 0.0, true};
    return best;
}

}}  // namespace comir::COMIR_ABI
