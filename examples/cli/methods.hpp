#pragma once

#include <functional>
#include <string>

#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
#include <comir/io/transform_text.hpp>
#include <comir/pipeline/method_mask.hpp>
#include <comir/registration/result.hpp>

#include "commands.hpp"
#include "images.hpp"

/// A result whose kind of transform is chosen on the command line.
struct method_result : comir::registration_result<comir::any_transform> {
    comir::image<float> matches{};  // their picture, if --matches asks for it
};
using any_method = std::function<method_result(comir::image<float> const& fixed, comir::image<float> const& moving)>;

/// Which pixels count; an empty mask takes all.
struct method_masks {
    comir::image_mask fixed, moving;
};

/// What all methods are given.
struct method_request {
    method_settings settings;
    run_options run;
    comir::progress on_progress;
    method_masks masks{};  // make_method reads them from the settings' files
};

inline comir::image_mask load_mask(std::string const& path) {
    return path.empty() ? comir::image_mask{} : comir::to_mask(load_float_image(path));
}

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
inline any_method make_method(method_request request) {
    request.masks = {load_mask(request.settings.fixed_mask), load_mask(request.settings.moving_mask)};
    return request.settings.name == "alpha_amd" ? alpha_amd_method(request)
           : request.settings.name == "mi"      ? information_method(request)
                                                : rigid_method(request);
}
