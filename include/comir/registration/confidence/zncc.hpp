#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/image/local_detail.hpp>
#include <comir/image/zncc.hpp>
#include <comir/registration/confidence/null_poses.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// How the correlation of two images' details at a pose stands out against null_poses.
struct correlation_evidence {
    double margin = 0.0;            // above its mean at poses around
    double margin_over_null = 0.0;  // above the best at unrelated poses; 0 where too few of them have enough overlap
};

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

/// Evidence as a confidence from 0 to 1: the share of registrations with such evidence that were right; 0 without a
/// peak.
/// The weights are a logistic fit to 840 registrations by alpha-AMD, 160 to 256 px, half of them of images that show
/// different poses: CoMIRs of tissue and landscapes within 30 and 180 degrees, and grey images of one modality within
/// 30, 60 and 180 degrees, at the finest resolution of at most compared_pixels; right means within 2 %. To refit them,
/// print both numbers of such a set.
inline double confidence_of(correlation_evidence const& e) {
    constexpr double offset = 1.0, by_log_margin = 5.97, by_margin_over_null = 10.64;
    if (!(e.margin > 0.0))
        return 0.0;
    return 1.0 /
           (1.0 + std::exp(-(offset + by_log_margin * std::log(e.margin) + by_margin_over_null * e.margin_over_null)));
}

}}}  // namespace comir::COMIR_ABI::detail
