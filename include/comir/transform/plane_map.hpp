#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>

#include <Eigen/Core>

#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Any map of points of the fixed image to points of the moving one: a transform, a bend, a chain of them.
template <class T>
concept plane_map = requires(T const t, point2 p) {
    { t(p) } -> std::same_as<point2>;
};

namespace detail {

/// The derivative of a map by central differences over `step` to either side.
template <plane_map Map>
Eigen::Matrix2d slope_of(Map const& map, point2 p, double step) {
    point2 const x = map({p.x + step, p.y}) - map({p.x - step, p.y}),
                 y = map({p.x, p.y + step}) - map({p.x, p.y - step});
    Eigen::Matrix2d m;
    m << x.x, y.x, x.y, y.y;
    return m / (2.0 * step);
}

/// The largest factor by which the inverse of a matrix makes a vector longer; infinite if there is no inverse.
inline double inverse_stretch(Eigen::Matrix2d const& m) {
    double const area = m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0), square = m.squaredNorm();
    // The smaller singular value, without the difference of two numbers that may be nearly equal.
    double const larger = 0.5 * (square + std::sqrt(std::max(0.0, square * square - 4.0 * area * area)));
    return std::sqrt(larger) / std::abs(area);
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
