#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// One resolution of a registration by mutual information: blur, take every factor-th pixel, descend.
/// Units: sigma and max_step in pixels of the full image
struct mutual_information_step {
    std::size_t factor = 1;
    double sigma = 1.0;
    std::size_t iterations = 200;  // at most
    std::size_t samples = 2048;    // points of the fixed image in an iteration, rounded up to a multiple of 64
    std::size_t bins = 32;         // of either image's intensities, 5 to 256
    double max_step = 1.0;         // how far the first iterations may move a point of the image
};

/// The resolutions for a fixed image of this shape, coarse to fine: four with the smoothing of elastix 5, and before
/// them coarser ones as long as 64 pixels or more remain on the shorter side, with a factor of at most 32. The finest
/// has more bins, for which it needs more points: 32 of them leave twice the error on images that are alike.
inline std::vector<mutual_information_step> mutual_information_pyramid(image_shape const& fixed) {
    std::vector<mutual_information_step> steps;
    std::size_t coarsest = 4;
    while (coarsest < 32 && std::min(fixed.h, fixed.w) / (2 * coarsest) >= 64)
        coarsest *= 2;
    for (std::size_t factor = coarsest; factor > 2; factor /= 2) {
        auto const f = static_cast<double>(factor);
        steps.push_back({.factor = factor, .sigma = f, .iterations = 60, .max_step = 0.25 * f});
    }
    steps.push_back({.factor = 2, .sigma = 2.0});
    steps.push_back({.factor = 1, .sigma = 1.0});
    steps.push_back({.factor = 1, .sigma = 0.5, .iterations = 100, .samples = 8192, .bins = 48});
    return steps;
}

/// How to register by mutual information.
struct mutual_information_options {
    bool normalised = false;  // the sum of both entropies over the joint one, in place of their difference
    double equalise = 0.5;    // 0 keeps the intensities, 1 makes all of them equally frequent, between: a mean of both
    std::vector<mutual_information_step> pyramid = {};            // empty: mutual_information_pyramid(fixed.shape())
    std::vector<double> start_angles{0.0, -0.2, 0.2, -0.4, 0.4};  // radians
    double start_shift = 0.04;    // share of the fixed image's shorter side that each angle also starts shifted by, to
                                  // the left, right, up and down; 0: it does not
    std::size_t kept_starts = 8;  // that go on after the first resolution; half of them after each other one
    double min_overlap = 0.25;    // share of the smaller image; a start that ends below it has failed
    double still = 0.01;          // pixels; a resolution ends early if the corners' mean position moves less
    double rest = 1.0;            // pixels; converged if it moves less at the end
    std::uint64_t seed = 1;
    int threads = 0;
    progress on_progress = {};  // after each resolution; stopping leaves the best transform so far, not converged
};

}}  // namespace comir::COMIR_ABI
