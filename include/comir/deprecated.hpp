#pragma once

#include <comir/image/image.hpp>
#include <comir/registration/automatic/cascade.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/by_features/features_then_alpha_amd.hpp>
#include <comir/registration/global/search.hpp>

// What version 0.1 called otherwise, for one release.

namespace comir { inline namespace COMIR_ABI {

[[deprecated("give two registration_inputs")]] inline registration_result<rigid2> register_auto(
    image<float> const& fixed, image<float> const& moving, automatic_options const& options,
    image_mask const& fixed_mask, image_mask const& moving_mask = {}, image<float> const& fixed_raw = {},
    image<float> const& moving_raw = {}) {
    return register_auto(registration_input{.values = fixed, .mask = fixed_mask, .raw = fixed_raw},
                         registration_input{.values = moving, .mask = moving_mask, .raw = moving_raw}, options);
}

[[deprecated("give two registration_inputs")]] inline registration_result<rigid2> global_search(
    image<float> const& fixed, image<float> const& moving, global_search_options const& options,
    image_mask const& fixed_mask, image_mask const& moving_mask = {}, image<float> const& fixed_raw = {},
    image<float> const& moving_raw = {}) {
    return global_search(registration_input{.values = fixed, .mask = fixed_mask, .raw = fixed_raw},
                         registration_input{.values = moving, .mask = moving_mask, .raw = moving_raw}, options);
}

template <class Transform>
[[deprecated("give two registration_inputs")]] feature_result<Transform> register_features(
    image<float> const& fixed, image<float> const& moving, feature_options const& options, image_mask const& fixed_mask,
    image_mask const& moving_mask = {}) {
    return register_features<Transform>(registration_input{.values = fixed, .mask = fixed_mask},
                                        registration_input{.values = moving, .mask = moving_mask}, options);
}

template <class Transform>
[[deprecated("give two registration_inputs")]] feature_start_result<Transform> register_features_then_alpha_amd(
    image<float> const& fixed, image<float> const& moving, feature_start_options const& options,
    image_mask const& fixed_mask, image_mask const& moving_mask = {}) {
    return register_features_then_alpha_amd<Transform>(registration_input{.values = fixed, .mask = fixed_mask},
                                                       registration_input{.values = moving, .mask = moving_mask},
                                                       options);
}

}}  // namespace comir::COMIR_ABI
