#pragma once

#include <cmath>
#include <limits>

#include <Eigen/Core>
#include <Eigen/LU>

#include <comir/core/error.hpp>
#include <comir/transform/bspline.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// When the search for a point that a bend moves to a given one comes to rest.
struct inverse_options {
    double tolerance = 1e-9;  // px, of the mapped point
    int iterations = 50;
};

/// The point that a bend moves to a given one, as far as it was found.
struct inverted_point {
    point2 point{};
    double error = 0.0;  // px: no further from the true point, where the map is smooth on the way; infinite in a fold
    bool converged = false;  // the tolerance was met
};

/// The point that the spline moves to `to`, by Newton's method. Where one within the domain and one outside both do, the
/// one within it. Near the edge of the domain, where the spline stops, there may be none: it has then not converged.
/// Errors: error if the tolerance is not positive or there are no iterations
inline inverted_point invert(bspline2 const& spline, point2 to, inverse_options const& o = {}) {
    require(o.tolerance > 0.0 && o.iterations > 0, "comir::invert: tolerance ", o.tolerance, " px and ", o.iterations,
            " iterations, expected both positive");
    auto const smallest_stretch = [](Eigen::Matrix2d const& m) {
        double const square = m.squaredNorm(), area = m.determinant();
        return std::sqrt(std::max(0.0, 0.5 * (square - std::sqrt(std::max(0.0, square * square - 4.0 * area * area)))));
    };
    inverted_point best{to, std::numeric_limits<double>::infinity(), false};
    if (!std::isfinite(to.x) || !std::isfinite(to.y))
        return best;
    point2 p = spline.nearest_inside(to);
    p = spline.nearest_inside(to - spline.displacement(p));
    double nearest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < o.iterations; ++i) {
        point2 const off = spline(p) - to;
        Eigen::Matrix2d const slope = spline.derivative(p);
        double const distance = std::hypot(off.x, off.y), stretch = smallest_stretch(slope);
        if (distance < nearest) {
            nearest = distance;
            // Twice, for what is not linear between the two.
            best = {p, stretch > 0.0 ? 2.0 * distance / stretch : std::numeric_limits<double>::infinity(),
                    distance <= o.tolerance};
        }
        if (best.converged)
            return best;
        // Newton's step, or a fixed point's where the map is folded or nearly so.
        point2 const step = slope.determinant() > 0.05 ? detail::multiply(slope.inverse(), off) : off;
        // A step that misses by more than before overshot: half of it.
        double const share = distance > 2.0 * nearest ? 0.5 : 1.0;
        point2 const next = spline.nearest_inside(p - share * step);
        if (next == p)
            break;
        p = next;
    }
    if (!spline.contains(to))
        return {to, 0.0, true};
    return best;
}

}}  // namespace comir::COMIR_ABI
