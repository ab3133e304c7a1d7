#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/automatic/cascade.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/by_features/features_then_alpha_amd.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/local/alpha_amd.hpp>
#include <comir/registration/local/mutual_information.hpp>
#include <comir/registration/method_names.hpp>
#include <comir/registration/method_options.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A rigid registration of (fixed, moving) that is chosen while the program runs. Where the choice is made at compile
/// time, any callable of this form does, such as a lambda around register_alpha_amd.
class registration_method {
public:
    using function = std::function<registration_result<rigid2>(
        image<float> const& fixed, image<float> const& moving, image_mask const& fixed_mask,
        image_mask const& moving_mask, image<float> const& fixed_raw, image<float> const& moving_raw)>;

    explicit registration_method(function run) : run_(std::move(run)) {}
    /// Masks leave out pixels, as image_mask says. Sources are what the images were prepared from, if anything.
    registration_result<rigid2> operator()(image<float> const& fixed, image<float> const& moving,
                                           image_mask const& fixed_mask = {}, image_mask const& moving_mask = {},
                                           image<float> const& fixed_raw = {},
                                           image<float> const& moving_raw = {}) const {
        return run_(fixed, moving, fixed_mask, moving_mask, fixed_raw, moving_raw);
    }

private:
    function run_;
};

/// The method of a name.
/// Errors:  error if the name is unknown, with those that are; calling the method has the errors of its registration
/// Threads: the same bits for any number of threads
inline registration_method make_method(std::string_view name, method_options const& options = {}) {
    using values = image<float> const&;
    using mask = image_mask const&;
    using result = registration_result<rigid2>;
    auto const method = [](auto run) {
        return registration_method([run](values fixed, values moving, mask fixed_mask, mask moving_mask, values,
                                         values) -> result { return run(fixed, moving, fixed_mask, moving_mask); });
    };
    if (name == "auto")
        return registration_method([options](values fixed, values moving, mask fixed_mask, mask moving_mask,
                                             values fixed_raw, values moving_raw) {
            automatic_options own;
            own.threads = options.threads;
            own.search.on_progress = options.on_progress;
            own.refine.seed = options.seed;
            return register_auto(fixed, moving, own, fixed_mask, moving_mask, fixed_raw, moving_raw);
        });
    if (name == "alpha_amd")
        return method([options](values fixed, values moving, mask fixed_mask, mask moving_mask) {
            auto const own = with_method_options(comir_alpha_amd_options(), options);
            return register_alpha_amd<rigid2>(fixed, moving, own, fixed_mask, moving_mask);
        });
    if (name == "sift")
        return method([options](values fixed, values moving, mask fixed_mask, mask moving_mask) {
            auto const own = with_method_options(comir_feature_options(), options);
            return register_features<rigid2>(fixed, moving, own, fixed_mask, moving_mask);
        });
    if (name == "sift+alpha_amd")
        return method([options](values fixed, values moving, mask fixed_mask, mask moving_mask) {
            feature_start_options own{.features = with_method_options(comir_feature_options(), options)};
            own.alpha_amd.seed = options.seed;
            return register_features_then_alpha_amd<rigid2>(fixed, moving, own, fixed_mask, moving_mask);
        });
    if (name == "mi")
        return method([options](values fixed, values moving, mask fixed_mask, mask moving_mask) {
            auto const own = with_method_options(mutual_information_options{}, options);
            return register_mutual_information<rigid2>(fixed, moving, own, fixed_mask, moving_mask);
        });
    if (name == "global" || name == "global_mi")
        return method([options, metric = name == "global" ? search_metric::zncc : search_metric::mutual_information](
                          values fixed, values moving, mask fixed_mask, mask moving_mask) {
            auto const own = with_method_options(global_search_options{.metric = metric}, options);
            return global_search(fixed, moving, own, fixed_mask, moving_mask);
        });
    std::string known;
    for (method_name const& other : method_names)
        known += (known.empty() ? "" : ", ") + std::string(other.name);
    fail("comir::make_method: the method is '", name, "', expected one of: ", known);
}

}}  // namespace comir::COMIR_ABI
