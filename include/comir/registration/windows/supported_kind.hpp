#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/registration/windows/family_fit.hpp>
#include <comir/registration/windows/window_scores.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The kind of transform that windows support: a richer one has to explain windows that it was not fitted to better.
inline transform_kind supported_kind(std::vector<window_scores> const& windows, affine2 const& scored_under,
                                     image_shape const& fixed) {
    constexpr double significant = 2.5;
    auto const differ = [&](auto const& richer, auto const& poorer) {
        return corner_distance(to_affine(richer), to_affine(poorer), fixed.h, fixed.w) >
               0.004 * static_cast<double>(std::min(fixed.h, fixed.w));
    };
    auto const rigid = fit_family<rigid2>(windows, scored_under, fixed);
    auto const similar = fit_family<similarity2>(windows, scored_under, fixed);
    auto const affine = fit_family<affine2>(windows, scored_under, fixed);
    if (differ(affine, similar) &&
        gain_of<affine2, similarity2>(windows, scored_under, fixed).significance() > significant)
        return transform_kind::affine;
    if (differ(similar, rigid) &&
        gain_of<similarity2, rigid2>(windows, scored_under, fixed).significance() > significant)
        return transform_kind::similarity;
    return transform_kind::rigid;
}

}}}  // namespace comir::COMIR_ABI::detail
