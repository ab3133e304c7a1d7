#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <comir/registration/result.hpp>
#include <comir/registration/windows/local_residual.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/bspline.hpp>
#include <comir/transform/bspline_folding.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What register_any found, with how well it fits all over the images.
struct automatic_result : registration_result<any_transform> {
    transform_kind kind = transform_kind::rigid;
    bool mirrored = false;                    // the transform has a negative determinant, and is affine
    bool kept_start = false;                  // it was found near the start that was given, without a search
    bool at_rim = false;                      // of the angles, shifts or scales searched: a better place may lie beyond
    std::vector<local_residual> residuals{};  // on a grid over what both images show; none for small images
    double agreeing = 0.0;                    // share of these places that lie within a pixel and a half
    double residual_step = 0.0;               // px of the fixed image: what a window can tell apart
    // Where a bend was allowed and the images support it: among pixels of the fixed image, before the transform.
    std::optional<bspline2> bend{};
    double largest_displacement = 0.0;          // px of the fixed image, by the bend
    smallest_jacobian least_jacobian{1.0, {}};  // of the bend, over the pixels of the fixed image
};

}}  // namespace comir::COMIR_ABI
