#pragma once

#include <cstddef>
#include <numbers>
#include <vector>

#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
#include <comir/transform/rigid.hpp>

namespace comir::inline COMIR_ABI {

/// What a global search maximises.
enum class search_metric {
    correlation,         // zero-normalised cross-correlation of the overlap, -1 to 1: for images that are alike
    mutual_information,  // of quantised values, in nats: for raw images of two modalities
};

/// The defaults search everything: the whole circle and every shift with enough overlap.
struct global_search_options {
    search_metric metric = search_metric::correlation;
    double angle = 0.0;                   // radians; middle of the range of angles, fixed to moving
    double max_angle = std::numbers::pi;  // radians to either side of it
    double angle_step = 0.0;              // radians at the coarsest resolution; 0: two pixels at its rim
    // Pixels between the images' centres, along the axes of the larger image; 0: no limit.
    double max_shift_x = 0.0, max_shift_y = 0.0;
    double min_overlap = 0.25;    // share of the smaller image's pixels
    bool weigh_overlap = true;    // multiply scores by the square root of the overlap
    std::size_t coarse_side = 0;  // pixels of the smaller image's shorter side at the coarsest resolution; 0: 64
    std::size_t finest = 1;       // the search ends at every finest-th pixel
    std::size_t candidates = 6;   // that the search returns at most
    std::size_t levels = 8;       // values that mutual information distinguishes, 2 to 16
    int threads = 0;
    progress on_progress = {};  // after each angle of the coarsest resolution; stopping gives no candidates
};

/// One place where the images agree.
struct search_candidate {
    rigid2 transform;      // maps points of the fixed image to points of the moving image
    double score = 0.0;    // the metric there, weighed by the overlap, at the finest resolution of the search
    double overlap = 0.0;  // share of the smaller image's pixels, 0 to 1
};

/// All scores of the coarsest resolution together: how far a candidate stands out.
struct search_statistics {
    double count = 0.0, mean = 0.0, deviation = 0.0;
};

/// The places that a search found, best first, and the scores of all places that it compared them with.
struct search_outcome {
    std::vector<search_candidate> candidates;
    search_statistics statistics;  // of all angles and shifts at the coarsest resolution
    double seconds = 0.0;          // wall time
};

}  // namespace comir::inline COMIR_ABI
