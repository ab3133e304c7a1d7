#pragma once

#include <vector>

#include <comir/image/image.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/metrics/alpha_amd/options.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The last resolution of alpha_amd_pyramid: enough for a start within a pixel or two.
inline std::vector<alpha_amd_step> refining_pyramid(image_shape const& fixed) {
    return {alpha_amd_pyramid(fixed).back()};
}

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
    int threads = 0;
};

}}  // namespace comir::COMIR_ABI
