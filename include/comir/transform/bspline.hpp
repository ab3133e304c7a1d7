#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <Eigen/LU>

#include <comir/core/error.hpp>
#include <comir/transform/concepts.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Where the control points of a cubic B-spline lie: number (i, j) at origin + direction (i spacing.x, j spacing.y).
/// Units: origin and spacing in pixels of the fixed image; direction's columns are unit vectors of the grid's axes
struct bspline_grid {
    extent2 size{};  // control points along each axis, at least 4
    point2 origin{};
    point2 spacing{1.0, 1.0};
    Eigen::Matrix2d direction = Eigen::Matrix2d::Identity();

    std::size_t count() const { return size.w * size.h; }
    bool operator==(bspline_grid const&) const = default;
};

/// A grid whose domain is centred on an image and reaches `margin` pixels beyond the centres of its outer pixels or up to
/// a spacing further. Other programs leave a domain's last edge out: half a pixel is the least that holds all pixels.
/// Errors: error if the extent is empty, the spacing not positive, or the margin negative
inline bspline_grid grid_over(extent2 image, double spacing, double margin = 0.5) {
    require(image.w > 0 && image.h > 0 && spacing > 0.0 && margin >= 0.0, "comir::grid_over: ", image.w, " x ", image.h,
            " pixels, spacing ", spacing, " and margin ", margin,
            " px, expected a pixel at least, a positive spacing and a margin not below 0");
    auto const spans = [&](std::size_t n) {
        return std::max(1.0, std::ceil((static_cast<double>(n) - 1.0 + 2.0 * margin) / spacing - 1e-9));
    };
    point2 const by{spans(image.w), spans(image.h)}, middle = image.centre();
    return {{static_cast<std::size_t>(by.x) + 3, static_cast<std::size_t>(by.y) + 3},
            middle - (0.5 * spacing) * (by + point2{2.0, 2.0}),
            {spacing, spacing}};
}

/// The 4 x 4 control points that move a point, and how much: x[i] y[j] of number (first_x + i, first_y + j).
struct bspline_weights {
    std::size_t first_x = 0, first_y = 0;
    std::array<double, 4> x{}, y{};
};

namespace detail {

/// The cubic B-spline's values at the four control points around a place, t from 0 to 1 past the second one.
inline std::array<double, 4> bspline_values(double t) {
    double const s = 1.0 - t, t2 = t * t, s2 = s * s;
    return {s2 * s / 6.0, 2.0 / 3.0 - 0.5 * t2 * (2.0 - t), 2.0 / 3.0 - 0.5 * s2 * (2.0 - s), t2 * t / 6.0};
}
/// Its derivatives by t.
inline std::array<double, 4> bspline_slopes(double t) {
    double const s = 1.0 - t;
    return {-0.5 * s * s, t * (1.5 * t - 2.0), s * (2.0 - 1.5 * s), 0.5 * t * t};
}

}  // namespace detail

/// A smooth bend of the plane: p -> p + the sum of the control points' displacements, weighed by cubic B-splines.
/// Within its domain, from the second to the last but one control point along each axis, edges included; it leaves all
/// other points where they are.
/// Units:  displacements in pixels
/// Errors: error if a side has fewer than 4 control points, the number of displacements differs, the spacing is not
///         positive, or the direction is singular
/// Source: Rueckert et al. 1999, IEEE TMI 18(8); domain and order of the control points are those of ITK 5
class bspline2 {
public:
    static constexpr char const* name = "bspline2";

    /// Moves nothing: control points that displace by zero.
    explicit bspline2(bspline_grid const& grid) : bspline2(grid, std::vector<point2>(grid.count())) {}
    /// With a displacement for each control point; the x index runs fastest.
    bspline2(bspline_grid const& grid, std::vector<point2> displacements)
        : grid_(grid), displacements_(std::move(displacements)) {
        require(grid.size.w >= 4 && grid.size.h >= 4, "comir::bspline2: a grid of ", grid.size.w, " x ", grid.size.h,
                " control points, expected at least 4 x 4");
        require(displacements_.size() == grid.count(), "comir::bspline2: ", displacements_.size(),
                " displacements, expected ", grid.count(), ", one for each of ", grid.size.w, " x ", grid.size.h,
                " control points");
        require(grid.spacing.x > 0.0 && grid.spacing.y > 0.0 && std::isfinite(grid.spacing.x + grid.spacing.y) &&
                    std::isfinite(grid.origin.x + grid.origin.y),
                "comir::bspline2: spacing ", grid.spacing.x, " x ", grid.spacing.y, " and origin ", grid.origin.x, " ",
                grid.origin.y, ", expected finite numbers and a positive spacing");
        double const d = grid.direction.determinant();
        require(std::isnormal(d), "comir::bspline2: the direction has determinant ", d, ", expected other than 0");
        Eigen::Matrix2d step = grid.direction;
        step.col(0) *= grid.spacing.x;
        step.col(1) *= grid.spacing.y;
        to_index_ = step.inverse();
    }

    bspline_grid const& grid() const { return grid_; }
    std::span<point2 const> displacements() const { return displacements_; }
    std::span<point2> displacements() { return displacements_; }

    bool contains(point2 p) const { return is_inside(index_of(p)); }
    /// What moves a point; nothing outside the domain.
    std::optional<bspline_weights> weights_at(point2 p) const {
        point2 const at = index_of(p);
        if (!is_inside(at))
            return std::nullopt;
        auto const [x, tx] = cell(at.x, grid_.size.w);
        auto const [y, ty] = cell(at.y, grid_.size.h);
        return bspline_weights{x, y, detail::bspline_values(tx), detail::bspline_values(ty)};
    }
    /// How far a point is moved.
    point2 displacement(point2 p) const {
        auto const w = weights_at(p);
        return w ? weighed(*w) : point2{};
    }
    point2 operator()(point2 p) const { return p + displacement(p); }

    /// The derivative of the mapped point (rows x, y) by the point (columns); the unit matrix outside the domain.
    Eigen::Matrix2d derivative(point2 p) const {
        point2 const at = index_of(p);
        Eigen::Matrix2d result = Eigen::Matrix2d::Identity();
        if (!is_inside(at))
            return result;
        auto const [x, tx] = cell(at.x, grid_.size.w);
        auto const [y, ty] = cell(at.y, grid_.size.h);
        auto const u = detail::bspline_values(tx), v = detail::bspline_values(ty);
        point2 const by_u = weighed({x, y, detail::bspline_slopes(tx), v}),
                     by_v = weighed({x, y, u, detail::bspline_slopes(ty)});
        Eigen::Matrix2d by_index;
        by_index << by_u.x, by_v.x, by_u.y, by_v.y;
        result += by_index * to_index_;
        return result;
    }
    /// How much the map enlarges areas at a point; below 0 where it folds.
    double jacobian_determinant(point2 p) const { return derivative(p).determinant(); }

    /// The nearest point of the domain.
    point2 nearest_inside(point2 p) const {
        point2 const at = index_of(p);
        if (is_inside(at))
            return p;
        point2 const inner{std::clamp(at.x, 1.0, last(grid_.size.w)), std::clamp(at.y, 1.0, last(grid_.size.h))};
        point2 const step = detail::multiply(grid_.direction, {inner.x * grid_.spacing.x, inner.y * grid_.spacing.y});
        return grid_.origin + step;
    }

private:
    // A point that a grid's edge was computed from counts as inside whatever was rounded on the way.
    static constexpr double rounding = 1e-12;

    static double last(std::size_t n) { return static_cast<double>(n) - 2.0; }
    static bool is_within(double u, std::size_t n) {
        double const slack = rounding * static_cast<double>(n);
        return u >= 1.0 - slack && u <= last(n) + slack;
    }
    bool is_inside(point2 at) const { return is_within(at.x, grid_.size.w) && is_within(at.y, grid_.size.h); }
    point2 index_of(point2 p) const { return detail::multiply(to_index_, p - grid_.origin); }
    // The first of four control points, and how far past the second one.
    static std::pair<std::size_t, double> cell(double u, std::size_t n) {
        double const inside = std::clamp(u, 1.0, last(n)), low = std::min(std::floor(inside), last(n) - 1.0);
        return {static_cast<std::size_t>(low) - 1, inside - low};
    }
    point2 weighed(bspline_weights const& w) const {
        point2 sum{};
        for (std::size_t j = 0; j < 4; ++j) {
            point2 const* const row = displacements_.data() + (w.first_y + j) * grid_.size.w + w.first_x;
            sum = sum + w.y[j] * (w.x[0] * row[0] + w.x[1] * row[1] + w.x[2] * row[2] + w.x[3] * row[3]);
        }
        return sum;
    }

    bspline_grid grid_;
    std::vector<point2> displacements_;
    Eigen::Matrix2d to_index_;
};

}}  // namespace comir::COMIR_ABI
