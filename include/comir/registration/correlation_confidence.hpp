#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include <comir/core/parallel.hpp>
#include <comir/core/random.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/registration/agreement.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/rigid.hpp>

namespace comir::inline COMIR_ABI::detail {

/// How the correlation of two images' details at a place stands out: against places around it, and unrelated ones.
struct correlation_evidence {
    double peak = 0.0;  // above its mean where the fixed image is first shifted by 4 % of its width
    double lead = 0.0;  // above the best at unrelated places; 0 where too few of them have enough overlap
};

/// An image less its mean over some pixels around. Bright blobs on dark ground correlate at many places, what is in
/// them at one.
inline image<float> details_of(image<float> const& values, image_mask const& mask, int threads) {
    constexpr double sigma = 4.0;  // pixels, of an image of about compared_pixels
    image<float> result = make_pyramid_level(values, {1, sigma}, mask, threads).values;
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = values.values()[i] - result.values()[i];
    return result;
}

/// Compares with 8 places around, and with 64 where the fixed image is turned by any angle and shifted by up to a
/// quarter of its size first; those with less than a third of the overlap are left out.
inline correlation_evidence correlation_evidence_at(image<float> const& fixed, image_mask const& fixed_mask,
                                                    image<float> const& moving, image_mask const& moving_mask,
                                                    affine2 const& fixed_to_moving, std::uint64_t seed, int threads) {
    constexpr std::size_t around = 8, unrelated = 64, enough = 16;
    constexpr double least_overlap = 1.0 / 3.0, beside = 0.04;
    double const w = static_cast<double>(fixed.width()), h = static_cast<double>(fixed.height());
    image<float> const a = details_of(fixed, fixed_mask, threads), b = details_of(moving, moving_mask, threads);
    std::array<agreement, 1 + around + unrelated> places{};
    parallel_for(places.size(), threads, [&](std::size_t i) {
        rigid2 moved{{0.0, 0.0, 0.0}, {0.5 * w, 0.5 * h}};
        if (i > around) {
            random_stream random(seed, 78, i);
            moved.parameters[0] = random.uniform(-std::numbers::pi, std::numbers::pi);
            moved.parameters[1] = random.uniform(-0.25, 0.25) * w;
            moved.parameters[2] = random.uniform(-0.25, 0.25) * h;
        } else if (i > 0) {
            double const direction = 2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(around);
            moved.parameters[1] = beside * w * std::cos(direction);
            moved.parameters[2] = beside * w * std::sin(direction);
        }
        places[i] = agreement_under(a, fixed_mask, b, moving_mask, compose(fixed_to_moving, to_affine(moved)), 1);
    });
    agreement const& here = places[0];
    correlation_evidence evidence{here.correlation, 0.0};
    for (std::size_t i = 1; i <= around; ++i)
        evidence.peak -= places[i].correlation / static_cast<double>(around);
    std::size_t count = 0;
    double best = -1.0;
    for (std::size_t i = 1 + around; i < places.size(); ++i)
        if (places[i].overlap > 0.0 && places[i].overlap >= least_overlap * here.overlap) {
            ++count;
            best = std::max(best, places[i].correlation);
        }
    if (count >= enough)
        evidence.lead = here.correlation - best;
    return evidence;
}

/// Evidence as a confidence from 0 to 1: the share of registrations with such evidence that were right; 0 without a
/// peak.
/// The weights are a logistic fit to 840 registrations by alpha-AMD, 160 to 256 px, half of them of images that show
/// different places: CoMIRs of tissue and landscapes within 30 and 180 degrees, and grey images of one modality within
/// 30, 60 and 180 degrees, at the finest resolution of at most compared_pixels; right means within 2 %. To refit them,
/// print both numbers of such a set.
inline double confidence_of(correlation_evidence const& e) {
    constexpr double offset = 1.0, by_log_peak = 5.97, by_lead = 10.64;
    if (!(e.peak > 0.0))
        return 0.0;
    return 1.0 / (1.0 + std::exp(-(offset + by_log_peak * std::log(e.peak) + by_lead * e.lead)));
}

}  // namespace comir::inline COMIR_ABI::detail
