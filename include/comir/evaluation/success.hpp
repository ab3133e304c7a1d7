#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What the registration of one pair came to.
struct pair_score {
    std::string group{};    // scores of equal group are summarised together, e.g. by direction
    double error_px = 0.0;  // of a run that failed or refused: the error before registration
    double size_px = 0.0;   // width of the moving image
    double seconds = 0.0;
    bool ok = true;  // false if the run failed or refused
};

namespace detail {

inline void check_scores(char const* who, std::span<pair_score const> scores) {
    require(!scores.empty(), who, ": there are no scores, expected at least one");
    for (std::size_t i = 0; i < scores.size(); ++i) {
        require(scores[i].error_px >= 0.0, who, ": score ", i, " has the error ", scores[i].error_px,
                " px, expected a number of at least 0");
        require(scores[i].size_px > 0.0, who, ": score ", i, " has the size ", scores[i].size_px,
                " px, expected a positive number");
    }
}

inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    std::size_t const half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

}  // namespace detail

/// Share (0 to 1) of the pairs with an error of at most `tolerance` pixels.
/// Errors: error if there are no scores, or a score's error is negative or no number
inline double success_within_px(std::span<pair_score const> scores, double tolerance) {
    detail::check_scores("comir::success_within_px", scores);
    auto const good =
        std::count_if(scores.begin(), scores.end(), [&](pair_score const& s) { return s.error_px <= tolerance; });
    return static_cast<double>(good) / static_cast<double>(scores.size());
}

/// True if the error is at most `percent` percent of the moving image's width.
inline bool within_percent(pair_score const& score, double percent) {
    return score.error_px <= percent / 100.0 * score.size_px;
}

/// Share (0 to 1) of the pairs with an error of at most `percent` percent of the moving image's width.
/// Errors: error if there are no scores, or a score's error is negative or no number
inline double success_within_percent(std::span<pair_score const> scores, double percent) {
    detail::check_scores("comir::success_within_percent", scores);
    auto const good =
        std::count_if(scores.begin(), scores.end(), [&](pair_score const& s) { return within_percent(s, percent); });
    return static_cast<double>(good) / static_cast<double>(scores.size());
}

/// The usual figures of a set of registered pairs; successes are shares from 0 to 1.
struct score_summary {
    std::size_t pairs = 0;
    std::size_t failed = 0;  // runs with ok == false
    double success_1pct = 0.0, success_2pct = 0.0, success_5pct = 0.0, success_3px = 0.0, success_5px = 0.0;
    double median_error_px = 0.0;
    double seconds_per_pair = 0.0;  // the mean
};

/// Errors: error if there are no scores, or a score's error is negative or no number
inline score_summary summarise(std::span<pair_score const> scores) {
    detail::check_scores("comir::summarise", scores);
    score_summary s;
    s.pairs = scores.size();
    std::vector<double> errors;
    for (pair_score const& score : scores) {
        errors.push_back(score.error_px);
        s.failed += score.ok ? 0 : 1;
        s.seconds_per_pair += score.seconds / static_cast<double>(scores.size());
    }
    s.success_1pct = success_within_percent(scores, 1.0);
    s.success_2pct = success_within_percent(scores, 2.0);
    s.success_5pct = success_within_percent(scores, 5.0);
    s.success_3px = success_within_px(scores, 3.0);
    s.success_5px = success_within_px(scores, 5.0);
    s.median_error_px = detail::median(std::move(errors));
    return s;
}

/// One summary a group, by name.
/// Errors: error if there are no scores, or a score's error is negative or no number
inline std::map<std::string, score_summary> summarise_groups(std::span<pair_score const> scores) {
    detail::check_scores("comir::summarise_groups", scores);
    std::map<std::string, std::vector<pair_score>> groups;
    for (pair_score const& score : scores)
        groups[score.group].push_back(score);
    std::map<std::string, score_summary> result;
    for (auto const& [name, members] : groups)
        result[name] = summarise(members);
    return result;
}

/// A point of the curve of success against tolerated error.
struct success_point {
    double tolerance_px = 0.0, success = 0.0;
};

/// The share of pairs within each of `count` tolerances from `first` to `last` pixels, evenly spaced logarithmically.
/// Errors: error if there are no scores, count < 2, or not 0 < first < last
inline std::vector<success_point> success_curve(std::span<pair_score const> scores, double first = 1.0,
                                                double last = 100.0, std::size_t count = 201) {
    require(count >= 2 && first > 0.0 && first < last, "comir::success_curve: ", count, " tolerances from ", first,
            " to ", last, " px, expected at least 2 and 0 < first < last");
    std::vector<success_point> curve(count);
    for (std::size_t i = 0; i < count; ++i) {
        double const share = static_cast<double>(i) / static_cast<double>(count - 1);
        // The ends exactly, so that a tolerance of `last` counts an error of `last`.
        double const tolerance = i == 0           ? first
                                 : i + 1 == count ? last
                                                  : std::exp(std::lerp(std::log(first), std::log(last), share));
        curve[i] = {tolerance, success_within_px(scores, tolerance)};
    }
    return curve;
}

}}  // namespace comir::COMIR_ABI
