#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/chain.hpp>
#include <comir/transform/pixel_grid.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

inline void check_grids(char const* who, pixel_grid const& fixed, pixel_grid const& moving) {
    check_grid(who, "fixed image", fixed);
    check_grid(who, "moving image", moving);
}

/// The transform between other grids: points of the fixed image times `fixed` plus an offset, and so the moving one.
inline any_transform rescale(any_transform const& t, std::array<double, 2> fixed, point2 fixed_offset,
                             std::array<double, 2> moving, point2 moving_offset) {
    return std::visit(
        [&](auto const& held) -> any_transform {
            using type = std::decay_t<decltype(held)>;
            auto const scaled = [](std::array<double, 2> const& s, point2 p, point2 o) {
                return point2{s[0] * p.x + o.x, s[1] * p.y + o.y};
            };
            // A translation's centre has no effect, and the file formats have none for it.
            point2 const old_centre = std::is_same_v<type, translation2> ? point2{} : held.centre;
            point2 const centre = scaled(fixed, old_centre, fixed_offset);
            point2 const shift = scaled(moving, held(old_centre), moving_offset) - centre;
            auto const finish = [&](auto result) {
                result.centre = centre;
                result.parameters[result.parameters.size() - 2] = shift.x;
                result.parameters[result.parameters.size() - 1] = shift.y;
                return any_transform(result);
            };
            bool const square = fixed[0] == fixed[1] && moving[0] == moving[1];
            if (square && fixed[0] == moving[0])
                return finish(held);
            if constexpr (!std::is_same_v<type, affine2>)
                if (square) {
                    similarity2 result{{std::log(moving[0] / fixed[0]), 0.0, 0.0, 0.0}, {}};
                    if constexpr (std::is_same_v<type, rigid2>)
                        result.parameters[1] = held.parameters[0];
                    if constexpr (std::is_same_v<type, similarity2>) {
                        result.parameters[0] += held.parameters[0];
                        result.parameters[1] = held.parameters[1];
                    }
                    return finish(result);
                }
            auto const m = held.linear();
            return finish(affine2{{m(0, 0) * moving[0] / fixed[0], m(0, 1) * moving[0] / fixed[1],
                                   m(1, 0) * moving[1] / fixed[0], m(1, 1) * moving[1] / fixed[1], 0.0, 0.0},
                                  {}});
        },
        t);
}

/// An image's frame that points are given in, and the one that they shall be in.
struct frame_change {
    pixel_grid from{}, to{};

    bool operator==(frame_change const&) const = default;
    bool is_none() const { return from == to; }
    bool is_upright() const { return from.is_upright() && to.is_upright(); }
    affine2 map() const { return compose(pixel_to_place(to), pixel_to_place(from).inverse()); }
    std::array<double, 2> scale() const { return {to.spacing[0] / from.spacing[0], to.spacing[1] / from.spacing[1]}; }
    point2 offset() const {
        auto const [x, y] = scale();
        return {to.origin[0] - x * from.origin[0], to.origin[1] - y * from.origin[1]};
    }
};

/// The linear transform between points in other frames; the type stays where it can.
inline any_transform reframe_linear(any_transform const& t, frame_change const& fixed, frame_change const& moving) {
    if (fixed.is_none() && moving.is_none())
        return t;
    if (fixed.is_upright() && moving.is_upright())
        return rescale(t, fixed.scale(), fixed.offset(), moving.scale(), moving.offset());
    return compose(moving.map(), compose(to_affine(t), fixed.map().inverse()));
}

/// Bends in another frame: the grid moves along, and the displacements are the differences of moved points.
inline std::vector<point2> reframe(std::span<point2 const> displacements, affine2 const& map) {
    std::vector<point2> result(displacements.size());
    auto const linear = map.linear();
    std::ranges::transform(displacements, result.begin(), [&](point2 v) { return multiply(linear, v); });
    return result;
}
/// The lengths of a matrix's columns, which become unit vectors.
inline std::array<double, 2> take_lengths(Eigen::Matrix2d& m) {
    std::array<double, 2> const lengths{m.col(0).norm(), m.col(1).norm()};
    for (int i = 0; i < 2; ++i)
        m.col(i) /= lengths[static_cast<std::size_t>(i)];
    return lengths;
}
inline bspline2 reframe(bspline2 const& bend, affine2 const& map) {
    bspline_grid grid = bend.grid();
    Eigen::Matrix2d steps = map.linear() * grid.direction;
    steps.col(0) *= grid.spacing.x;
    steps.col(1) *= grid.spacing.y;
    auto const [x, y] = take_lengths(steps);
    grid.spacing = {x, y};
    grid.direction = steps;
    grid.origin = map(grid.origin);
    return {grid, reframe(bend.displacements(), map)};
}
inline displacement_field2 reframe(displacement_field2 const& field, affine2 const& map) {
    affine2 const places = compose(map, pixel_to_place(field.grid()));
    Eigen::Matrix2d steps = places.linear();
    pixel_grid grid;
    grid.spacing = take_lengths(steps);
    point2 const origin = places({});
    grid.origin = {origin.x, origin.y};
    grid.direction = {steps(0, 0), steps(0, 1), steps(1, 0), steps(1, 1)};
    return {grid, field.size(), reframe(field.displacements(), map)};
}

/// The chain between points in other frames. Its first linear part takes the fixed image's frame to the moving one's;
/// bends before it are moved to the one, those after it to the other.
inline transform_chain reframe(transform_chain const& chain, frame_change const& fixed, frame_change const& moving) {
    if (fixed.is_none() && moving.is_none())
        return chain;
    transform_chain result;
    result.parts.reserve(chain.parts.size() + 1);
    frame_change here = fixed;
    for (transform_part const& part : chain.parts)
        std::visit(
            [&]<class T>(T const& held) {
                if constexpr (affine_transform<T>) {
                    result.parts.push_back(to_part(reframe_linear(any_transform(held), here, moving)));
                    here = moving;
                } else {
                    result.parts.push_back(here.is_none() ? held : reframe(held, here.map()));
                }
            },
            part);
    if (!(here == moving))
        result.parts.push_back(to_part(reframe_linear(translation2{}, here, moving)));
    return result;
}

}  // namespace detail

/// A transform between the pixels of two images as one between their places in the length unit, as ITK and elastix
/// have it. The type stays where both spacings are equal; otherwise a similarity2, or an affine2 for oblong pixels or
/// for images with directions.
/// Errors: error if a spacing is not positive, an origin not finite or a direction singular
inline any_transform to_physical(any_transform const& t, pixel_grid const& fixed, pixel_grid const& moving) {
    detail::check_grids("comir::to_physical", fixed, moving);
    return detail::reframe_linear(t, {{}, fixed}, {{}, moving});
}
/// The same of a chain. Bends stay bends of their kind, on grids that are turned and stretched with the frame.
inline transform_chain to_physical(transform_chain const& t, pixel_grid const& fixed, pixel_grid const& moving) {
    detail::check_grids("comir::to_physical", fixed, moving);
    return detail::reframe(t, {{}, fixed}, {{}, moving});
}

/// The inverse of to_physical.
/// Errors: those of to_physical
inline any_transform to_pixels(any_transform const& t, pixel_grid const& fixed, pixel_grid const& moving) {
    detail::check_grids("comir::to_pixels", fixed, moving);
    return detail::reframe_linear(t, {fixed, {}}, {moving, {}});
}
/// The same of a chain.
inline transform_chain to_pixels(transform_chain const& t, pixel_grid const& fixed, pixel_grid const& moving) {
    detail::check_grids("comir::to_pixels", fixed, moving);
    return detail::reframe(t, {fixed, {}}, {moving, {}});
}

}}  // namespace comir::COMIR_ABI
