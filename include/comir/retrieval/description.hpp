#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <comir/features/sift.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What images are compared by before any is registered: features and their places.
/// Shapes: positions (N, 2): x and y in pixels of the image; descriptors (N, 128), row after row, a number of 1 as 512
struct image_description {
    std::vector<float> positions;
    std::vector<std::uint8_t> descriptors;

    /// Numbers of a descriptor.
    static constexpr std::size_t length = 128;

    std::size_t size() const { return descriptors.size() / length; }
    bool operator==(image_description const&) const = default;
};

namespace detail {

/// What a number of a descriptor is multiplied by; Lowe's 512 keeps 8 bits of what descriptors hold.
inline constexpr float description_unit = 512.0f;

}  // namespace detail

/// What descriptions are made by; descriptions of another text do not compare.
inline std::string description_settings() {
    return "root sift at half resolution, 2000 features, 8 bits";
}

/// The description of a representation, 0..1: the strongest 2000 RootSIFT features at half of its resolution. Between
/// modalities representations agree in what is large rather than in single pixels.
/// Errors:  those of sift
/// Threads: the same bits for any number of threads
inline image_description describe(image<float> const& representation, int threads = 0) {
    sift_options options;
    options.root = true;
    options.range = 1.0;
    options.doubled = false;
    options.max_keypoints = 2000;
    options.threads = threads;
    image_description made;
    if (representation.empty())
        return made;
    constexpr std::size_t factor = 2;
    feature_set const features = sift(detail::blur_and_sample(representation, 1.0, factor, threads), options);
    for (keypoint const& k : features.keypoints) {
        made.positions.push_back(static_cast<float>(factor) * k.x);
        made.positions.push_back(static_cast<float>(factor) * k.y);
    }
    for (float const v : features.descriptors)
        made.descriptors.push_back(
            static_cast<std::uint8_t>(std::clamp(detail::description_unit * v + 0.5f, 0.0f, 255.0f)));
    return made;
}

}}  // namespace comir::COMIR_ABI
