#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/image/preparation.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/metrics/alpha_amd/options.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/any_transform.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The last resolution of alpha_amd_pyramid: enough for a start within a pixel or two.
inline std::vector<alpha_amd_step> refining_pyramid(image_shape const& fixed) {
    return {alpha_amd_pyramid(fixed).back()};
}

/// Whether a moving image may be mirrored, such as a slide that was turned over.
enum class mirror_search { no, in_doubt, yes };

/// Whether register_any may bend the fixed image's pixels before its transform: never, where windows support it, or also
/// where they support it a little only.
enum class bend_search { no, in_doubt, yes };

/// `search` decides where, `refine` how exactly; where the search is unsure, `features` are asked. Threads count for
/// all; callbacks are their own. Thresholds are confidences, 0 to 1.
struct automatic_options {
    global_search_options search{.candidates = 4};
    alpha_amd_options refine{};  // an empty pyramid means refining_pyramid
    double zncc_weight = 0.5;    // of the ZNCC of plain values, beside the search's score, where poses compete
    double drift = 0.02;         // of the smaller image's diagonal: refining that moves it further is undone
    feature_options features = comir_feature_options();
    double ask_raw_below = 0.9;       // a search less sure, or whose best pose loses the contest, asks the raw images;
                                      // 0: never
    double ask_features_below = 0.5;  // a result less sure asks the features, who answer from this confidence on;
                                      // 0: never
    // Read by register_any only.
    std::optional<affine2> start{};  // from fixed to moving, px: where windows agree near it, nothing else is searched
    std::optional<double> scale{};  // pixels of the moving image that one of the fixed image is known to measure; none:
                                    // the images' spacings say it where neither is 1, and else 1 is expected
    double min_scale = 0.4, max_scale = 2.5;  // scales looked at in doubt, over the expected one; where spacings say
                                              // that, 8 % to either side instead
    bool small_structures = false;  // searches in doubt try a finer coarsest resolution, too, as those of shrunk images
    bool values_alike = false;      // they are representations, which look alike, not raw images of two modalities
    std::optional<pair_preparations>
        prepare{};  // makes such values of raw images, of no more pixels than are searched;
                    // none: the images given are what is compared
    mirror_search mirror = mirror_search::in_doubt;
    bend_search bend = bend_search::no;
    std::optional<transform_kind> kind{};    // of the transform; none: the one that the images support
    std::size_t working_pixels = 640 * 640;  // larger images are searched shrunk, then followed to their own pixels
    int threads = 0;
};

}}  // namespace comir::COMIR_ABI
