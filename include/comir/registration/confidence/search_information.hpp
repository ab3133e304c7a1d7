#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <comir/image/image.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/registration/confidence/compared_pixels.hpp>
#include <comir/registration/confidence/mutual_information.hpp>
#include <comir/registration/confidence/search.hpp>
#include <comir/registration/metrics/mutual_information/field.hpp>
#include <comir/registration/metrics/mutual_information/image.hpp>
#include <comir/registration/metrics/mutual_information/points.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/search_outcome.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Points of one image, and the field of another one, for the resolution at which a search's poses are judged.
struct judging_points {
    using key = std::size_t;  // the factor

    mi_points points;
};
struct judging_field {
    using key = std::size_t;

    mi_field field;
};

/// The evidence of mutual information, of the raw images if there are any, for a transform that something else found.
/// The points are the smaller image's, so that all of them can fall inside the larger one. None for masks without
/// pixels.
inline information_evidence information_evidence_between(prepared_image const& fixed, prepared_image const& moving,
                                                         affine2 const& fixed_to_moving, int threads,
                                                         bool unrelated = true) {
    constexpr std::size_t bins = 32, least_side = 8, points = std::size_t{1} << 15;
    constexpr double equalise = 0.5;
    constexpr std::uint64_t seed = 1;
    auto const pixels = [](prepared_image const& i) { return i.shape().h * i.shape().w; };
    if (pixels(moving) < pixels(fixed))
        return information_evidence_between(moving, fixed, fixed_to_moving.inverse(), threads, unrelated);
    for (prepared_image const* const i : {&fixed, &moving})
        if (!(count_mi_pixels(i->raw_or_values().shape(), i->mask()) > 0.0))
            return {};
    std::size_t const shortest = std::min({fixed.shape().h, fixed.shape().w, moving.shape().h, moving.shape().w});
    std::size_t factor = 1;
    while (pixels(fixed) / (factor * factor) > compared_pixels && shortest >= 2 * least_side * factor)
        factor *= 2;
    auto const level = [&](prepared_image const& i) {
        return make_pyramid_level(prepare_mi_image(i.raw_or_values(), i.mask(), equalise),
                                  {factor, static_cast<double>(factor)}, i.mask(), threads)
            .values;
    };
    auto const mask = [&](prepared_image const& i) {
        return i.mask().empty() ? i.mask() : subsample(i.mask(), factor);
    };
    auto const& sampled = fixed.once<judging_points>(
        factor, [&] { return judging_points{mi_points(level(fixed), mask(fixed), factor, bins, points, seed)}; });
    auto const& seen = moving.once<judging_field>(
        factor, [&] { return judging_field{mi_field(level(moving), mask(moving), factor, bins)}; });
    return information_evidence_at(sampled.points, seen.field, bins, fixed_to_moving, fixed.shape(), seed, threads,
                                   unrelated);
}

/// Weights of a logistic in 1 and in what a search shows of its best pose, and mutual information of the raw images.
/// The margin counts for the smaller image's pixels, not only for those that overlap: few of them agree by chance.
struct information_weights {
    double offset, by_log_margin, by_z_score, by_runner_up, by_score = 0.0;
};
/// Fitted to 2384 searches by mutual information: images of tissue and of landscapes in visible and near-infrared
/// light, in colour and in grey, 80 to 256 px, alike in size or on 512 px, turned by up to 180 degrees and shifted by
/// up to 42 % of the width, 1192 of them impossible; right means within 5 %. Each core or scene judged by the others,
/// at 0.5 they accept 951 of the 977 right results, 0 of 215 wrong ones and 16 of the impossible. The score counts
/// against a pose: where large regions agree anyhow, more of a margin is needed. The z-score adds nothing. To refit
/// them, print these numbers of such a set.
inline constexpr information_weights weights_of_mi{21.09, 6.5, 0.0, 7.49, -8.74};
/// Fitted likewise to 715 searches by both metrics, whose confidence by ZNCC alone was below 0.9: CoMIRs of unseen
/// tissue, landscapes and the sample scene, 80 to 160 px, 592 of them impossible: 80 of the 92 right results, 0 of 31
/// wrong ones and 6 of the impossible. Of 63 right, 125 wrong and 316 impossible ones of raw images they accept 50, 1
/// and 5.
inline constexpr information_weights weights_of_zncc_and_mi{14.87, 4.59, 0.0, 16.58, -5.46};
/// Fitted to 2325 searches by ZNCC whose raw images are known: CoMIRs and grey values of unseen tissue, landscapes
/// and the sample scene, 80 to 256 pixels on images of the same size and of 512, 984 of them impossible. At 0.5, each
/// group judged by the others, they accept 1072 of the 1084 right results, 1 of 257 wrong ones and 8 of the impossible;
/// search_confidence 1044, 5 and 27. The margin adds nothing. Images that are raw themselves tell less: their mutual
/// information is high wherever they correlate.
inline constexpr information_weights weights_of_zncc{-11.4, 0.0, 1.74, 11.4, 11.16};

/// Evidence as a confidence from 0 to 1, for a pose of a global search.
inline double confidence_of(information_evidence const& e, search_evidence const& search,
                            information_weights const& w = weights_of_mi) {
    double evidence =
        w.offset + w.by_z_score * e.z_score + w.by_runner_up * search.runner_up + w.by_score * search.score;
    if (w.by_log_margin > 0.0) {
        if (!(e.margin * e.overlap > 0.0))
            return 0.0;
        evidence += w.by_log_margin * std::log(e.margin * e.overlap);
    }
    return confidence_at(evidence, search.runner_up);
}

/// The probability, 0 to 1, that a pose of a search is the true one, by what the raw images show there. A search by
/// ZNCC whose pose can be compared with too few others is judged without them.
/// Errors: error if the outcome has no such candidate
template <class Transform>
double confidence_of(search_outcome<Transform> const& outcome, std::size_t which, search_metric metric,
                     prepared_image const& fixed, prepared_image const& moving, int threads) {
    search_evidence const search = evidence_of(outcome, which);
    information_weights const& weights = metric == search_metric::zncc          ? weights_of_zncc
                                         : metric == search_metric::zncc_and_mi ? weights_of_zncc_and_mi
                                                                                : weights_of_mi;
    auto const evidence = information_evidence_between(fixed, moving, to_affine(outcome.candidates[which].transform),
                                                       threads, weights.by_z_score > 0.0);
    if (metric == search_metric::zncc && !evidence.compared)
        return search_confidence(search);
    return confidence_of(evidence, search, weights);
}

}}}  // namespace comir::COMIR_ABI::detail
