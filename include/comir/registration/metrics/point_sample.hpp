#pragma once

#include <cstddef>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A run of the points that a metric has sampled, in their random order; it goes on at the beginning where it passes
/// the end. Mutual information expects multiples of mi_block.
struct point_sample {
    std::size_t first = 0, count = 0;
};

}}  // namespace comir::COMIR_ABI
