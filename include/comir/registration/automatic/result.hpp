#pragma once

#include <cstddef>
#include <vector>

#include <comir/registration/result.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What is left between the images at one place, as a small window there sees it.
struct local_residual {
    point2 at{};             // middle of the window, px of the fixed image
    point2 shift{};          // by which the moving image still lies off there, px of the fixed image
    double certainty = 0.0;  // 0 (any shift would do) to 1
};

/// What register_any found, with how well it fits all over the images.
struct automatic_result : registration_result<any_transform> {
    transform_kind kind = transform_kind::rigid;
    bool mirrored = false;                    // the transform has a negative determinant, and is affine
    bool kept_start = false;                  // it was found near the start that was given, without a search
    bool at_rim = false;                      // of the angles, shifts or scales searched: a better place may lie beyond
    std::vector<local_residual> residuals{};  // on a grid over what both images show; none for small images
    double agreeing = 0.0;                    // share of these places that lie within a pixel and a half
    double residual_step = 0.0;               // px of the fixed image: what a window can tell apart
};

}}  // namespace comir::COMIR_ABI
