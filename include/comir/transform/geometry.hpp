#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include <comir/core/error.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The point halfway between the centres of the first and the last pixel, px.
constexpr point2 image_centre(std::size_t w, std::size_t h) {
    return {0.5 * (static_cast<double>(w) - 1.0), 0.5 * (static_cast<double>(h) - 1.0)};
}

/// Width and height in pixels.
struct extent2 {
    std::size_t w = 0, h = 0;

    constexpr bool operator==(extent2 const&) const = default;
    /// The point halfway between the centres of the first and the last pixel.
    constexpr point2 centre() const { return image_centre(w, h); }
    /// The centres of the four corner pixels: (0, 0), (w-1, 0), (w-1, h-1), (0, h-1).
    constexpr std::array<point2, 4> corners() const {
        double const right = static_cast<double>(w) - 1.0, bottom = static_cast<double>(h) - 1.0;
        return {point2{0.0, 0.0}, point2{right, 0.0}, point2{right, bottom}, point2{0.0, bottom}};
    }
};

/// Where a map takes the moving image's corners; `moving_to_fixed` is any callable from point2 to point2, such as the
/// inverse() of a registration's transform.
/// Errors: shape_error if the extent is empty
template <class Map>
std::array<point2, 4> map_corners(Map const& moving_to_fixed, extent2 moving) {
    require<shape_error>(moving.w > 0 && moving.h > 0, "comir::map_corners: the moving image has ", moving.w, " x ",
                         moving.h, " pixels, expected at least one");
    std::array<point2, 4> mapped = moving.corners();
    for (point2& corner : mapped)
        corner = moving_to_fixed(corner);
    return mapped;
}

/// Mean distance in pixels between corresponding corners; infinite if a corner is not finite.
inline double corner_error(std::array<point2, 4> const& estimate, std::array<point2, 4> const& truth) {
    double sum = 0.0;
    for (std::size_t i = 0; i < 4; ++i)
        sum += std::hypot(estimate[i].x - truth[i].x, estimate[i].y - truth[i].y);
    return std::isfinite(sum) ? sum / 4.0 : std::numeric_limits<double>::infinity();
}

/// For each parameter the root mean square over the fixed image of how far a unit of it moves a point.
template <affine_transform Transform>
std::array<double, Transform::parameter_count> parameter_reach(Transform const& t, std::size_t h, std::size_t w) {
    // The Jacobian is affine in the point, so that two Gauss nodes an axis integrate its square exactly.
    double const node_x = 0.5 * static_cast<double>(w) / std::sqrt(3.0);
    double const node_y = 0.5 * static_cast<double>(h) / std::sqrt(3.0);
    point2 const middle = image_centre(w, h);
    std::array<double, Transform::parameter_count> reach{};
    for (point2 const node : {point2{-node_x, -node_y}, {node_x, -node_y}, {-node_x, node_y}, {node_x, node_y}}) {
        auto const j = t.jacobian(middle + node);
        for (std::size_t k = 0; k < reach.size(); ++k)
            reach[k] += 0.25 * j.col(static_cast<Eigen::Index>(k)).squaredNorm();
    }
    for (double& r : reach)
        r = std::sqrt(r);
    return reach;
}

/// The factor by which a transform changes lengths, on average over all directions: the root of its area's.
template <affine_transform Transform>
double mean_scale(Transform const& t) {
    Eigen::Matrix2d const m = t.linear();
    return std::sqrt(std::abs(m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0)));
}

/// The share of the fixed image's points that a transform puts inside the moving image, measured on a grid of
/// 64 x 64 of them. Shapes have h rows and w columns.
template <affine_transform Transform, class Shape>
double shared_part(Transform const& fixed_to_moving, Shape const& fixed, Shape const& moving) {
    constexpr std::size_t side = 64;
    double const right = static_cast<double>(moving.w) - 1.0, bottom = static_cast<double>(moving.h) - 1.0;
    std::size_t inside = 0;
    for (std::size_t i = 0; i < side * side; ++i) {
        double const u = (static_cast<double>(i % side) + 0.5) / side, v = (static_cast<double>(i / side) + 0.5) / side;
        point2 const p =
            fixed_to_moving({u * (static_cast<double>(fixed.w) - 1.0), v * (static_cast<double>(fixed.h) - 1.0)});
        inside += p.x >= 0.0 && p.y >= 0.0 && p.x <= right && p.y <= bottom ? 1 : 0;
    }
    return static_cast<double>(inside) / static_cast<double>(side * side);
}

/// Whether a transform turns the plane over, as a mirror does.
template <affine_transform Transform>
bool is_mirrored(Transform const& t) {
    Eigen::Matrix2d const m = t.linear();
    return m(0, 0) * m(1, 1) < m(0, 1) * m(1, 0);
}

/// The largest distance between two transforms' images of the corners of h x w pixels.
template <affine_transform Transform>
double corner_distance(Transform const& a, Transform const& b, std::size_t h, std::size_t w) {
    double const right = static_cast<double>(w) - 1.0, bottom = static_cast<double>(h) - 1.0;
    double largest = 0.0;
    for (point2 const corner : {point2{0.0, 0.0}, {right, 0.0}, {right, bottom}, {0.0, bottom}}) {
        point2 const d = a(corner) - b(corner);
        largest = std::max(largest, std::hypot(d.x, d.y));
    }
    return largest;
}

}}  // namespace comir::COMIR_ABI
