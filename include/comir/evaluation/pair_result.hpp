#pragma once

#include <array>
#include <cmath>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/success.hpp>
#include <comir/transform/any_transform.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What came out of the registration of one pair.
struct pair_result {
    std::string name;
    pair_score score{};
    displacement estimate{};          // in the convention of pair lists
    std::array<point2, 4> corners{};  // where the estimate takes the moving image's corners
    double confidence = 0.0;          // what the method says of itself, 0 to 1
    std::string failure{};            // why there is no estimate; empty if there is one
};

/// The result of a pair whose registration failed or refused: it counts as if nothing had been moved.
inline pair_result refused_pair(registration_pair const& pair, pair_extent const& size, double seconds) {
    pair_result result{pair.name, {direction(pair), pair.initial_error_px}, {}, {}};
    result.score.size_px = static_cast<double>(pair.size_px);
    result.score.seconds = seconds;
    result.score.ok = false;
    result.corners = map_corners(to_transform({}, size).inverse(), size.moving);
    return result;
}

/// The result of a pair whose registration gave a fixed-to-moving transform; one that is not finite counts as refused.
/// Errors: error if the transform has no inverse
template <affine_transform T>
pair_result score_pair(registration_pair const& pair, T const& fixed_to_moving, pair_extent const& size,
                       double seconds) {
    pair_result result = refused_pair(pair, size, seconds);
    for (double const parameter : fixed_to_moving.parameters)
        if (!std::isfinite(parameter))
            return result;
    result.estimate = to_displacement(fixed_to_moving, size);
    result.corners = map_corners(fixed_to_moving.inverse(), size.moving);
    result.score.error_px = corner_error(result.corners, pair.corners);
    result.score.ok = true;
    return result;
}

/// The same of a transform of any kind.
inline pair_result score_pair(registration_pair const& pair, any_transform const& fixed_to_moving,
                              pair_extent const& size, double seconds) {
    return std::visit([&](auto const& held) { return score_pair(pair, held, size, seconds); }, fixed_to_moving);
}

/// The scores alone, for summaries and curves.
inline std::vector<pair_score> scores_of(std::span<pair_result const> results) {
    std::vector<pair_score> scores;
    for (pair_result const& result : results)
        scores.push_back(result.score);
    return scores;
}

/// The score of one pair of a list, why it was refused (empty if it was not), and what was masked without being asked.
struct scored_pair {
    pair_result result;
    std::string refusal{};
    double fixed_masked = 0.0, moving_masked = 0.0;  // shares of the images that were found not to count, 0 to 1
};

}}  // namespace comir::COMIR_ABI
