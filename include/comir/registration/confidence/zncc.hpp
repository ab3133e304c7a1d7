#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/image/local_detail.hpp>
#include <comir/image/zncc.hpp>
#include <comir/registration/confidence/logistic.hpp>
#include <comir/registration/confidence/null_poses.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How the correlation of two images' details at a pose stands out against null_poses.
struct correlation_evidence {
    double margin = 0.0;            // above its mean at poses around
    double margin_over_null = 0.0;  // above the best at unrelated poses; 0 where too few of them have enough overlap
};

/// The correlation of the images' details at a pose, against null_poses drawn by the seed.
/// Shapes:  both images have the same channels; masks are empty or (1, H, W) of their image
/// Threads: over poses; the same bits for any number of threads
inline correlation_evidence correlation_evidence_at(image<float> const& fixed, image_mask const& fixed_mask,
                                                    image<float> const& moving, image_mask const& moving_mask,
                                                    affine2 const& fixed_to_moving, std::uint64_t seed, int threads) {
    constexpr double sigma = 4.0;  // pixels, of an image of about compared_pixels
    auto const a = local_detail(fixed, sigma, fixed_mask, threads),
               b = local_detail(moving, sigma, moving_mask, threads);
    null_poses<zncc_result> poses;
    parallel_for(poses.count, threads, [&](std::size_t i) {
        affine2 const there = compose(fixed_to_moving, to_affine(poses.move(i, fixed.shape(), seed, 78)));
        poses.at[i] = zncc(a, fixed_mask, b, moving_mask, there, 1);
    });
    correlation_evidence evidence{poses.margin(&zncc_result::correlation), 0.0};
    double best = -1.0;
    if (poses.for_unrelated([&](zncc_result const& other) { best = std::max(best, other.correlation); }))
        evidence.margin_over_null = poses.here().correlation - best;
    return evidence;
}

/// Weights of the margin's logarithm and of the margin over null poses. Fitted to 840 registrations by alpha-AMD, 160
/// to 256 px, half of them of images that show different scenes: CoMIRs of tissue and landscapes within 30 and 180
/// degrees, and grey images of one modality within 30, 60 and 180 degrees, at the finest resolution of at most
/// compared_pixels; right means within 2 %.
inline constexpr logistic_weights<2> correlation_weights{1.0, {5.97, 10.64}};

/// Evidence as a confidence from 0 to 1: the share of registrations with such evidence that were right; 0 without a
/// margin.
inline double confidence_of(correlation_evidence const& e) {
    return e.margin > 0.0 ? correlation_weights.confidence({std::log(e.margin), e.margin_over_null}) : 0.0;
}

}}  // namespace comir::COMIR_ABI
