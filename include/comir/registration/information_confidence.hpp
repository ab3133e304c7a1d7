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

/// The same for the best place of a global search for mutual information, whose margin over the second place counts
/// too. The weights are a logistic fit to 423 searches: grey images of tissue and of landscapes in visible and
/// near-infrared light, 160 to 256 px, turned by up to 30 and 180 degrees, half of them of images that show different
/// places; right means within 2 %. The score itself adds nothing. To refit them, print the three numbers of such a set.
inline double confidence_of(information_evidence const& e, double margin) {
    constexpr double offset = -3.63, by_log_peak = 2.86, by_deviations = 1.87, by_margin = 5.4;
    if (!(e.peak > 0.0))
        return 0.0;
    return confidence_at(offset + by_log_peak * std::log(e.peak) + by_deviations * e.deviations + by_margin * margin,
                         margin);
}

}  // namespace comir::inline COMIR_ABI::detail
