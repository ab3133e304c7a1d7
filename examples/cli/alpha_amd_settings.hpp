#pragma once

#include <numbers>
#include <string>

#include <comir/registration/alpha_amd_options.hpp>

#include "images.hpp"
#include "methods.hpp"

// How alpha-AMD is set up by the command line, for the files that compile it.

/// Zero and what is dark in a picture of another depth than a mask's all the same: only 0 is left out.
inline comir::image_mask load_mask(std::string const& path) {
    if (path.empty())
        return {};
    comir::image<float> const stored = load_float_image(path);
    comir::image_mask mask({1, stored.height(), stored.width()}, 0);
    for (std::size_t c = 0; c < stored.channels(); ++c)
        for (std::size_t i = 0; i < mask.values().size(); ++i)
            if (stored.channel(c)[i] > 0.0f)
                mask.values()[i] = 1;
    return mask;
}

inline comir::alpha_amd_options alpha_amd_options_of(method_request const& request, comir::image_shape const& fixed) {
    method_settings const& s = request.settings;
    comir::alpha_amd_options options = comir::comir_alpha_amd_options();
    options.seed = request.run.seed;
    options.threads = request.run.threads;
    options.on_progress = request.on_progress;
    options.levels = s.levels;
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
