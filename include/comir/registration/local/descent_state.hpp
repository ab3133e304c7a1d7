#pragma once

#include <cstddef>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Where the descent from one start stands at the end of a resolution, and how it came to rest.
template <class Transform>
struct descent_state {
    Transform transform;
    Transform middle;             // where it was earlier in the resolution; far from the transform if it did not rest
    std::size_t number = 0;       // among all starts
    bool informed = false;        // the images had something to say: some gradient was not zero
    std::size_t iterations = 0;   // of this resolution
    double value = 0.0;           // the measure at the transform
    double overlap = 0.0;         // share of the fixed image's points inside the moving image
    double overlap_moving = 0.0;  // share of the moving image's points inside the fixed image; alpha-AMD only
    double correlation = 0.0;     // of the images at the transform; only with amd_choice::correlation
};

}}  // namespace comir::COMIR_ABI
