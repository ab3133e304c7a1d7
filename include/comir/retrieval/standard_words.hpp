#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/random.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/image.hpp>
#include <comir/retrieval/description.hpp>
#include <comir/retrieval/vocabulary.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The vocabulary of all archives: learnt from random textures of several scales, whose features are of all shapes. As
/// it depends on no image, archives filled in any order are the same, and archives made apart can be merged.
/// Threads: the same bits for any number of threads, on one kind of machine
inline vocabulary standard_words(int threads = 0) {
    constexpr std::size_t textures = 4, side = 512;
    constexpr double sigmas[] = {2.0, 4.0, 8.0};  // px; features of one octave after another
    constexpr float deviation = 0.15f;            // of each scale, as a share of the range 0..1
    std::vector<float> descriptors;
    for (std::size_t t = 0; t < textures; ++t) {
        image<float> noise({1, side, side});
        random_stream random(7, t);
        for (float& v : noise.values())
            v = static_cast<float>(random.normal());
        image<float> texture({1, side, side}, 0.5f);
        for (double const sigma : sigmas) {
            image<float> const blurred = gaussian_blur(noise, sigma, threads);
            // Blurred noise of unit deviation has 1 / (2 sigma sqrt(pi)).
            auto const gain = deviation * static_cast<float>(3.5449 * sigma);
            for (std::size_t i = 0; i < texture.values().size(); ++i)
                texture.values()[i] += gain * blurred.values()[i];
        }
        feature_set const features = retrieval_features(texture, threads);
        descriptors.insert(descriptors.end(), features.descriptors.begin(), features.descriptors.end());
    }
    return learn_vocabulary(descriptors, description_row_length, {.words = description_words, .threads = threads});
}

}}  // namespace comir::COMIR_ABI
