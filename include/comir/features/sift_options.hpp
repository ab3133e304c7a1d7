#pragma once

#include <cmath>
#include <cstddef>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What images of several channels are to SIFT.
enum class sift_channels {
    mean,   // one grey channel, their mean
    one,    // the channel of the options
    joined  // keypoints of every channel, each described in all channels by descriptors after one another
};

/// The defaults are Lowe's (2004), but for the contrast: his 0.03 is OpenCV's 0.04 / 3 here, since registration wants
/// more points, also on faint images.
struct sift_options {
    int layers = 3;                     // scales searched in an octave, 1 to 16
    double sigma = 1.6;                 // blur of an octave's first level, in its pixels
    double image_sigma = 0.5;           // blur that the image is taken to have, in its pixels
    double contrast = 0.04 / 3.0;       // least contrast as a share of the range, for 3 layers; other numbers scale it
    double edge = 10.0;                 // largest ratio of the principal curvatures
    double range = 0.0;                 // of intensities, e.g. 255; 0: the image's own, its extreme 0.1 % left out
    bool doubled = true;                // begin with the image of twice the size
    std::size_t smallest_octave = 12;   // pixels on the shorter side; octaves below are left out
    std::size_t largest_octave = 4096;  // pixels on the longer side; octaves above are left out, to bound the memory
    std::size_t cells = 4;              // of the descriptor on each side, 1 to 16
    std::size_t bins = 8;               // directions of a cell, 2 to 64
    double cell_width = 3.0;            // in scales of the keypoint
    bool root = false;                  // RootSIFT: unit sum, then square roots
    sift_channels channels = sift_channels::mean;
    std::size_t channel = 0;        // for sift_channels::one
    std::size_t max_keypoints = 0;  // the strongest; 0: all
    int threads = 0;
};

/// The settings of the CoMIR experiments.
/// Source: Pielawski et al. 2020, CoMIR: contrastive multimodal image representation for registration; contrast, cell
///         width and the rule for octaves are those of the SIFT in Fiji that they were run with
inline sift_options comir_sift_options() {
    sift_options options;
    options.layers = 4;
    // Fiji's 0.025 applies to differences divided by k - 1, k = 2^(1/4).
    options.contrast = 0.025 * (std::exp2(0.25) - 1.0) * 4.0 / 3.0;
    options.doubled = false;
    options.smallest_octave = 128;
    options.largest_octave = 1024;
    options.cell_width = 4.0;
    return options;
}

namespace detail {

inline void check_sift_options(sift_options const& o) {
    constexpr char const* who = "comir::sift";
    require(o.layers >= 1 && o.layers <= 16, who, ": layers is ", o.layers, ", expected 1 to 16");
    require(o.image_sigma >= 0.0 && o.image_sigma <= 100.0, who, ": image_sigma is ", o.image_sigma,
            " pixels, expected 0 to 100");
    require(o.sigma > o.image_sigma * (o.doubled ? 2.0 : 1.0) && o.sigma <= 100.0, who, ": sigma is ", o.sigma,
            " pixels, expected more than image_sigma", o.doubled ? " of the doubled image" : "", " and at most 100");
    require(o.contrast >= 0.0 && o.contrast < 1e6, who, ": contrast is ", o.contrast,
            ", expected a share of the intensity range of at least 0");
    require(o.edge >= 1.0 && o.edge < 1e6, who, ": edge is ", o.edge, ", expected a ratio of at least 1");
    require(o.range >= 0.0 && std::isfinite(o.range), who, ": range is ", o.range,
            ", expected a positive number, or 0 for the image's own");
    require(o.smallest_octave <= o.largest_octave && o.largest_octave >= 1 && o.largest_octave <= 32000, who,
            ": octaves of ", o.smallest_octave, " to ", o.largest_octave,
            " pixels were asked for, expected a range that ends at 1 to 32000");
    require(o.cells >= 1 && o.cells <= 16, who, ": cells is ", o.cells, ", expected 1 to 16");
    require(o.bins >= 2 && o.bins <= 64, who, ": bins is ", o.bins, ", expected 2 to 64");
    require(o.cell_width > 0.0 && o.cell_width <= 100.0, who, ": cell_width is ", o.cell_width,
            " scales, expected more than 0 to 100");
}

}  // namespace detail

}}  // namespace comir::COMIR_ABI
