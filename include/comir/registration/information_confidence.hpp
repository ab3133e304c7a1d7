#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <comir/image/image.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/registration/automatic_confidence.hpp>
#include <comir/registration/compared_pixels.hpp>
#include <comir/registration/mutual_information_confidence.hpp>
#include <comir/registration/mutual_information_image.hpp>
#include <comir/registration/mutual_information_level.hpp>
#include <comir/transform/affine.hpp>

namespace comir::inline COMIR_ABI::detail {

struct masked_image {
    image<float> const& values;
    image_mask const& mask;  // empty, or of the same size
};

/// The evidence of mutual information for a transform that something else found. The points are the smaller image's, so
/// that all of them can fall inside the larger one. None for masks without pixels.
inline information_evidence information_evidence_between(masked_image const& fixed, masked_image const& moving,
                                                         affine2 const& fixed_to_moving, int threads) {
    constexpr std::size_t bins = 32, least_side = 8, points = std::size_t{1} << 15;
    constexpr double equalise = 0.5;
    constexpr std::uint64_t seed = 1;
    auto const pixels = [](masked_image const& i) { return i.values.height() * i.values.width(); };
    if (pixels(moving) < pixels(fixed))
        return information_evidence_between(moving, fixed, fixed_to_moving.inverse(), threads);
    for (masked_image const* const i : {&fixed, &moving})
        if (!(count_mi_pixels(i->values.shape(), i->mask) > 0.0))
            return {};
    std::size_t const shortest =
        std::min({fixed.values.height(), fixed.values.width(), moving.values.height(), moving.values.width()});
    std::size_t factor = 1;
    while (pixels(fixed) / (factor * factor) > compared_pixels && shortest >= 2 * least_side * factor)
        factor *= 2;
    auto const level = [&](masked_image const& i) {
        return make_pyramid_level(prepare_mi_image(i.values, i.mask, equalise), {factor, static_cast<double>(factor)},
                                  i.mask, threads)
            .values;
    };
    auto const mask = [&](masked_image const& i) { return i.mask.empty() ? i.mask : subsample(i.mask, factor); };
    mi_points const sampled(level(fixed), mask(fixed), factor, bins, points, seed);
    mi_field const field(level(moving), mask(moving), factor, bins);
    return information_evidence_at(sampled, field, bins, fixed_to_moving, fixed.values.shape(), seed, threads);
}

/// Weights of a logistic in 1 and in what a search shows of its best place, and mutual information of its sources.
struct information_weights {
    double offset, by_log_peak, by_deviations, by_margin, by_score = 0.0;
};
/// Fitted to 423 searches by mutual information: grey images of tissue and of landscapes in visible and near-infrared
/// light, 160 to 256 px, turned by up to 30 and 180 degrees, half of them of images that show different places; right
/// means within 2 %. The score itself adds nothing. To refit them, print the three numbers of such a set.
inline constexpr information_weights information_alone{-3.63, 2.86, 1.87, 5.4};
/// Fitted to 617 searches by combined metrics, whose correlation alone was below 0.9: CoMIRs of unseen tissue,
/// landscapes and the sample scene, 80 to 160 pixels on images of the same size and of 512, and raw images of tissue,
/// 411 of them impossible. At 0.5 they accept 114 of the 126 right results, 1 of 80 wrong ones and 4 of the impossible.
inline constexpr information_weights information_combined{0.94, 2.25, 0.89, 8.65};
/// Fitted to 2325 searches by correlation whose sources are known: CoMIRs and grey values of unseen tissue, landscapes
/// and the sample scene, 80 to 256 pixels on images of the same size and of 512, 984 of them impossible. At 0.5, each
/// group judged by the others, they accept 1072 of the 1084 right results, 1 of 257 wrong ones and 8 of the impossible;
/// search_confidence 1044, 5 and 27. The peak adds nothing. Images that are their own sources tell less: their mutual
/// information is high wherever they correlate.
inline constexpr information_weights information_beside_correlation{-11.4, 0.0, 1.74, 11.4, 11.16};

/// Evidence as a confidence from 0 to 1, for a place of a global search.
inline double confidence_of(information_evidence const& e, search_evidence const& search,
                            information_weights const& w = information_alone) {
    double evidence =
        w.offset + w.by_deviations * e.deviations + w.by_margin * search.margin + w.by_score * search.score;
    if (w.by_log_peak > 0.0) {
        if (!(e.peak > 0.0))
            return 0.0;
        evidence += w.by_log_peak * std::log(e.peak);
    }
    return confidence_at(evidence, search.margin);
}

/// The probability, 0 to 1, that a place of a search is the true one, by what its sources show there. A search by
/// correlation whose place can be compared with too few others is judged without them.
/// Errors: error if the outcome has no such candidate
inline double confidence_of(search_outcome const& outcome, std::size_t which, search_metric metric,
                            masked_image const& fixed_source, masked_image const& moving_source, int threads) {
    search_evidence const search = evidence_of(outcome, which);
    auto const evidence = information_evidence_between(fixed_source, moving_source,
                                                       to_affine(outcome.candidates[which].transform), threads);
    if (metric == search_metric::correlation)
        return evidence.compared ? confidence_of(evidence, search, information_beside_correlation)
                                 : search_confidence(search);
    return confidence_of(evidence, search, uses_correlation(metric) ? information_combined : information_alone);
}

}  // namespace comir::inline COMIR_ABI::detail
