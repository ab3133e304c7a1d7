#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <comir/registration/deformable/bent_map.hpp>
#include <comir/registration/deformable/coupled_fit.hpp>
#include <comir/registration/deformable/options.hpp>
#include <comir/registration/deformable/spline_system.hpp>
#include <comir/registration/deformable/window_lattice.hpp>
#include <comir/registration/global/bands.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/transform/bspline.hpp>
#include <comir/transform/bspline_folding.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

inline extent2 extent_of(image_shape const& s) {
    return {s.w, s.h};
}

/// The length of which a bend is as stiff as the options say, px of the fixed image.
inline double bend_unit(image_shape const& fixed) {
    return static_cast<double>(std::min(fixed.h, fixed.w)) / 8.0;
}

/// A grid over the fixed image and half a spacing around it, so that points of the moving image that lie a little
/// outside are bent, too.
inline bspline_grid bend_grid(image_shape const& fixed, double spacing) {
    return grid_over(extent_of(fixed), spacing, std::max(0.5, 0.5 * spacing));
}

/// The bend that windows agree on, stiffer where it would fold.
inline bspline2 fit_unfolded(std::span<window_scores const> windows, bspline2 const& scored_under, double spacing,
                             image_shape const& fixed, deformable_options const& o, auto const& chosen) {
    bspline_grid const grid = bend_grid(fixed, spacing);
    coupling_options c;
    c.stiffness = {.bending = o.stiffness, .membrane = 0.025 * o.stiffness, .unit = bend_unit(fixed)};
    for (int attempt = 0; attempt < 4; ++attempt) {
        bspline2 bend = fit_coupled(windows, scored_under, grid, c, chosen);
        // Between two control points a determinant changes little.
        auto const every = static_cast<std::size_t>(std::max(1.0, spacing / 8.0));
        if (minimum_jacobian(bend, extent_of(fixed), every).determinant > o.least_jacobian)
            return bend;
        c.stiffness.bending *= 4.0;
        c.stiffness.membrane *= 4.0;
    }
    return bspline2(grid);
}

/// Pixels of both images that a step of the windows measures.
inline window_options windows_of(double unit, double scale, std::size_t side, std::ptrdiff_t reach) {
    common_units const units(scale);
    return {.fixed_factor = unit * units.fixed, .moving_factor = unit * units.moving, .side = side, .reach = reach};
}

/// The bend after an affine map, by windows at ever finer resolutions, and with ever closer control points.
inline bent_map bend_by_windows(prepared_image const& fixed, prepared_image const& moving, affine2 const& start,
                                deformable_options const& o) {
    image_shape const& shape = fixed.shape();
    double const scale = mean_scale(start), step = window_step(shape, moving.shape(), scale);
    double const unit = bend_unit(shape), finest = o.spacing > 0.0 ? o.spacing : unit;
    constexpr double most_pixels = 4.2e6;  // of a level
    struct stage {
        double step;
        std::size_t side;
        std::ptrdiff_t reach;
        double stride, spacing;
    };
    std::vector<stage> stages{{2.0 * step, 20, 6, 8.0, 2.0 * unit},
                              {2.0 * step, 20, 4, 8.0, 1.33 * unit},
                              {step, 32, 4, 12.0, unit},
                              {step, 24, 3, 8.0, finest}};
    for (double s = 0.5 * step; s > 0.75; s *= 0.5)
        if (static_cast<double>(shape.h) * static_cast<double>(shape.w) / (s * s) <= most_pixels)
            stages.push_back({std::max(1.0, s), 32, 3, 16.0, finest});
    bent_map map{start, bspline2(bend_grid(shape, 2.0 * unit))};
    global_search_options search = o.search;
    search.threads = o.threads;
    for (stage const& s : stages) {
        auto const windows =
            score_lattice(fixed, moving, map, {windows_of(s.step, scale, s.side, s.reach), s.stride}, search);
        if (windows.size() < window_verdict::least_windows)
            break;
        map.bend =
            fit_unfolded(windows, map.bend, std::max(finest, s.spacing), shape, o, [](std::size_t) { return true; });
    }
    return map;
}

}}}  // namespace comir::COMIR_ABI::detail
