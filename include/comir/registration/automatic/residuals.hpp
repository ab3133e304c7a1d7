#pragma once

#include <vector>

#include <comir/registration/automatic/result.hpp>
#include <comir/registration/windows/verdict.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What a transform leaves at each window; returns agreement_with it.
inline double measure_residuals(std::vector<window_scores> const& windows, affine2 const& scored_under,
                                affine2 const& transform, std::vector<local_residual>& residuals) {
    affine2 const back = scored_under.inverse();
    auto const shift_at = [&](point2 p) { return back(transform(p)) - p; };
    for (window_scores const& w : windows)
        residuals.push_back({w.middle, own_shift(w) - shift_at(w.middle), certainty_of(w)});
    return agreement_with(windows, shift_at);
}

}}}  // namespace comir::COMIR_ABI::detail
