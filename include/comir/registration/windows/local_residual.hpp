#pragma once

#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What is left between the images at one place, as a small window there sees it.
struct local_residual {
    point2 at{};             // middle of the window, px of the fixed image
    point2 shift{};          // by which the moving image still lies off there, px of the fixed image
    double certainty = 0.0;  // 0 (any shift would do) to 1
};

}}  // namespace comir::COMIR_ABI
