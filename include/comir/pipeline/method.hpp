#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/pipeline/method_names.hpp>
#include <comir/pipeline/method_options.hpp>
#include <comir/registration/alpha_amd.hpp>
#include <comir/registration/automatic.hpp>
#include <comir/registration/feature_based.hpp>
#include <comir/registration/feature_start.hpp>
#include <comir/registration/global_search.hpp>
#include <comir/registration/mutual_information.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/rigid.hpp>

namespace comir::inline COMIR_ABI {

/// A rigid registration of (fixed, moving) that is chosen while the program runs. Where the choice is made at compile
/// time, any callable of this form does, such as a lambda around register_alpha_amd.
using registration_method = std::function<registration_result<rigid2>(image<float> const&, image<float> const&)>;

/// The method of a name.
/// Errors:  error if the name is unknown, with those that are; calling the method has the errors of its registration
/// Threads: the same bits for any number of threads
inline registration_method make_method(std::string_view name, method_options const& options = {}) {
    if (name == "auto")
        return [options](image<float> const& fixed, image<float> const& moving) {
            automatic_options own;
            own.threads = options.threads;
            own.search.on_progress = options.on_progress;
            own.refine.seed = options.seed;
            return register_auto(fixed, moving, own);
        };
    if (name == "alpha_amd")
        return [options](image<float> const& fixed, image<float> const& moving) {
            return register_alpha_amd<rigid2>(fixed, moving, with_method_options(comir_alpha_amd_options(), options));
        };
    if (name == "sift")
        return [options](image<float> const& fixed, image<float> const& moving) -> registration_result<rigid2> {
            return register_features<rigid2>(fixed, moving, with_method_options(comir_feature_options(), options));
        };
    if (name == "sift+alpha_amd")
        return [options](image<float> const& fixed, image<float> const& moving) -> registration_result<rigid2> {
            feature_start_options own{.features = with_method_options(comir_feature_options(), options)};
            own.alpha_amd.seed = options.seed;
            return register_features_then_alpha_amd<rigid2>(fixed, moving, own);
        };
    if (name == "mi")
        return [options](image<float> const& fixed, image<float> const& moving) {
            return register_mutual_information<rigid2>(fixed, moving,
                                                       with_method_options(mutual_information_options{}, options));
        };
    if (name == "global" || name == "global_mi")
        return [options, metric = name == "global" ? search_metric::correlation : search_metric::mutual_information](
                   image<float> const& fixed, image<float> const& moving) {
            return global_search(fixed, moving, with_method_options(global_search_options{.metric = metric}, options));
        };
    std::string known;
    for (method_name const& other : method_names)
        known += (known.empty() ? "" : ", ") + std::string(other.name);
    fail("comir::make_method: the method is '", name, "', expected one of: ", known);
}

}  // namespace comir::inline COMIR_ABI
