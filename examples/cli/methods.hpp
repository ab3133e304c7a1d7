#pragma once

#include <optional>
#include <string>

#include <comir/core/progress.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/methods/registration_method.hpp>
#include <comir/transform/any_transform.hpp>

#include "commands.hpp"

/// What all methods are given.
struct method_request {
    method_settings settings;
    run_options run;
    comir::progress on_progress;
    bool raw = false;                             // no model represents the images: global_mi sees their colours
    std::optional<comir::any_transform> start{};  // from fixed to moving, px
    bool may_bend = false;                        // bends are of use, beside linear transforms
    std::optional<double> scale{};                // of auto, px of the moving image on one of the fixed image, as the
                                                  // files say it; --scale comes first
};

/// The kind that --transform names; none for auto.
std::optional<comir::transform_kind> kind_of_transform(method_settings const& settings);
/// The settings of a method for pairs that are turned and shifted, no more.
method_settings rigid_method(std::string const& name);
/// The options of auto by these settings.
comir::automatic_options requested_search(method_request const& request);
/// The library's method of the settings' name, compiled in one file.
comir::registration_method requested_method(method_request const& request);
