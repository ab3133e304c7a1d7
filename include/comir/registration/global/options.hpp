#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/search_outcome.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How a global search looks for poses. The defaults search everything: the whole circle and every shift with enough
/// overlap.
struct global_search_options {
    search_metric metric = search_metric::zncc;
    double angle = 0.0;                   // radians; middle of the range of angles, fixed to moving
    double max_angle = std::numbers::pi;  // radians to either side of it
    double angle_step = 0.0;              // radians at the coarsest resolution; 0: two pixels at its rim
    // Pixels between the images' centres, along the axes of the larger image; 0: no limit.
    double max_shift_x = 0.0, max_shift_y = 0.0;
    // Pixels of the moving image that one of the fixed image measures; equal: that scale alone.
    double min_scale = 1.0, max_scale = 1.0;
    double scale_step = 0.0;      // of its logarithm at the coarsest resolution; 0: three pixels at its rim
    double min_overlap = 0.0;     // share of the smaller image's pixels; 0: least_overlap decides
    bool weigh_overlap = true;    // multiply scores by the square root of the overlap
    std::size_t coarse_side = 0;  // pixels of the smaller image's shorter side at the coarsest resolution; 0: 64
    std::size_t finest = 1;       // the search ends at every finest-th pixel
    std::size_t candidates = 6;   // that the search returns at most
    // ZNCC compares contrast relative to that of the surroundings: the sigma of these, in pixels of each resolution, 0
    // for contrast as it is; and what counts as no contrast, as a share of the image's.
    double contrast_sigma = 4.0, contrast_floor = 0.2;
    std::size_t clusters = 8;  // values that mutual information distinguishes, 2 to 16
    double mi_weight = 2.0;    // weight of mutual information, in nats, where metrics are combined
    int threads = 0;
    progress on_progress = {};  // after each angle of the coarsest resolution; stopping gives no candidates
};

namespace detail {

inline std::size_t coarse_side_of(global_search_options const& o) {
    return o.coarse_side > 0 ? o.coarse_side : 64;
}

}  // namespace detail

/// The share of the smaller image's pixels that a search wants to lie in the other image: the option, or without one a
/// quarter, and three quarters where the larger image is at least twice as wide and high as the smaller one's diagonal
/// is long; 0 to 1. A field of view in an overview rarely sticks out of it, and most wrong poses of small images do.
inline double least_overlap(global_search_options const& options, image_shape const& one, image_shape const& other) {
    if (options.min_overlap > 0.0)
        return options.min_overlap;
    bool const first_is_small = one.h * one.w < other.h * other.w;
    image_shape const &small = first_is_small ? one : other, &large = first_is_small ? other : one;
    double const diagonal = std::hypot(static_cast<double>(small.h), static_cast<double>(small.w));
    return static_cast<double>(std::min(large.h, large.w)) >= 2.0 * diagonal ? 0.75 : 0.25;
}

}}  // namespace comir::COMIR_ABI
