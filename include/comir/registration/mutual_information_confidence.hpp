#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/core/random.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/mutual_information_measure.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/rigid.hpp>

namespace comir::inline COMIR_ABI::detail {

/// How mutual information at a place stands out: against places around it, and against unrelated ones.
struct information_evidence {
    double peak = 0.0;        // nats above its mean where the fixed image is first shifted by 4 % of its width
    double deviations = 0.0;  // above its mean at unrelated places, in their standard deviations
};

/// Compares with 8 places around, and with 64 where the fixed image is turned by any angle and shifted by up to a
/// quarter of its size first; those with less than a third of the overlap are left out. `fixed` is the full image's.
inline information_evidence information_evidence_at(mi_points const& points, mi_field const& field, std::size_t bins,
                                                    affine2 const& fixed_to_moving, image_shape const& fixed,
                                                    std::uint64_t seed, int threads) {
    constexpr std::size_t around = 8, unrelated = 64, enough = 16, wanted = 4096;
    constexpr double least_overlap = 1.0 / 3.0, beside = 0.04;
    double const w = static_cast<double>(fixed.w), h = static_cast<double>(fixed.h);
    std::array<rigid2, 1 + around + unrelated> moves;
    for (std::size_t i = 1; i <= around; ++i) {
        double const direction = 2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(around);
        moves[i].parameters = {0.0, beside * w * std::cos(direction), beside * w * std::sin(direction)};
    }
    for (std::size_t i = 1 + around; i < moves.size(); ++i) {
        random_stream random(seed, 79, i);
        double const angle = random.uniform(-std::numbers::pi, std::numbers::pi);
        double const x = random.uniform(-0.25, 0.25) * w, y = random.uniform(-0.25, 0.25) * h;
        moves[i] = {{angle, x, y}, {0.5 * w, 0.5 * h}};
    }
    struct place {
        double information = 0.0, overlap = 0.0;
    };
    std::array<place, 1 + around + unrelated> places{};
    // A small image in a large one takes more points, of which as many fall inside.
    std::size_t samples = std::min(round_up(wanted, mi_block), points.count());
    {
        mi_workspace first(bins, samples);
        double const overlap = measure_mi(points, {0, samples}, field, fixed_to_moving, false, first).overlap;
        double const more = static_cast<double>(wanted) / std::max(overlap, 0.01);
        samples = std::min(round_up(static_cast<std::size_t>(more), mi_block), points.count());
    }
    auto const team = std::min(places.size(), static_cast<std::size_t>(thread_count(threads)));
    std::vector<mi_workspace> work(team, mi_workspace(bins, samples));
    parallel_for_slots(places.size(), static_cast<int>(team), [&](std::size_t i, std::size_t slot) {
        affine2 const there = compose(fixed_to_moving, to_affine(moves[i]));
        auto const e = measure_mi(points, {0, samples}, field, there, false, work[slot]);
        // Less the bias of a finite sample (Miller 1955), so that small overlaps do not look informative.
        double const degrees = static_cast<double>((bins - 1) * (bins - 1));
        places[i] = {e.overlap > 0.0 ? e.value - 0.5 * degrees / (e.overlap * static_cast<double>(samples)) : 0.0,
                     e.overlap};
    });

    information_evidence evidence{places[0].information, 0.0};
    for (std::size_t i = 1; i <= around; ++i)
        evidence.peak -= places[i].information / static_cast<double>(around);
    double sum = 0.0, squares = 0.0, count = 0.0;
    for (std::size_t i = 1 + around; i < places.size(); ++i)
        if (places[i].overlap > 0.0 && places[i].overlap >= least_overlap * places[0].overlap) {
            count += 1.0;
            sum += places[i].information;
            squares += places[i].information * places[i].information;
        }
    if (count >= static_cast<double>(enough)) {
        double const mean = sum / count, deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
        evidence.deviations = deviation > 0.0 ? (places[0].information - mean) / deviation : 0.0;
    }
    return evidence;
}

/// Evidence as a confidence from 0 to 1: the share of registrations with such evidence that were right; 0 without a
/// peak.
/// The weights are a logistic fit to 480 registrations by mutual information: grey images of tissue, of landscapes in
/// visible and near-infrared light and of one modality, 200 and 256 px, within 10 and 30 degrees, half of them of
/// images that show different places, at the finest resolution of at most compared_pixels; right means within 2 %. To
/// refit them, print both numbers of such a set.
inline double confidence_of(information_evidence const& e) {
    constexpr double offset = 6.6, by_log_peak = 3.07, by_deviations = 0.42;
    if (!(e.peak > 0.0))
        return 0.0;
    return 1.0 / (1.0 + std::exp(-(offset + by_log_peak * std::log(e.peak) + by_deviations * e.deviations)));
}

}  // namespace comir::inline COMIR_ABI::detail
