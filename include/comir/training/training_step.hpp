#pragma once

#include <cstddef>
#include <vector>

#include <comir/contrastive/info_nce.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What one step of a training showed.
struct training_step {
    std::size_t step = 0, steps = 0;     // finished steps, and all that the training has
    info_nce_result loss{};              // of the batch, before the update
    double decay = 0;                    // share of the activation decay in what was minimised
    double canonical = 0;                // share of the canonical-signal loss
    double learning_rate = 0;            // of this step
    std::vector<double> gradient_norms;  // of each network, before clipping; 0 for a network of another process
    double seconds = 0;                  // wall time of the step
};

}}  // namespace comir::COMIR_ABI
