#pragma once

#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/image/centre.hpp>
#include <comir/registration/automatic/register_any.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/by_features/features_then_alpha_amd.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/alpha_amd.hpp>
#include <comir/registration/local/mutual_information.hpp>
#include <comir/registration/methods/names.hpp>
#include <comir/registration/methods/options.hpp>
#include <comir/registration/methods/registration_method.hpp>
#include <comir/registration/windows/family_fit.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

inline global_search_options search_options_of(method_options const& o, global_search_options own) {
    own.angle = o.angle;
    own.max_angle = o.max_angle;
    own.max_shift_x = o.max_shift_x;
    own.max_shift_y = o.max_shift_y;
    own.min_overlap = o.min_overlap;
    return with_method_options(own, o);
}

}  // namespace detail

/// The options of the method auto.
inline automatic_options automatic_options_of(method_options const& o) {
    automatic_options own;
    own.search = detail::search_options_of(o, own.search);
    own.refine.seed = o.seed;
    own.threads = o.threads;
    own.kind = o.transform;
    own.mirror = o.mirror;
    own.start = o.start;
    own.bend = o.bend;
    own.values_alike = !o.mi_of_raw;
    if (o.min_scale > 0.0) {
        own.scale = std::sqrt(o.min_scale * o.max_scale);
        own.min_scale = o.min_scale / *own.scale;
        own.max_scale = o.max_scale / *own.scale;
    }
    return own;
}

namespace detail {

inline registration_method auto_method(method_options const& o) {
    automatic_options const own = automatic_options_of(o);
    auto const run = [](registration_input const& fixed, registration_input const& moving,
                        automatic_options const& options) {
        return comir::to_method_result(register_any(fixed, moving, options));
    };
    return registration_method([own, run](registration_input const& fixed,
                                          registration_input const& moving) { return run(fixed, moving, own); },
                               [own, run](registration_input const& fixed, registration_input const& moving,
                                          pair_preparations const& prepare) {
                                   automatic_options preparing = own;
                                   preparing.prepare = prepare;
                                   return run(fixed, moving, preparing);
                               });
}

/// The start that the options give as a transform of this kind, which it is brought next to; none if they give none.
template <class Transform>
std::vector<Transform> starts_of(std::optional<affine2> const& start, image<float> const& fixed) {
    if (!start)
        return {};
    require(std::same_as<Transform, affine2> || !is_mirrored(*start),
            "comir::make_method: the start is mirrored, which a ", Transform::name,
            " is not; ask for an affine transform, or for auto");
    return {nearest_of_kind<Transform>(*start, image_centre(fixed.shape()))};
}

template <class Transform>
registration_method alpha_amd_method(method_options const& o) {
    alpha_amd_options own = with_method_options(comir_alpha_amd_options(), o);
    own.alpha_levels = o.alpha_levels;
    if (!o.start_angles.empty())
        own.start_angles = o.start_angles;
    if constexpr (std::same_as<Transform, translation2>)
        own.start_angles.assign(1, 0.0);  // it cannot turn
    return registration_method([own, samples = o.samples, start = o.start](registration_input const& fixed,
                                                                           registration_input const& moving) {
        alpha_amd_options here = own;
        if (samples > 0) {
            here.pyramid = alpha_amd_pyramid(fixed.values.shape());
            for (alpha_amd_step& step : here.pyramid)
                step.samples = samples;
        }
        return to_method_result(
            alpha_amd_target<Transform>(fixed, here).register_to(moving, starts_of<Transform>(start, fixed.values)));
    });
}

/// make(tag<Transform>) for the kind of transform that the options ask for, or else a rigid one.
template <class Make>
registration_method with_kind(method_options const& o, Make const& make) {
    switch (o.transform.value_or(transform_kind::rigid)) {
        case transform_kind::translation:
            return make(std::type_identity<translation2>{});
        case transform_kind::similarity:
            return make(std::type_identity<similarity2>{});
        case transform_kind::affine:
            return make(std::type_identity<affine2>{});
        default:
            return make(std::type_identity<rigid2>{});
    }
}

template <class Transform>
registration_method sift_method(method_options const& o) {
    auto const own = with_method_options(comir_feature_options(), o);
    return registration_method([own](registration_input const& fixed, registration_input const& moving) {
        auto const found = register_features<Transform>(fixed, moving, own);
        method_result result = to_method_result<Transform>(found);
        result.matches = found.matches;
        result.inliers = found.inliers;
        return result;
    });
}

template <class Transform>
registration_method sift_then_alpha_amd_method(method_options const& o) {
    feature_start_options own{.features = with_method_options(comir_feature_options(), o)};
    own.alpha_amd.seed = o.seed;
    return registration_method([own](registration_input const& fixed, registration_input const& moving) {
        return to_method_result<Transform>(register_features_then_alpha_amd<Transform>(fixed, moving, own));
    });
}

template <class Transform>
registration_method mi_method(method_options const& o) {
    auto const own = with_method_options(mutual_information_options{}, o);
    return registration_method(
        [own, start = o.start](registration_input const& fixed, registration_input const& moving) {
            return to_method_result(mutual_information_target<Transform>(fixed, own)
                                        .register_to(moving, starts_of<Transform>(start, fixed.values)));
        });
}

inline registration_method search_method(method_options const& o, search_metric metric) {
    auto own = search_options_of(o, {.metric = metric});
    bool const scales = o.transform == transform_kind::similarity;
    if (scales) {
        own.min_scale = o.min_scale > 0.0 ? o.min_scale : 0.9;
        own.max_scale = o.min_scale > 0.0 ? o.max_scale : 1.1;
    }
    // By mutual information a search reads the raw images, which values alone have not.
    bool const raw = o.mi_of_raw;
    return registration_method([own, raw, scales](registration_input const& fixed, registration_input const& moving) {
        auto const seen = [raw](registration_input const& i) {
            return raw ? i : registration_input{.values = i.values, .mask = i.mask};
        };
        return scales ? to_method_result(global_search<similarity2>(seen(fixed), seen(moving), own))
                      : to_method_result(global_search(seen(fixed), seen(moving), own));
    });
}

}  // namespace detail

/// The method of a name, one of method_names.
/// Errors:  error if the name is unknown, with those that are, or if a search is asked for a kind of transform that it
///          does not find; calling the method has the errors of its registration
/// Threads: the same bits for any number of threads
inline registration_method make_method(std::string_view name, method_options const& options = {}) {
    bool const searches = name.starts_with("global");
    auto const kind = options.transform.value_or(transform_kind::rigid);
    require(!searches || kind == transform_kind::rigid || kind == transform_kind::similarity,
            "comir::make_method: the method '", name,
            "' finds rigid and similarity transforms, another kind was asked for; take auto");
    require(name != "auto" || kind != transform_kind::translation,
            "comir::make_method: auto finds rigid, similarity and affine transforms, a translation was asked for; take "
            "alpha_amd or mi");
    require(options.min_scale >= 0.0 && options.min_scale <= options.max_scale, "comir::make_method: min_scale is ",
            options.min_scale, " and max_scale ", options.max_scale,
            ", expected 0 < min_scale <= max_scale, or both 0");
    require(!options.start || name == "auto" || name == "alpha_amd" || name == "mi", "comir::make_method: the method '",
            name, "' takes no start; take auto, alpha_amd or mi");
    require(name == "auto" || options.bend == bend_search::no, "comir::make_method: the method '", name,
            "' finds no bends, but a deformable transform was asked for; take auto");
    if (name == "auto")
        return detail::auto_method(options);
    if (name == "alpha_amd")
        return detail::with_kind(options,
                                 [&]<class T>(std::type_identity<T>) { return detail::alpha_amd_method<T>(options); });
    if (name == "sift")
        return detail::with_kind(options,
                                 [&]<class T>(std::type_identity<T>) { return detail::sift_method<T>(options); });
    if (name == "sift+alpha_amd")
        return detail::with_kind(
            options, [&]<class T>(std::type_identity<T>) { return detail::sift_then_alpha_amd_method<T>(options); });
    if (name == "mi")
        return detail::with_kind(options,
                                 [&]<class T>(std::type_identity<T>) { return detail::mi_method<T>(options); });
    if (name == "global")
        return detail::search_method(options, search_metric::zncc);
    if (name == "global_mi")
        return detail::search_method(options, search_metric::mutual_information);
    std::string known;
    for (method_name const& other : method_names)
        known += (known.empty() ? "" : ", ") + std::string(other.name);
    fail("comir::make_method: the method is '", name, "', expected one of: ", known);
}

}}  // namespace comir::COMIR_ABI
