#pragma once

#include <functional>

#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
#include <comir/io/transform_text.hpp>
#include <comir/registration/result.hpp>

#include "commands.hpp"

/// A result whose kind of transform is chosen on the command line.
struct method_result : comir::registration_result<comir::any_transform> {
    comir::image<float> matches{};  // their picture, if --matches asks for it
};

/// What is registered; an empty mask takes all pixels. The sources are what the images were prepared from.
struct method_input {
    comir::image<float> const &fixed, &moving;
    comir::image_mask const &fixed_mask, &moving_mask;
    comir::image<float> const &fixed_raw, &moving_raw;
};
using any_method = std::function<method_result(method_input const&)>;

/// What all methods are given.
struct method_request {
    method_settings settings;
    run_options run;
    comir::progress on_progress;
    bool raw = false;  // no model represents the images: mutual information sees their colours
};

// The methods by the files that compile them.
any_method alpha_amd_method(method_request const& request);    // alpha_amd with any kind of transform
any_method information_method(method_request const& request);  // mi
any_method rigid_method(method_request const& request);        // alpha_amd with rigid transforms, and the others

/// The same result with its transform among others.
template <class Transform>
method_result any_result(comir::registration_result<Transform> const& r) {
    method_result result;
    result.transform = r.transform;
    result.value = r.value;
    result.converged = r.converged;
    result.confidence = r.confidence;
    result.overlap = r.overlap;
    result.iterations = r.iterations;
    result.seconds = r.seconds;
    return result;
}

/// The method of the settings' name.
inline any_method make_method(method_request const& request) {
    return request.settings.name == "alpha_amd" ? alpha_amd_method(request)
           : request.settings.name == "mi"      ? information_method(request)
                                                : rigid_method(request);
}
