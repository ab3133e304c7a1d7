#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/registration/deformable/options.hpp>
#include <comir/registration/deformable/window_bend.hpp>
#include <comir/registration/deformable/window_lattice.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/family_fit.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/bspline.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What bends that are fitted to three quarters of the windows say of the other quarter.
struct held_out_bend {
    held_out_gain gain{};    // over no bend
    double agreement = 0.0;  // share of the windows whose own best shift is within one and a half steps of the bend's
    std::size_t windows = 0;
};

/// Fits a bend to all but one colour of windows that are scored around an affine map, and looks at that colour.
inline held_out_bend bend_held_out(std::span<window_scores const> windows, image_shape const& fixed,
                                   deformable_options o) {
    // Stiffer than with all windows: there are fewer, and they do not overlap.
    o.stiffness *= 5.0;
    held_out_bend out;
    out.windows = windows.size();
    double const spacing = 2.0 * bend_unit(fixed);
    bspline2 const none(bend_grid(fixed, spacing));
    double squares = 0.0;
    for (std::size_t colour = 0; colour < window_colours; ++colour) {
        bspline2 const bend =
            fit_unfolded(windows, none, spacing, fixed, o, [&](std::size_t i) { return windows[i].colour != colour; });
        for (window_scores const& w : windows) {
            if (w.colour != colour)
                continue;
            point2 const shift = bend.displacement(w.middle);
            double const difference = w(shift) - w(point2{});
            out.gain.sum += difference;
            squares += difference * difference;
            out.agreement += agrees(w, shift) ? 1.0 : 0.0;
        }
    }
    out.gain.deviation = std::sqrt(squares);
    out.agreement = windows.empty() ? 0.0 : out.agreement / static_cast<double>(windows.size());
    return out;
}

/// The same of two images, at twice the step of the windows that judge poses, where they reach as far as bends do.
inline held_out_bend bend_held_out(prepared_image const& fixed, prepared_image const& moving, affine2 const& map,
                                   deformable_options const& o) {
    double const scale = mean_scale(map), step = window_step(fixed.shape(), moving.shape(), scale);
    bent_map const straight{map, bspline2(bend_grid(fixed.shape(), 2.0 * bend_unit(fixed.shape())))};
    global_search_options search = o.search;
    search.threads = o.threads;
    return bend_held_out(score_tiles(fixed, moving, straight, windows_of(2.0 * step, scale, 20, 6), search),
                         fixed.shape(), o);
}

}}}  // namespace comir::COMIR_ABI::detail
