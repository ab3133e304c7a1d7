#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>

#include <comir/io/image_file.hpp>
#include <comir/registration/alpha_amd.hpp>
#include <comir/transform/translation.hpp>

#include "cli.hpp"

namespace {

/// Zero and what is dark in a picture of another depth than a mask's all the same: only 0 is left out.
comir::image_mask read_mask(std::string const& path) {
    if (path.empty())
        return {};
    comir::image<float> const stored = comir::read_image_float(path);
    comir::image_mask mask({1, stored.height(), stored.width()}, 0);
    for (std::size_t c = 0; c < stored.channels(); ++c)
        for (std::size_t i = 0; i < mask.values().size(); ++i)
            if (stored.channel(c)[i] > 0.0f)
                mask.values()[i] = 1;
    return mask;
}

comir::alpha_amd_options options_of(alpha_amd_settings const& s, run_options const& run,
                                    comir::progress const& on_progress, comir::image_shape const& fixed) {
    comir::alpha_amd_options options;
    options.seed = run.seed;
    options.threads = run.threads;
    options.on_progress = on_progress;
    options.levels = s.levels;
    options.start_angles.clear();
    // Without an angle on the command line the very numbers of the default.
    if (s.starts == alpha_amd_settings{}.starts)
        options.start_angles = comir::alpha_amd_options{}.start_angles;
    else
        for (double const degrees : s.starts)
            options.start_angles.push_back(degrees * std::numbers::pi / 180.0);
    if (s.samples > 0) {
        options.pyramid = comir::alpha_amd_pyramid(fixed);
        for (comir::alpha_amd_step& step : options.pyramid)
            step.samples = s.samples;
    }
    return options;
}

bool given(alpha_amd_settings const& s) {
    return std::any_of(s.options.begin(), s.options.end(), [](CLI::Option const* o) { return o->count() > 0; });
}

void check_method(std::string const& name, alpha_amd_settings const& s) {
    for (CLI::Option const* option : s.options)
        comir::require(name == "alpha_amd" || option->count() == 0, option->get_name(),
                       ": this option is of the method alpha_amd, the method given is ", name);
}

template <class Transform>
any_method method_of(alpha_amd_settings const& s, run_options const& run, comir::progress const& on_progress) {
    return [=](comir::image<float> const& fixed, comir::image<float> const& moving) {
        auto const found =
            comir::register_alpha_amd<Transform>(fixed, moving, options_of(s, run, on_progress, fixed.shape()),
                                                 read_mask(s.fixed_mask), read_mask(s.moving_mask));
        return any_result{found.transform, found.value,      found.converged, found.confidence,
                          found.overlap,   found.iterations, found.seconds};
    };
}

}  // namespace

void add_alpha_amd(CLI::App& command, alpha_amd_settings& s) {
    s.options.push_back(
        command.add_option("--starts", s.starts, "alpha_amd: angles to start from in degrees, as in --starts=-20,0,20")
            ->delimiter(',')
            ->capture_default_str());
    s.options.push_back(command.add_option("--levels", s.levels, "alpha_amd: number of alpha cuts, 1 to 250")
                            ->check(CLI::Range(1, 250))
                            ->capture_default_str());
    s.options.push_back(command.add_option("--samples", s.samples,
                                           "alpha_amd: points of each image in an iteration; default: 128 at the "
                                           "coarsest resolution to 2000 at the finest"));
}

void add_alpha_amd_pair(CLI::App& command, alpha_amd_settings& s) {
    s.options.push_back(command.add_option("--transform", s.transform, "alpha_amd: kind of transform")
                            ->check(CLI::IsMember({"translation", "rigid", "similarity", "affine"}))
                            ->capture_default_str());
    s.options.push_back(command.add_option("--fixed-mask", s.fixed_mask,
                                           "alpha_amd: image of the fixed one's size; 0 ignores a pixel"));
    s.options.push_back(command.add_option("--moving-mask", s.moving_mask, "alpha_amd: likewise of the moving one"));
}

any_method any_method_with(std::string const& name, alpha_amd_settings const& s, run_options const& run,
                           comir::progress const& on_progress) {
    check_method(name, s);
    if (name == "alpha_amd" && given(s)) {
        if (s.transform == "translation") {
            alpha_amd_settings still = s;
            still.starts = {0.0};  // it cannot turn
            return method_of<comir::translation2>(still, run, on_progress);
        }
        if (s.transform == "similarity")
            return method_of<comir::similarity2>(s, run, on_progress);
        if (s.transform == "affine")
            return method_of<comir::affine2>(s, run, on_progress);
        return method_of<comir::rigid2>(s, run, on_progress);
    }
    return [method = named_method(name, run, on_progress)](comir::image<float> const& fixed,
                                                           comir::image<float> const& moving) {
        rigid_result const found = method(fixed, moving);
        return any_result{found.transform, found.value,      found.converged, found.confidence,
                          found.overlap,   found.iterations, found.seconds};
    };
}

rigid_method rigid_method_with(std::string const& name, alpha_amd_settings const& s, run_options const& run,
                               comir::progress const& on_progress) {
    check_method(name, s);
    if (name != "alpha_amd" || !given(s))
        return named_method(name, run, on_progress);
    return [=](comir::image<float> const& fixed, comir::image<float> const& moving) {
        return comir::register_alpha_amd<comir::rigid2>(fixed, moving, options_of(s, run, on_progress, fixed.shape()));
    };
}
