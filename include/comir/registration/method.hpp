#pragma once

#include <string>
#include <string_view>

#include <comir/core/error.hpp>
#include <comir/registration/automatic/cascade.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/by_features/features_then_alpha_amd.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/alpha_amd.hpp>
#include <comir/registration/local/mutual_information.hpp>
#include <comir/registration/methods/names.hpp>
#include <comir/registration/methods/options.hpp>
#include <comir/registration/methods/registration_method.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

inline global_search_options search_options_of(method_options const& o, global_search_options own) {
    own.angle = o.angle;
    own.max_angle = o.max_angle;
    own.max_shift_x = o.max_shift_x;
    own.max_shift_y = o.max_shift_y;
    return with_method_options(own, o);
}

inline registration_method auto_method(method_options const& o) {
    automatic_options own;
    own.search = search_options_of(o, own.search);
    own.refine.seed = o.seed;
    own.threads = o.threads;
    return registration_method([own](registration_input const& fixed, registration_input const& moving) {
        return to_method_result(register_auto(fixed, moving, own));
    });
}

template <class Transform>
registration_method alpha_amd_method(method_options const& o) {
    alpha_amd_options own = with_method_options(comir_alpha_amd_options(), o);
    own.alpha_levels = o.alpha_levels;
    if (!o.start_angles.empty())
        own.start_angles = o.start_angles;
    if (o.transform == transform_kind::translation)
        own.start_angles.assign(1, 0.0);  // it cannot turn
    return registration_method(
        [own, samples = o.samples](registration_input const& fixed, registration_input const& moving) {
            alpha_amd_options here = own;
            if (samples > 0) {
                here.pyramid = alpha_amd_pyramid(fixed.values.shape());
                for (alpha_amd_step& step : here.pyramid)
                    step.samples = samples;
            }
            return to_method_result(register_alpha_amd<Transform>(fixed, moving, here));
        });
}

inline registration_method alpha_amd_method_of_kind(method_options const& o) {
    switch (o.transform) {
        case transform_kind::translation:
            return alpha_amd_method<translation2>(o);
        case transform_kind::similarity:
            return alpha_amd_method<similarity2>(o);
        case transform_kind::affine:
            return alpha_amd_method<affine2>(o);
        default:
            return alpha_amd_method<rigid2>(o);
    }
}

inline registration_method sift_method(method_options const& o) {
    auto const own = with_method_options(comir_feature_options(), o);
    return registration_method([own](registration_input const& fixed, registration_input const& moving) {
        auto const found = register_features<rigid2>(fixed, moving, own);
        method_result result = to_method_result<rigid2>(found);
        result.matches = found.matches;
        result.inliers = found.inliers;
        return result;
    });
}

inline registration_method sift_then_alpha_amd_method(method_options const& o) {
    feature_start_options own{.features = with_method_options(comir_feature_options(), o)};
    own.alpha_amd.seed = o.seed;
    return registration_method([own](registration_input const& fixed, registration_input const& moving) {
        return to_method_result<rigid2>(register_features_then_alpha_amd<rigid2>(fixed, moving, own));
    });
}

inline registration_method mi_method(method_options const& o) {
    auto const own = with_method_options(mutual_information_options{}, o);
    return registration_method([own](registration_input const& fixed, registration_input const& moving) {
        return to_method_result(register_mutual_information<rigid2>(fixed, moving, own));
    });
}

inline registration_method search_method(method_options const& o, search_metric metric) {
    auto const own = search_options_of(o, {.metric = metric});
    // By mutual information a search reads the raw images, which values alone have not.
    bool const raw = o.mi_of_raw;
    return registration_method([own, raw](registration_input const& fixed, registration_input const& moving) {
        auto const seen = [raw](registration_input const& i) {
            return raw ? i : registration_input{.values = i.values, .mask = i.mask};
        };
        return to_method_result(global_search(seen(fixed), seen(moving), own));
    });
}

}  // namespace detail

/// The method of a name, one of method_names.
/// Errors:  error if the name is unknown, with those that are, or if a method other than alpha_amd is asked for another
///          kind of transform than a rigid one; calling the method has the errors of its registration
/// Threads: the same bits for any number of threads
inline registration_method make_method(std::string_view name, method_options const& options = {}) {
    require(name == "alpha_amd" || options.transform == transform_kind::rigid, "comir::make_method: the method '", name,
            "' finds rigid transforms only, another kind was asked for; take alpha_amd");
    if (name == "auto")
        return detail::auto_method(options);
    if (name == "alpha_amd")
        return detail::alpha_amd_method_of_kind(options);
    if (name == "sift")
        return detail::sift_method(options);
    if (name == "sift+alpha_amd")
        return detail::sift_then_alpha_amd_method(options);
    if (name == "mi")
        return detail::mi_method(options);
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
