#pragma once

#include <cstddef>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a registration found. Not to converge is a result, not an error: the transform is then the best guess.
template <class Transform>
struct registration_result {
    Transform transform;         // maps points of the fixed image to points of the moving image
    double value = 0.0;          // the measure at the transform, in the measure's own unit
    bool converged = false;      // the search came to rest at a transform that the options accept
    double confidence = 0.0;     // 0 (do not trust) to 1; 0 too where a method cannot tell
    double overlap = 0.0;        // share of the fixed image's points that the transform puts inside the moving image
    std::size_t iterations = 0;  // steps of all starts together
    double seconds = 0.0;        // wall time
};

}}  // namespace comir::COMIR_ABI
