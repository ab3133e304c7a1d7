#pragma once

#include <vector>

#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a search over poses maximises.
enum class search_metric {
    zncc,                // zero-normalised cross-correlation of the overlap, -1 to 1: for images that are alike
    mutual_information,  // of quantised values, in nats: for raw images of two modalities
    zncc_and_mi,         // correlation of the images plus mutual information of their raw images, weighed
    correlation [[deprecated("use search_metric::zncc")]] = zncc,
    combined [[deprecated("use search_metric::zncc_and_mi")]] = zncc_and_mi,
};

namespace detail {

/// What a metric compares.
constexpr bool uses_zncc(search_metric metric) {
    return metric != search_metric::mutual_information;
}
constexpr bool uses_mi(search_metric metric) {
    return metric != search_metric::zncc;
}

}  // namespace detail

/// A pose under which the images agree.
template <class Transform = rigid2>
struct search_candidate {
    Transform transform;   // maps points of the fixed image to points of the moving image
    double score = 0.0;    // the metric there, weighed by the overlap, at the finest resolution of the search
    double overlap = 0.0;  // share of the smaller image's pixels, 0 to 1
};

/// The scores of all poses that a search compared: their number, mean and standard deviation.
struct search_statistics {
    double count = 0.0, mean = 0.0, deviation = 0.0;
};

/// What a search over poses found.
template <class Transform = rigid2>
struct search_outcome {
    std::vector<search_candidate<Transform>> candidates;  // poses that differ, best first; none if it was stopped
    search_statistics statistics;                         // of all angles and shifts at the coarsest resolution
    double seconds = 0.0;                                 // wall time
};

}}  // namespace comir::COMIR_ABI
