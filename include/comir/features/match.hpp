#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/features/keypoint.hpp>
#include <comir/features/nearest.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A keypoint of the fixed image and the one of the moving image whose descriptor is nearest.
struct feature_match {
    std::size_t fixed = 0, moving = 0;
    float distance = 0.0f;  // of the descriptors
    float ratio = 0.0f;     // to the distance of the second nearest; 0 if there is no second

    bool operator==(feature_match const&) const = default;
};

/// Which of the nearest descriptors count as matches.
struct match_options {
    double ratio = 0.8;       // largest ratio of nearest to second nearest distance (Lowe 2004); 1: all
    bool cross_check = true;  // the fixed keypoint must also be the nearest to the moving one
    int threads = 0;
};

/// Each fixed keypoint's nearest descriptor of the moving image, exact, where it is clear enough. Of equally near ones
/// the first counts.
/// Returns: at most one match for each fixed keypoint, in their order
/// Errors:  error if the ratio is out of range or there are more than 2^24 keypoints; shape_error if the descriptors
///          have other lengths
/// Threads: over blocks of keypoints; the same bits for any number of threads
inline std::vector<feature_match> match_features(feature_set const& fixed, feature_set const& moving,
                                                 match_options const& options = {}) {
    constexpr char const* who = "comir::match_features";
    require(options.ratio > 0.0 && options.ratio <= 1.0, who, ": ratio is ", options.ratio,
            ", expected more than 0 to 1");
    require<shape_error>(fixed.length == moving.length, who, ": the fixed descriptors have ", fixed.length,
                         " numbers, the moving ones ", moving.length, "; compute both with the same options");
    constexpr std::size_t most = detail::row_index::most_rows;
    require(fixed.size() <= most && moving.size() <= most, who, ": there are ", fixed.size(), " and ", moving.size(),
            " keypoints, expected at most ", most, "; set max_keypoints");
    for (feature_set const* set : {&fixed, &moving})
        require<shape_error>(set->descriptors.size() == set->size() * set->length, who, ": ", set->descriptors.size(),
                             " numbers of descriptors were given, expected ", set->length, " for each of ", set->size(),
                             " keypoints");
    if (fixed.empty() || moving.empty())
        return {};

    detail::row_block const queries{fixed.descriptors.data(), fixed.size(), fixed.length};
    detail::row_index const index({moving.descriptors.data(), moving.size(), moving.length});
    auto const nearest = index.find(queries, options.threads);
    std::vector<feature_match> matches;
    for (std::size_t i = 0; i < nearest.size(); ++i) {
        float const first = std::sqrt(nearest[i].first), second = std::sqrt(nearest[i].second);
        bool const single = std::isinf(second);
        // Two equal descriptors at a distance of zero tell nothing apart.
        float const ratio = single ? 0.0f : second > 0.0f ? first / second : 1.0f;
        if (std::isfinite(first) && static_cast<double>(ratio) <= options.ratio)
            matches.push_back({i, nearest[i].index, first, ratio});
    }
    if (!options.cross_check)
        return matches;

    // Only the moving keypoints that were matched are asked back.
    std::vector<float> asked;
    asked.reserve(matches.size() * moving.length);
    for (feature_match const& m : matches) {
        auto const row = moving.descriptor(m.moving);
        asked.insert(asked.end(), row.begin(), row.end());
    }
    auto const back = detail::row_index(queries).find({asked.data(), matches.size(), moving.length}, options.threads);
    std::vector<feature_match> agreed;
    for (std::size_t i = 0; i < matches.size(); ++i)
        if (back[i].index == matches[i].fixed)
            agreed.push_back(matches[i]);
    return agreed;
}

}}  // namespace comir::COMIR_ABI
