#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <comir/registration/automatic/hypothesis.hpp>
#include <comir/registration/automatic/mirror.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/automatic/result.hpp>
#include <comir/registration/automatic/working_copy.hpp>
#include <comir/registration/deformable/register_deformable.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/bspline.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The working copies that a pose was found in, and how.
struct bend_input {
    prepared_image const &fixed, &moving;
    working_factors const& factors;
    bool mirrored;
    double confidence;  // of the pose, among others
    global_search_options const& windows;
};

/// A bend of the working copy's pixels as one of the full image's.
inline bspline2 enlarge(bspline2 const& bend, double by) {
    bspline_grid grid = bend.grid();
    grid.origin = by * grid.origin;
    grid.spacing = by * grid.spacing;
    std::vector<point2> displacements(bend.displacements().begin(), bend.displacements().end());
    for (point2& d : displacements)
        d = by * d;
    return bspline2(grid, std::move(displacements));
}

/// Bends what an affine map between the full images leaves, the moving one mirrored if found so, and says in the result
/// how well that fits.
inline void bend_found(automatic_result& result, affine2 const& transform, bend_input const& in,
                       automatic_options const& options) {
    deformable_options o;
    o.search = in.windows;
    o.threads = options.threads;
    if (options.bend == bend_search::yes)
        o.least_gain = 1.0;
    working_factors const back = in.factors.inverse();
    affine2 const start = enlarge(transform, back);
    deformable_result bent = in.mirrored ? register_deformable(in.fixed, prepared_image(mirrored(in.moving)), start, o)
                                         : register_deformable(in.fixed, in.moving, start, o);
    if (!bent.bent)
        return;
    double const k = in.factors.fixed;
    result.bend = enlarge(bent.map.bend, k);
    result.largest_displacement = k * bent.largest_displacement;
    result.least_jacobian = {bent.least_jacobian.determinant, k * bent.least_jacobian.at};
    result.confidence = std::min(in.confidence, bend_confidence(bent));
    result.residuals = std::move(bent.residuals);
    for (local_residual& r : result.residuals) {
        r.at = k * r.at;
        r.shift = k * r.shift;
    }
    result.agreeing = bent.agreeing;
    result.residual_step = k * bent.residual_step;
}

}}}  // namespace comir::COMIR_ABI::detail
