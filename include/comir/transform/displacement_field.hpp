#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/transform/concepts.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/pixel_grid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A displacement for each point of a grid over the fixed image: p -> p + v(p), v bilinear between grid points. Up to
/// half a grid step beyond the outer grid points v is that of the nearest place inside; farther out it is 0, so that
/// the map jumps there.
/// Units:  displacements and the grid's places in pixels of the fixed image
/// Errors: shape_error if there are no grid points or another number of displacements; error if a spacing is not
///         positive, an origin not finite or the direction singular
/// Source: edges and order are those of ITK 5 and of elastix with interpolation order 1
class displacement_field2 {
public:
    static constexpr char const* name = "displacement_field2";

    /// With a displacement for each grid point; the x index runs fastest.
    displacement_field2(pixel_grid const& grid, extent2 size, std::vector<point2> displacements)
        : grid_(grid), size_(size), displacements_(std::move(displacements)) {
        require<shape_error>(
            size.w > 0 && size.h > 0 && displacements_.size() / size.w == size.h && displacements_.size() % size.w == 0,
            "comir::displacement_field2: ", displacements_.size(), " displacements for ", size.w, " x ", size.h,
            " grid points, expected one for each and at least one");
        detail::check_grid("comir::displacement_field2", "field", grid);
        to_index_ = pixel_to_place(grid).inverse();
    }

    pixel_grid const& grid() const { return grid_; }
    extent2 size() const { return size_; }
    std::span<point2 const> displacements() const { return displacements_; }

    bool contains(point2 p) const { return is_inside(to_index_(p)); }
    /// How far a point is moved.
    point2 displacement(point2 p) const {
        point2 const at = to_index_(p);
        if (!is_inside(at))
            return {};
        double const x = std::clamp(at.x, 0.0, last(size_.w)), y = std::clamp(at.y, 0.0, last(size_.h));
        auto const i = static_cast<std::size_t>(x), j = static_cast<std::size_t>(y);
        std::size_t const right = i + 1 < size_.w ? 1 : 0, below = j + 1 < size_.h ? size_.w : 0;
        double const s = x - static_cast<double>(i), t = y - static_cast<double>(j);
        point2 const* const first = displacements_.data() + j * size_.w + i;
        return (1.0 - t) * ((1.0 - s) * first[0] + s * first[right]) +
               t * ((1.0 - s) * first[below] + s * first[below + right]);
    }
    point2 operator()(point2 p) const { return p + displacement(p); }

    /// The nearest point that the field moves, or one that is nearer to it than a billionth of a step.
    point2 nearest_inside(point2 p) const {
        point2 const at = to_index_(p);
        if (is_inside(at) || !std::isfinite(at.x) || !std::isfinite(at.y))
            return p;
        auto const within = [](double u, std::size_t n) {
            return std::clamp(u, -0.5 + 1e-9, last(n) + 0.5 - 1e-9 * static_cast<double>(n));
        };
        return pixel_to_place(grid_)({within(at.x, size_.w), within(at.y, size_.h)});
    }

private:
    static double last(std::size_t n) { return static_cast<double>(n) - 1.0; }
    // Written so that a place that is not a number is outside. The upper edge is, too.
    bool is_inside(point2 at) const {
        return at.x >= -0.5 && at.y >= -0.5 && at.x < last(size_.w) + 0.5 && at.y < last(size_.h) + 0.5;
    }

    pixel_grid grid_;
    extent2 size_;
    std::vector<point2> displacements_;
    affine2 to_index_;
};

}}  // namespace comir::COMIR_ABI
