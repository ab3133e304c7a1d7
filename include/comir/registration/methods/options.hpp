#pragma once

#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>
#include <vector>

#include <comir/core/progress.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/any_transform.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What registration methods can be given by name; everything else keeps the method's own defaults.
struct method_options {
    std::uint64_t seed = 1;
    int threads = 0;
    progress on_progress{};
    // Of auto, global and global_mi: the ranges of the search, as global_search_options has them.
    double angle = 0.0, max_angle = std::numbers::pi;  // radians
    double max_shift_x = 0.0, max_shift_y = 0.0;       // pixels; 0: no limit
    double min_overlap = 0.0;                          // share of the smaller image; 0: the search's own
    // Of auto and global: pixels of the moving image that one of the fixed image measures, from and to; 0: auto's own,
    // and none for global.
    double min_scale = 0.0, max_scale = 0.0;
    mirror_search mirror = mirror_search::in_doubt;  // of auto
    bend_search bend = bend_search::no;              // of auto
    // Of auto, alpha_amd and mi: from fixed to moving, px. The last two begin there and nowhere else; auto does where
    // the images agree near it, and else searches.
    std::optional<affine2> start{};
    std::optional<transform_kind> transform{};  // none: auto takes the kind that the images support, others rigid
    // Of alpha_amd.
    int alpha_levels = 7;
    std::size_t samples = 0;             // points of each image in an iteration; 0: those of each resolution
    std::vector<double> start_angles{};  // radians; empty: those of comir_alpha_amd_options
    // Of auto and global_mi: values are no more than the raw images' grey, so that raw images, whose colours tell more,
    // are compared; without it the values are, such as representations.
    bool mi_of_raw = false;
};

/// A method's own options with the fields that all methods share.
template <class Options>
Options with_method_options(Options own, method_options const& options) {
    if constexpr (requires { own.seed; })
        own.seed = options.seed;
    own.threads = options.threads;
    own.on_progress = options.on_progress;
    return own;
}

}}  // namespace comir::COMIR_ABI
