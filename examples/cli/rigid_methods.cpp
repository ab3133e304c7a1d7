#include <numbers>
#include <string>

#include <comir/pipeline/match_picture.hpp>
#include <comir/pipeline/method_options.hpp>
#include <comir/registration/alpha_amd.hpp>
#include <comir/registration/automatic.hpp>
#include <comir/registration/feature_based.hpp>
#include <comir/registration/feature_start.hpp>
#include <comir/registration/global_search.hpp>

#include "alpha_amd_settings.hpp"

// One file for methods that are parts of each other: automatic registration is a global search and alpha-AMD, and
// alpha-AMD refines what SIFT finds.

namespace {

comir::method_options common_options(method_request const& request) {
    return {request.run.seed, request.run.threads, request.on_progress};
}

comir::global_search_options search_options(method_request const& request, comir::global_search_options options) {
    method_settings const& s = request.settings;
    auto const radians = [](double degrees) { return degrees * std::numbers::pi / 180.0; };
    options.angle = radians(s.angle);
    if (s.max_angle < 180.0)
        options.max_angle = radians(s.max_angle);
    if (!s.max_shift.empty()) {
        options.max_shift_x = s.max_shift.front();
        options.max_shift_y = s.max_shift.back();
    }
    return comir::with_method_options(options, common_options(request));
}

comir::feature_options feature_options_of(method_request const& request) {
    return comir::with_method_options(comir::comir_feature_options(), common_options(request));
}

method_result automatic(method_request const& request, comir::image<float> const& fixed,
                        comir::image<float> const& moving) {
    comir::automatic_options options;
    options.search = search_options(request, options.search);
    options.refine.seed = request.run.seed;
    options.threads = request.run.threads;
    return any_result(comir::register_auto(fixed, moving, options, request.masks.fixed, request.masks.moving));
}

method_result search(method_request const& request, comir::image<float> const& fixed,
                     comir::image<float> const& moving) {
    comir::global_search_options options;
    if (request.settings.name == "global_mi")
        options.metric = comir::search_metric::mutual_information;
    return any_result(comir::global_search(fixed, moving, search_options(request, options), request.masks.fixed,
                                           request.masks.moving));
}

method_result alpha_amd(method_request const& request, comir::image<float> const& fixed,
                        comir::image<float> const& moving) {
    return any_result(comir::register_alpha_amd<comir::rigid2>(
        fixed, moving, alpha_amd_options_of(request, fixed.shape()), request.masks.fixed, request.masks.moving));
}

method_result features(method_request const& request, comir::image<float> const& fixed,
                       comir::image<float> const& moving) {
    auto const found = comir::register_features<comir::rigid2>(fixed, moving, feature_options_of(request),
                                                               request.masks.fixed, request.masks.moving);
    method_result result = any_result<comir::rigid2>(found);
    if (!request.settings.matches.empty())
        result.matches = comir::match_picture(fixed, moving, {found.matches, found.inliers});
    return result;
}

method_result features_then_alpha_amd(method_request const& request, comir::image<float> const& fixed,
                                      comir::image<float> const& moving) {
    comir::feature_start_options options{.features = feature_options_of(request)};
    options.alpha_amd.seed = request.run.seed;
    return any_result<comir::rigid2>(comir::register_features_then_alpha_amd<comir::rigid2>(
        fixed, moving, options, request.masks.fixed, request.masks.moving));
}

}  // namespace

any_method rigid_method(method_request const& request) {
    std::string const& name = request.settings.name;
    auto* const run = name == "auto"             ? automatic
                      : name == "alpha_amd"      ? alpha_amd
                      : name == "sift"           ? features
                      : name == "sift+alpha_amd" ? features_then_alpha_amd
                                                 : search;
    return [request, run](comir::image<float> const& fixed, comir::image<float> const& moving) {
        return run(request, fixed, moving);
    };
}
