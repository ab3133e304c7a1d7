#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <comir/image/zncc.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/automatic/windows.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/search_outcome.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The ZNCC of the plain values under a pose.
template <class Transform>
double zncc_of_pose(Transform const& pose, registration_input const& fixed, registration_input const& moving,
                    automatic_options const& o) {
    if (!need_windows(fixed.values.shape(), moving.values.shape()))
        return zncc(fixed.values, fixed.mask, moving.values, moving.mask, pose, o.threads).correlation;
    window_pair const w(pose, fixed, moving, o.drift);
    return zncc(w.fixed.values, w.fixed.mask, w.moving.values, w.moving.mask, w.at.to_windows(pose), o.threads)
        .correlation;
}

/// A contest of the poses that a search found, by the search's score, which is of local contrast, and the ZNCC of plain
/// values. Returns the number of the winner.
template <class Transform>
std::size_t contest_winner(std::vector<search_candidate<Transform>> const& candidates, registration_input const& fixed,
                           registration_input const& moving, automatic_options const& o) {
    if (o.zncc_weight == 0.0)  // they are sorted by score
        return 0;
    std::size_t winner = 0;
    double best = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        auto const& c = candidates[i];
        // Weighed by the overlap as the score is.
        double const value =
            c.score + o.zncc_weight * zncc_of_pose(c.transform, fixed, moving, o) * std::sqrt(c.overlap);
        if (value > best) {
            best = value;
            winner = i;
        }
    }
    return winner;
}

}}}  // namespace comir::COMIR_ABI::detail
