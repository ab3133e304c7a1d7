#pragma once

#include <limits>
#include <vector>

#include <comir/registration/deformable/bent_map.hpp>
#include <comir/registration/windows/local_residual.hpp>
#include <comir/transform/bspline_folding.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A bend on top of an affine map, and what speaks for it.
struct deformable_result {
    bent_map map;                       // from the fixed to the moving image: the bend first, then the affine map
    bool bent = false;                  // the images support a bend; without it the map's bend moves nothing
    double gain = 0.0;                  // standard errors by which bends explain windows that they were not
                                        // fitted to better than none does
    double held_out_agreement = 0.0;    // share of these windows that agree with them
    double largest_displacement = 0.0;  // px of the fixed image
    smallest_jacobian least_jacobian{1.0, {}};  // over the pixels of the fixed image
    std::vector<local_residual> residuals{};    // after the bend
    double agreeing = 0.0;                      // share of these places that lie within a pixel and a half
    double residual_step = 0.0;                 // px of the fixed image: what a window can tell apart
    double seconds = 0.0;                       // wall time
};

}}  // namespace comir::COMIR_ABI
