#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/features/sift.hpp>
#include <comir/image/image.hpp>
#include <comir/retrieval/vlad.hpp>
#include <comir/retrieval/vocabulary.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What images are compared by before any is registered: words at their places, and one vector for the whole image.
/// Shapes: words (N), positions (N, 2): x and y in pixels, vector (K x length) as vlad gives it
struct image_description {
    std::vector<std::uint32_t> words;
    std::vector<float> positions;
    std::vector<float> vector;

    bool operator==(image_description const&) const = default;
};

/// Numbers of one descriptor of retrieval_features.
inline constexpr std::size_t description_row_length = 128;

/// Numbers of a description's vector by these words.
inline std::size_t description_length(vocabulary const& words) {
    return words.centres.size();
}

/// The settings that descriptions of all archives are made with; another text means that they do not compare.
inline std::string description_settings() {
    return "sift 2000 root, vlad 64";
}

/// The words that a vocabulary of an archive has, if there are as many features.
inline constexpr std::size_t description_words = 64;

/// The features of a representation, 0..1, that are compared: RootSIFT at the image's own resolution, the strongest
/// 2000.
/// Errors:  those of sift
/// Threads: the same bits for any number of threads
inline feature_set retrieval_features(image<float> const& representation, int threads = 0) {
    sift_options options;
    options.root = true;
    options.range = 1.0;
    options.doubled = false;
    options.max_keypoints = 2000;
    options.threads = threads;
    return sift(representation, options);
}

/// The description of a representation by these words.
/// Errors:  shape_error if the words are not made of features of this kind
/// Threads: the same bits for any number of threads
inline image_description describe(vocabulary const& known, feature_set const& features, int threads = 0) {
    image_description made;
    made.words = words_of(known, features, threads);
    for (keypoint const& k : features.keypoints) {
        made.positions.push_back(k.x);
        made.positions.push_back(k.y);
    }
    made.vector = vlad(known, features, made.words);
    return made;
}

}}  // namespace comir::COMIR_ABI
