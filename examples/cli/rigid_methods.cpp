#include <numbers>
#include <string>

#include <comir/registration/automatic/cascade.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/by_features/features_then_alpha_amd.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/local/alpha_amd.hpp>
#include <comir/registration/method_options.hpp>

#include "alpha_amd_settings.hpp"
#include "pictures/match_picture.hpp"

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

method_result automatic(method_request const& request, method_input const& in) {
    comir::automatic_options options;
    options.search = search_options(request, options.search);
    options.refine.seed = request.run.seed;
    options.threads = request.run.threads;
    return any_result(
        comir::register_auto(in.fixed, in.moving, options, in.fixed_mask, in.moving_mask, in.fixed_raw, in.moving_raw));
}

method_result search(method_request const& request, method_input const& in) {
    comir::global_search_options options;
    bool const information = request.settings.name == "global_mi", colours = information && request.raw;
    if (information)
        options.metric = comir::search_metric::mutual_information;
    return any_result(comir::global_search(colours ? in.fixed_raw : in.fixed, colours ? in.moving_raw : in.moving,
                                           search_options(request, options), in.fixed_mask, in.moving_mask));
}

method_result alpha_amd(method_request const& request, method_input const& in) {
    return any_result(comir::register_alpha_amd<comir::rigid2>(
        in.fixed, in.moving, alpha_amd_options_of(request, in.fixed.shape()), in.fixed_mask, in.moving_mask));
}

method_result features(method_request const& request, method_input const& in) {
    auto const found = comir::register_features<comir::rigid2>(in.fixed, in.moving, feature_options_of(request),
                                                               in.fixed_mask, in.moving_mask);
    method_result result = any_result<comir::rigid2>(found);
    if (!request.settings.matches.empty())
        result.matches = comir::match_picture(in.fixed, in.moving, {found.matches, found.inliers});
    return result;
}

method_result features_then_alpha_amd(method_request const& request, method_input const& in) {
    comir::feature_start_options options{.features = feature_options_of(request)};
    options.alpha_amd.seed = request.run.seed;
    return any_result<comir::rigid2>(comir::register_features_then_alpha_amd<comir::rigid2>(
        in.fixed, in.moving, options, in.fixed_mask, in.moving_mask));
}

}  // namespace

any_method rigid_method(method_request const& request) {
    std::string const& name = request.settings.name;
    auto* const run = name == "auto"             ? automatic
                      : name == "alpha_amd"      ? alpha_amd
                      : name == "sift"           ? features
                      : name == "sift+alpha_amd" ? features_then_alpha_amd
                                                 : search;
    return [request, run](method_input const& in) { return run(request, in); };
}
