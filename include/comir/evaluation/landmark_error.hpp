#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/quantile.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>
#include <comir/io/json_file.hpp>
#include <comir/registration/by_landmarks/landmark.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The target registration errors of one pair: how far a transform puts the landmarks of the fixed image from those of
/// the moving one. Relative errors are shares of the moving image's diagonal.
/// Source: the measures of the challenge ANHIR, Borovec et al. 2020, IEEE TMI 39(10):3042
struct landmark_score {
    std::string name{};
    std::size_t landmarks = 0;  // none of a pair that could not be read, of which nothing is known
    double median_px = 0.0, mean_px = 0.0, p90_px = 0.0, max_px = 0.0;  // of the landmarks, px of the moving image
    double before_median_px = 0.0;  // with the middles of both images on each other, as before the registration
    double nearer = 0.0;            // share of the landmarks that lie nearer than before
    double diagonal_px = 0.0;       // of the moving image
    double confidence = 0.0, seconds = 0.0;
    std::string failure{};  // why there is no transform; the errors are then those before; empty if there is one

    double relative(double px) const { return diagonal_px > 0.0 ? px / diagonal_px : 0.0; }
};

/// Measures a transform and what was before on a pair's landmarks.
/// Errors: error if there are no landmarks
template <class Map, class Before>
landmark_score score_landmarks(std::span<landmark const> landmarks, Map const& fixed_to_moving, Before const& before) {
    require(!landmarks.empty(), "comir::score_landmarks: there are no landmarks, expected at least one");
    auto errors = landmark_errors(landmarks, fixed_to_moving), first = landmark_errors(landmarks, before);
    landmark_score score;
    score.landmarks = errors.size();
    double const count = static_cast<double>(errors.size());
    for (std::size_t i = 0; i < errors.size(); ++i) {
        score.mean_px += errors[i] / count;
        score.nearer += errors[i] < first[i] ? 1.0 / count : 0.0;
    }
    score.max_px = *std::ranges::max_element(errors);
    score.median_px = percentile(errors, 50.0);
    score.p90_px = percentile(errors, 90.0);
    score.before_median_px = percentile(first, 50.0);
    return score;
}

/// The usual figures of many pairs; relative errors and shares are from 0 to 1.
struct landmark_summary {
    std::size_t pairs = 0, failed = 0, measured = 0;
    // Of the pairs that were measured.
    double median_of_medians = 0.0, mean_of_medians = 0.0;  // of the pairs' median relative errors
    double median_of_largest = 0.0;                         // of their largest relative errors
    double nearer = 0.0;                                    // mean share of landmarks that lie nearer than before
    std::vector<double> within{};                           // share of all pairs whose median is within each tolerance
};

/// Errors: error if there are no scores
inline landmark_summary summarise_landmarks(std::span<landmark_score const> scores,
                                            std::span<double const> tolerances) {
    require(!scores.empty(), "comir::summarise_landmarks: there are no scores, expected at least one");
    landmark_summary s;
    s.pairs = scores.size();
    s.within.assign(tolerances.size(), 0.0);
    std::vector<double> medians, largest;
    for (landmark_score const& score : scores) {
        s.failed += score.failure.empty() ? 0 : 1;
        if (score.landmarks == 0)
            continue;
        ++s.measured;
        medians.push_back(score.relative(score.median_px));
        largest.push_back(score.relative(score.max_px));
        s.mean_of_medians += medians.back();
        s.nearer += score.nearer;
        for (std::size_t i = 0; i < tolerances.size(); ++i)
            s.within[i] += medians.back() <= tolerances[i] ? 1.0 / static_cast<double>(scores.size()) : 0.0;
    }
    if (s.measured == 0)
        return s;
    s.mean_of_medians /= static_cast<double>(s.measured);
    s.nearer /= static_cast<double>(s.measured);
    s.median_of_medians = percentile(medians, 50.0);
    s.median_of_largest = percentile(largest, 50.0);
    return s;
}

/// Writes one line a pair: pair, landmarks, the errors in pixels and relative to the diagonal, what was before, the
/// share that lies nearer, confidence, seconds and failure. Numbers of pairs that were not measured are left out.
/// Errors: error if the file cannot be written
inline void write_landmark_scores(std::filesystem::path const& path, std::span<landmark_score const> scores) {
    std::string text =
        "pair,landmarks,median_px,mean_px,p90_px,max_px,median_rtre,mean_rtre,p90_rtre,max_rtre,before_median_px,"
        "before_median_rtre,nearer,confidence,seconds,failure\n";
    for (landmark_score const& s : scores) {
        text += csv_field(s.name) + ',' + std::to_string(s.landmarks);
        for (double const v : {s.median_px, s.mean_px, s.p90_px, s.max_px, s.relative(s.median_px),
                               s.relative(s.mean_px), s.relative(s.p90_px), s.relative(s.max_px), s.before_median_px,
                               s.relative(s.before_median_px), s.nearer, s.confidence, s.seconds})
            text += ',' + (s.landmarks > 0 ? csv_field(v) : std::string());
        text += ',' + csv_field(s.failure) + '\n';
    }
    write_file("comir::write_landmark_scores", path, text);
}

/// Writes the summary; relative errors and shares are from 0 to 1.
/// Errors: error if there are no scores, or the file cannot be written
inline void write_landmark_summary(std::filesystem::path const& path, std::span<landmark_score const> scores,
                                   std::span<double const> tolerances) {
    landmark_summary const s = summarise_landmarks(scores, tolerances);
    json_value json{{"pairs", s.pairs},
                    {"failed", s.failed},
                    {"measured", s.measured},
                    {"median_of_median_rtre", s.median_of_medians},
                    {"mean_of_median_rtre", s.mean_of_medians},
                    {"median_of_max_rtre", s.median_of_largest},
                    {"nearer", s.nearer}};
    json_value within = json_value::array();
    for (std::size_t i = 0; i < tolerances.size(); ++i)
        within.push_back({{"rtre", tolerances[i]}, {"share", s.within[i]}});
    json["within"] = std::move(within);
    write_json("comir::write_landmark_summary", path, json);
}

/// The summary for people, in percent of the diagonal and of the pairs.
/// Errors: error if there are no scores
inline std::string landmark_table(std::span<landmark_score const> scores, std::span<double const> tolerances) {
    landmark_summary const s = summarise_landmarks(scores, tolerances);
    char text[256];
    std::snprintf(text, sizeof text,
                  "pairs      %zu, %zu of them failed, %zu could not be read\n"
                  "error      median %.3f %% of the diagonal, mean %.3f %% (of the pairs' medians); largest %.3f %% "
                  "(median of the pairs)\n"
                  "nearer     %.1f %% of the landmarks, than before\n",
                  s.pairs, s.failed, s.pairs - s.measured, 100 * s.median_of_medians, 100 * s.mean_of_medians,
                  100 * s.median_of_largest, 100 * s.nearer);
    std::string table = text;
    for (std::size_t i = 0; i < tolerances.size(); ++i) {
        std::snprintf(text, sizeof text, "within     %g %%: %.1f %% of the pairs\n", 100 * tolerances[i],
                      100 * s.within[i]);
        table += text;
    }
    return table;
}

}}  // namespace comir::COMIR_ABI
