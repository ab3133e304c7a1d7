#pragma once

#include <algorithm>
#include <optional>

#include <comir/image/image.hpp>
#include <comir/registration/automatic/hypothesis.hpp>
#include <comir/registration/automatic/residuals.hpp>
#include <comir/registration/automatic/result.hpp>
#include <comir/registration/windows/family_fit.hpp>
#include <comir/registration/windows/follow_down.hpp>
#include <comir/registration/windows/supported_kind.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A kind of transform as one between pixels, which may be of different size: then what is rigid scales.
inline transform_kind kind_in_pixels(transform_kind kind, bool same_pixels) {
    return kind == transform_kind::rigid && !same_pixels ? transform_kind::similarity : kind;
}

/// The transform of its kind that windows support, between the full images; `found` is what it was found as, if that was
/// rigid and exact.
inline affine2 fit_kind(window_fitting const& fitting, transform_kind kind, image_shape const& fixed,
                        affine2 const* found) {
    constexpr double exact = 1.5;  // px that a pose of whole images may lie off the windows'
    auto const& [windows, under] = fitting;
    if (kind == transform_kind::affine)
        return fit_family<affine2>(windows, under, fixed);
    if (kind == transform_kind::similarity)
        return to_affine(fit_family<similarity2>(windows, under, fixed));
    affine2 const fitted = to_affine(fit_family<rigid2>(windows, under, fixed));
    return found && corner_distance(fitted, *found, fixed.h, fixed.w) <= exact ? *found : fitted;
}

inline any_transform as_kind(affine2 const& t, transform_kind kind, point2 centre) {
    if (kind == transform_kind::affine)
        return nearest_of_kind<affine2>(t, centre);
    if (kind == transform_kind::similarity)
        return nearest_of_kind<similarity2>(t, centre);
    return nearest_of_kind<rigid2>(t, centre);
}

/// What the last windows settle.
struct settle_options {
    std::optional<transform_kind> kind{};  // none: the one that windows support
    bool same_pixels = true;               // of both images, measured on what they show
    image_shape fixed{};
    affine2 const* exact = nullptr;  // a rigid pose that was found by all pixels
};

/// Writes kind, residuals and what they say of the confidence to the result; returns the transform, as an affine map.
inline affine2 settle(window_fitting const& fitting, settle_options const& options, automatic_result& result) {
    result.kind = kind_in_pixels(
        options.kind ? *options.kind : supported_kind(fitting.windows, fitting.scored_under, options.fixed),
        options.same_pixels);
    affine2 const transform = fit_kind(fitting, result.kind, options.fixed, options.exact);
    result.residuals.clear();
    result.agreeing = measure_residuals(fitting.windows, fitting.scored_under, transform, result.residuals);
    result.residual_step = fitting.windows.front().unit;
    result.confidence = std::min(result.confidence, agreement_confidence(result.agreeing, result.residuals.size()));
    return transform;
}

}}}  // namespace comir::COMIR_ABI::detail
