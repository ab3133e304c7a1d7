#pragma once

#include <cmath>
#include <vector>

#include <comir/registration/automatic/result.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The share of windows whose own best shift is what a transform says, within one and a half steps, and what is left.
inline double measure_residuals(std::vector<window_scores> const& windows, affine2 const& scored_under,
                                affine2 const& transform, std::vector<local_residual>& residuals) {
    affine2 const back = scored_under.inverse();
    double agree = 0.0;
    for (window_scores const& w : windows) {
        point2 const shift = own_shift(w) - (back(transform(w.middle)) - w.middle);
        residuals.push_back({w.middle, shift, certainty_of(w)});
        agree += std::hypot(shift.x, shift.y) <= 1.6 * w.unit ? 1.0 : 0.0;
    }
    return windows.empty() ? 0.0 : agree / static_cast<double>(windows.size());
}

}}}  // namespace comir::COMIR_ABI::detail
