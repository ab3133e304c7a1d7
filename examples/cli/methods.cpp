#include "methods.hpp"

#include <map>
#include <numbers>
#include <string>

#include <comir/registration/method.hpp>

namespace {

constexpr double to_radians(double degrees) {
    return degrees * std::numbers::pi / 180.0;
}

comir::mirror_search mirror_of(std::string const& name) {
    if (name == "yes")
        return comir::mirror_search::yes;
    return name == "no" ? comir::mirror_search::no : comir::mirror_search::in_doubt;
}

}  // namespace

std::optional<comir::transform_kind> kind_of_transform(method_settings const& settings) {
    static std::map<std::string, comir::transform_kind> const kinds{{"translation", comir::transform_kind::translation},
                                                                    {"rigid", comir::transform_kind::rigid},
                                                                    {"similarity", comir::transform_kind::similarity},
                                                                    {"affine", comir::transform_kind::affine}};
    if (settings.transform == "auto" || settings.transform == "deformable")
        return {};
    return kinds.at(settings.transform);
}

method_settings rigid_method(std::string const& name) {
    method_settings settings;
    settings.name = name;
    settings.transform = "rigid";
    settings.scale = {1.0, 1.0};
    settings.mirror = "no";
    return settings;
}

namespace {

comir::method_options requested_options(method_request const& request) {
    method_settings const& s = request.settings;
    comir::method_options options{request.run.seed, request.run.threads, request.on_progress};
    options.angle = to_radians(s.angle);
    // Without an angle on the command line the very numbers of the defaults.
    if (s.max_angle < 180.0)
        options.max_angle = to_radians(s.max_angle);
    if (!s.max_shift.empty()) {
        options.max_shift_x = s.max_shift.front();
        options.max_shift_y = s.max_shift.back();
    }
    bool const deformable = s.transform == "deformable";
    comir::require(!deformable || request.may_bend,
                   "--transform deformable: only register finds bends, and of one pair; expected a linear kind");
    options.transform = kind_of_transform(s);
    if (request.may_bend && (deformable || (s.transform == "auto" && s.name == "auto")))
        options.bend = deformable ? comir::bend_search::yes : comir::bend_search::in_doubt;
    if (request.start)
        options.start = comir::to_affine(*request.start);
    if (!s.scale.empty()) {
        options.min_scale = s.scale.front();
        options.max_scale = s.scale.back();
    } else if (request.scale && s.name == "auto") {
        constexpr double tolerance = 1.08;  // as the library has it for pixel sizes
        options.min_scale = *request.scale / tolerance;
        options.max_scale = *request.scale * tolerance;
    }
    options.min_overlap = s.min_overlap;
    options.mirror = mirror_of(s.mirror);
    options.alpha_levels = s.alpha_levels;
    options.samples = s.samples;
    if (s.starts != method_settings{}.starts)
        for (double const degrees : s.starts)
            options.start_angles.push_back(to_radians(degrees));
    options.mi_of_raw = request.raw;
    return options;
}

}  // namespace

comir::automatic_options requested_search(method_request const& request) {
    return comir::automatic_options_of(requested_options(request));
}

comir::registration_method requested_method(method_request const& request) {
    return comir::make_method(request.settings.name, requested_options(request));
}
