#pragma once

#include <numbers>

#include <comir/registration/metrics/alpha_amd/options.hpp>

#include "methods.hpp"

// How alpha-AMD is set up by the command line, for the files that compile it.

inline comir::alpha_amd_options alpha_amd_options_of(method_request const& request, comir::image_shape const& fixed) {
    method_settings const& s = request.settings;
    comir::alpha_amd_options options = comir::comir_alpha_amd_options();
    options.seed = request.run.seed;
    options.threads = request.run.threads;
    options.on_progress = request.on_progress;
    options.alpha_levels = s.alpha_levels;
    // Without an angle on the command line the very numbers of the default.
    if (s.starts != method_settings{}.starts) {
        options.start_angles.clear();
        for (double const degrees : s.starts)
            options.start_angles.push_back(degrees * std::numbers::pi / 180.0);
    }
    if (s.transform == "translation")
        options.start_angles.assign(1, 0.0);  // it cannot turn
    if (s.samples > 0) {
        options.pyramid = comir::alpha_amd_pyramid(fixed);
        for (comir::alpha_amd_step& step : options.pyramid)
            step.samples = s.samples;
    }
    return options;
}
