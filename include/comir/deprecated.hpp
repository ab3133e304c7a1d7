#pragma once

#include <comir/contrastive/loss_grid.hpp>
#include <comir/image/image.hpp>
#include <comir/image/local_contrast.hpp>
#include <comir/registration/automatic/cascade.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/by_features/features_then_alpha_amd.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/training/batch/crop_poses.hpp>
#include <comir/training/batch/inverted_contrast.hpp>
#include <comir/training/objective/canonical_signal_loss.hpp>

// What version 0.1 called otherwise, for one release. The CHANGELOG has the names of members, which no alias can keep.

namespace comir { inline namespace COMIR_ABI {

/// Until 0.3; the warning says what to use instead.
template <std::size_t M>
using patch_views [[deprecated("is crop_poses")]] = crop_poses<M>;

/// Until 0.3; the warning says what to use instead.
template <std::size_t M>
using signal_guide [[deprecated("is canonical_signal_loss")]] = canonical_signal_loss<M>;

/// Until 0.3; the warning says what to use instead.
[[deprecated("is invert_contrast")]] inline void negate_contrast(tensor_view<float> const& patches, double share,
                                                                 random_stream& random) {
    invert_contrast(patches, share, random);
}

/// Until 0.3; the warning says what to use instead.
template <class T>
[[deprecated("is cut_grid")]] void cut_cells(tensor_view<T const> const& x, std::size_t k, tensor_view<T> const& y,
                                             int threads = 0) {
    cut_grid(x, k, y, threads);
}

/// Until 0.3; the warning says what to use instead.
template <class T>
[[deprecated("is join_grid")]] void join_cells(tensor_view<T const> const& y, std::size_t k, tensor_view<T> const& x,
                                               int threads = 0) {
    join_grid(y, k, x, threads);
}

/// Until 0.3; the warning says what to use instead.
[[deprecated("is local_contrast")]] inline image<float> normalise_local_contrast(
    image<float> const& source, local_contrast_options const& options = {}) {
    return local_contrast(source, options);
}

/// Until 0.3; the warning says what to use instead.
template <class Transform = rigid2>  // compiled only where it is called
[[deprecated("give two registration_inputs")]] registration_result<Transform> register_auto(
    image<float> const& fixed, image<float> const& moving, automatic_options const& options,
    image_mask const& fixed_mask, image_mask const& moving_mask = {}, image<float> const& fixed_raw = {},
    image<float> const& moving_raw = {}) {
    return register_auto<Transform>(registration_input{.values = fixed, .mask = fixed_mask, .raw = fixed_raw},
                                    registration_input{.values = moving, .mask = moving_mask, .raw = moving_raw},
                                    options);
}

/// Until 0.3; the warning says what to use instead.
template <class Transform = rigid2>  // compiled only where it is called
[[deprecated("give two registration_inputs")]] registration_result<Transform> global_search(
    image<float> const& fixed, image<float> const& moving, global_search_options const& options,
    image_mask const& fixed_mask, image_mask const& moving_mask = {}, image<float> const& fixed_raw = {},
    image<float> const& moving_raw = {}) {
    return global_search<Transform>(registration_input{.values = fixed, .mask = fixed_mask, .raw = fixed_raw},
                                    registration_input{.values = moving, .mask = moving_mask, .raw = moving_raw},
                                    options);
}

/// Until 0.3; the warning says what to use instead.
template <class Transform>
[[deprecated("give two registration_inputs")]] feature_result<Transform> register_features(
    image<float> const& fixed, image<float> const& moving, feature_options const& options, image_mask const& fixed_mask,
    image_mask const& moving_mask = {}) {
    return register_features<Transform>(registration_input{.values = fixed, .mask = fixed_mask},
                                        registration_input{.values = moving, .mask = moving_mask}, options);
}

/// Until 0.3; the warning says what to use instead.
template <class Transform>
[[deprecated("give two registration_inputs")]] feature_start_result<Transform> register_features_then_alpha_amd(
    image<float> const& fixed, image<float> const& moving, feature_start_options const& options,
    image_mask const& fixed_mask, image_mask const& moving_mask = {}) {
    return register_features_then_alpha_amd<Transform>(registration_input{.values = fixed, .mask = fixed_mask},
                                                       registration_input{.values = moving, .mask = moving_mask},
                                                       options);
}

}}  // namespace comir::COMIR_ABI
