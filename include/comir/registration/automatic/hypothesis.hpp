#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <comir/registration/confidence/logistic.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A transform that may be the right one, and what speaks for it.
struct pose_hypothesis {
    affine2 pose{};            // as it was found
    bool rigid = false;        // it was found as a rotation and a shift
    bool mirrored = false;     // of the mirrored moving image
    double found_with = 0.0;   // the confidence of the search that found it
    double value = 0.0;        // of the method that found it
    double overlap = 0.0;      // share of the fixed image
    window_verdict verdict{};
    double own_confidence = 0.0;  // without rivals
    double confidence = 0.0;
};

/// How sure a search and the windows are together.
inline double joint_confidence(double search, window_verdict const& v) {
    if (v.windows.size() < window_verdict::least_windows)
        return search;
    auto const n = static_cast<double>(v.windows.size());
    // By chance a tenth of the windows agree; few windows may do so by chance together.
    double const excess = v.agreement - 0.1 - 1.2 / std::sqrt(n);
    return logistic(25.0 * (excess - 0.17) + 2.0 * (search - 0.5));
}

}}}  // namespace comir::COMIR_ABI::detail
