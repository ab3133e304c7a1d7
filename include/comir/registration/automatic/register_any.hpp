#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/image/centre.hpp>
#include <comir/registration/automatic/bend_found.hpp>
#include <comir/registration/automatic/mirror.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/automatic/pose_hunt.hpp>
#include <comir/registration/automatic/ranges.hpp>
#include <comir/registration/automatic/result.hpp>
#include <comir/registration/automatic/settle.hpp>
#include <comir/registration/automatic/working_copy.hpp>
#include <comir/registration/global/check.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/windows/follow_down.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// The options with the scale that the images' spacings state, where it was left open.
inline automatic_options any_options(automatic_options o, image<float> const& fixed, image<float> const& moving) {
    require(o.min_scale >= 0.01 && o.min_scale <= 1.0 && o.max_scale >= 1.0 && o.max_scale <= 100.0,
            "comir::register_any: min_scale is ", o.min_scale, " and max_scale ", o.max_scale,
            ", expected 0.01 to 1 and 1 to 100, as factors of the expected scale");
    require(!o.scale || (*o.scale >= 0.01 && *o.scale <= 100.0), "comir::register_any: scale is ",
            o.scale.value_or(0.0), ", expected 0.01 to 100 pixels of the moving image on one of the fixed image");
    require(o.kind != transform_kind::translation,
            "comir::register_any: kind is translation, expected rigid, similarity, affine or none");
    require(!o.start || (std::ranges::all_of(o.start->parameters, [](double p) { return std::isfinite(p); }) &&
                         std::isnormal(o.start->linear().determinant())),
            "comir::register_any: the start has no inverse, or numbers that are not finite");
    require(o.working_pixels >= 4096, "comir::register_any: working_pixels is ", o.working_pixels,
            ", expected at least 4096");
    o.search.threads = o.refine.threads = o.features.threads = o.threads;
    double const stated = stated_scale(fixed, moving);
    if (!o.scale && stated > 0.0) {
        constexpr double tolerance = 1.08;
        o.scale = stated;
        if (o.min_scale == automatic_options{}.min_scale && o.max_scale == automatic_options{}.max_scale) {
            o.min_scale = 1.0 / tolerance;
            o.max_scale = tolerance;
        }
    }
    return o;
}

/// By a search, or by the options' start, if there is one; then kept_start says whether there is a result.
inline automatic_result register_once(registration_input const& fixed, registration_input const& moving,
                                      automatic_options options) {
    image_shape const &fs = fixed.values.shape(), &ms = moving.values.shape();
    working_factors const factors(fs, ms, options.scale.value_or(1.0), options.working_pixels);
    auto const* const prepare = options.prepare ? &*options.prepare : nullptr;
    prepared_image const a = working_copy(fixed, factors.fixed, prepare ? &prepare->fixed : nullptr, options.threads),
                         b = working_copy(moving, factors.moving, prepare ? &prepare->moving : nullptr,
                                          options.threads);
    check_search_input("fixed", a);
    check_search_input("moving", b);
    // The search is of working copies.
    double const larger = pixel_count(b.shape()) > pixel_count(a.shape()) ? factors.moving : factors.fixed;
    options.search.max_shift_x /= larger;
    options.search.max_shift_y /= larger;
    options.small_structures = options.small_structures || factors.shrink();
    pose_hunt hunt(a, b, options);
    automatic_result result;
    result.kept_start = options.start && hunt.take_start(reduce(*options.start, factors));
    if (options.start && !result.kept_start)
        return result;
    if (!options.start)
        hunt.run();
    pose_hypothesis const& found = hunt.best();
    result.mirrored = found.mirrored;
    result.value = found.value;
    result.overlap = found.overlap;
    result.confidence = found.confidence;
    result.at_rim = !options.start && is_at_rim(found.verdict.transform, options, a.shape(), b.shape());
    // A rotation between pixels of different size scales.
    bool const rigid = factors.fixed == factors.moving;
    result.kind =
        kind_in_pixels(options.kind.value_or(found.rigid ? transform_kind::rigid : transform_kind::similarity), rigid);
    // From here on in pixels of the full images, the moving one mirrored if found so.
    affine2 const as_found = enlarge(found.pose, factors);
    affine2 transform = as_found;
    bool const exact = found.refined && rigid && !factors.shrink() && !found.mirrored;
    // The windows of a bent image lead an affine map astray.
    bool const bends = found.bent_agreement > found.verdict.agreement + 0.2;
    if (!bends && found.verdict.windows.size() >= window_verdict::least_windows && found.verdict.agreement >= 0.3) {
        window_fitting fitting{found.verdict.windows, enlarge(found.verdict.scored_under, factors)};
        for (window_scores& w : fitting.windows) {
            w.middle = w.middle * factors.fixed;
            w.unit *= factors.fixed;
        }
        if (factors.shrink() || fitting.windows.front().unit > 1.0) {
            global_search_options windows = hunt.windows();
            if (prepare)  // the full images were not
                windows.metric = search_metric::mutual_information;
            if (found.mirrored)
                follow_down(fitting, fixed, mirrored(moving), {windows});
            else
                follow_down(fitting, fixed, moving, {windows});
        }
        transform = settle(fitting, {options.kind, rigid, fs, exact ? &as_found : nullptr}, result);
    }
    // Where nearly all windows agree, a bend could not make many more agree.
    if (options.bend != bend_search::no && result.agreeing < 0.9)
        bend_found(result, transform, {a, b, factors, found.mirrored, found.confidence, hunt.windows()}, options);
    // What was believed for the sake of a bend is not without it.
    if (bends && !result.bend)
        result.confidence = std::min(result.confidence, joint_confidence(found.found_with, found.verdict));
    result.converged = result.confidence > 0.0;
    if (found.mirrored) {
        transform = compose(mirror_map(ms), transform);
        result.kind = transform_kind::affine;
    }
    // Not by way of an affine map, which costs the last bits.
    if (exact && result.kind == transform_kind::rigid && transform.parameters == as_found.parameters)
        result.transform = *found.refined;
    else
        result.transform = as_kind(transform, result.kind, image_centre(fs));
    return result;
}

}  // namespace detail

/// Registers a pair of any displacement, scale and size, mirrored or not, by the kind of transform that the images
/// support. It begins as register_auto does, at the expected scale. Small windows all over the images then judge the
/// pose: they correct it, say which kind of transform explains windows that it was not fitted to, and what is left.
/// Where they or the search are in doubt, other scales are searched, then the mirrored image. Large images are searched
/// shrunk and followed to their own pixels by windows cut out of them.
/// A start takes the place of all searches if windows near it agree, as far as they reach: about a twentieth of the
/// smaller image's side. Where they do not, or where an image is too small for them (112 px), all is as without it.
/// Where options.bend allows it, pixels of the fixed image may besides be bent smoothly before the transform.
/// The result's confidence is that of the place and of the transform all over the images: a transform that leaves most
/// windows off is not accepted. Its value is of the method that found it.
/// Memory:  working copies of options.working_pixels, and windows; the full images are not copied unless mirrored, and
///          with options.prepare no more than the working copies is prepared: windows of full images compare them raw
/// Errors:  error, beginning "comir::register_any", for options out of range; those of global_search_target. Images
///          without anything in common are no errors: the confidence is then low
/// Threads: the same bits for any number of threads
inline automatic_result register_any(registration_input const& fixed, registration_input const& moving,
                                     automatic_options const& given = {}) {
    auto const begin = std::chrono::steady_clock::now();
    automatic_options options = detail::any_options(given, fixed.values, moving.values);
    automatic_result result;
    if (options.start) {
        automatic_options near = options;
        near.scale = std::clamp(mean_scale(*options.start), 0.01, 100.0);
        result = detail::register_once(fixed, moving, near);
        options.start.reset();
    }
    if (!result.kept_start)
        result = detail::register_once(fixed, moving, options);
    result.seconds = detail::seconds_since(begin);
    return result;
}

}}  // namespace comir::COMIR_ABI
