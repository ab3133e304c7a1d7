#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// One resolution of an alpha-AMD registration.
/// Units: sigma, step_begin and step_end in pixels of the full image; a step is how far an iteration moves a typical
///        point of the image, and runs linearly from begin to end
struct alpha_amd_step {
    std::size_t factor = 1;
    double sigma = 1.0;
    std::size_t iterations = 100;
    std::size_t samples = 1000;  // points of each image in an iteration
    double step_begin = 0.3, step_end = 0.01;
};

/// The resolutions for a fixed image of this shape, coarse to fine. The coarsest keeps 48 pixels or more on its shorter
/// side, with a factor of at most 16, and the finest at most 2048 x 2048 of them (its maps take 32 bytes a pixel).
/// The published program, for 834 x 834 pixels, has the factors 4, 2, 1, the sigmas 12, 5, 1, 3000, 1000 and 200
/// iterations and 1 % of the points. Less smoothing succeeds more often on noisy pairs, and steps of a set length need
/// a tenth of the iterations. The error of a sum over random points depends on their number, not on their share.
inline std::vector<alpha_amd_step> alpha_amd_pyramid(image_shape const& fixed) {
    std::size_t coarsest = 1, finest = 1;
    while (coarsest < 16 && std::min(fixed.h, fixed.w) / (2 * coarsest) >= 48)
        coarsest *= 2;
    while ((fixed.h / finest) * (fixed.w / finest) > std::size_t{2048} * 2048)
        finest *= 2;
    coarsest = std::max(coarsest, finest);
    std::vector<alpha_amd_step> steps;
    for (std::size_t factor = coarsest; factor > finest; factor /= 2) {
        auto const f = static_cast<double>(factor);
        if (factor == coarsest)
            steps.push_back({factor, 0.75 * f, 300, 128, f, 0.25 * f});
        else
            steps.push_back({factor, f, 100, 256, 0.5 * f, 0.15 * f});
    }
    auto const f = static_cast<double>(finest);
    if (coarsest == finest)
        steps.push_back({finest, f, 300, 128, f, 0.3 * f});
    steps.push_back({finest, f, 100, 2000, 0.3 * f, 0.01 * f});
    return steps;
}

/// exact: the derivative of the interpolated distances. published: as in the program of Ofverstedt, Lindblad and
/// Sladoje, interpolated central differences of the distances, zero inside a cut; they take three times the memory.
enum class amd_gradient { exact, published };

/// momentum: the gradient's running mean, divided by its common size. adam: each parameter's divided by its own.
enum class amd_optimizer { momentum, adam };

/// What tells the starts apart. measure: the value of alpha-AMD, which is small too where images hardly overlap.
/// correlation: that of the images at the resolution reached.
enum class amd_choice { measure, correlation };

/// Defaults marked "published" are those of the program of Ofverstedt, Lindblad and Sladoje with rigid transforms.
struct alpha_amd_options {
    int alpha_levels = 7;                              // alpha cuts, 1 to 250; published
    std::vector<alpha_amd_step> pyramid = {};          // empty: alpha_amd_pyramid(fixed.shape())
    std::vector<double> start_angles{0.0, -0.4, 0.4};  // radians; published
    std::size_t start_shifts = 0;                      // of each angle also so many steps to either side, in x and in y
    double start_step = 0.08;                          // of the fixed image's width and height
    amd_choice choice = amd_choice::measure;
    // Pixels of each resolution: the sigma of a blur that is taken off both images at it, for the measure and for
    // comparing starts; 0: images stay as they are.
    double details = 0.0;
    double momentum = 0.9;  // share of the former direction, 0 to below 1; published
    bool symmetric = true;  // also measure from the moving to the fixed image; published
    bool squared = false;   // squared distances, whose mean is the value; published
    bool stretch = true;    // of both images, at each resolution, by the range of the fixed one
    amd_gradient gradient = amd_gradient::exact;
    amd_optimizer optimizer = amd_optimizer::momentum;
    bool stop_at_rest = true;         // a descent that makes no progress cuts its resolution short
    double abandon = 1.2;             // a start ends whose measure is above this multiple of the best; 0: none does
    double max_distance = 0.0;        // pixels; 0: the share of each image's diagonal
    double max_distance_share = 1.0;  // published
    double min_overlap = 0.25;        // of either image's points; a start that ends below it has failed
    double rest = 1.0;                // pixels; converged if the corners' mean position moves less at the end
    std::uint64_t seed = 1;
    int threads = 0;
    progress on_progress = {};  // after each resolution; stopping leaves the best transform so far, not converged
};

/// The settings for CoMIRs, which are alike in fine detail, differ in places, and may disagree in how bright whole
/// regions are: blurs are taken off, distances are cut early, starts are many and compared by correlation. They are
/// meant for displacements within 30 degrees and 12 % of the width in x and in y; beyond 45 degrees or 20 % give more
/// starts, or search (register_auto).
inline alpha_amd_options comir_alpha_amd_options() {
    alpha_amd_options options;
    options.start_angles = {0.0, -0.2, 0.2, -0.4, 0.4};
    options.start_shifts = 1;
    options.start_step = 0.1;
    options.choice = amd_choice::correlation;
    options.details = 4.0;
    options.abandon = 1.5;
    options.max_distance_share = 0.025;
    options.min_overlap = 0.4;
    return options;
}

}}  // namespace comir::COMIR_ABI
