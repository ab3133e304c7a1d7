#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/check_range.hpp>
#include <comir/core/error.hpp>
#include <comir/core/random.hpp>
#include <comir/features/keypoint.hpp>
#include <comir/features/nearest.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Visual words: descriptors that stand for all those nearest to them.
/// Shapes: centres (K, length), row after row
struct vocabulary {
    std::size_t length = 0;
    std::vector<float> centres;

    std::size_t size() const { return length > 0 ? centres.size() / length : 0; }
    bool operator==(vocabulary const&) const = default;
};

/// How a vocabulary is learnt.
struct vocabulary_options {
    std::size_t words = 64;   // 1 to 1,000,000; fewer if there are fewer descriptors
    std::size_t passes = 10;  // of Lloyd's algorithm, 1 to 1000
    std::uint64_t seed = 1;   // chooses the descriptors that words begin as
    int threads = 0;
};

/// The words of descriptors by Lloyd's algorithm. Words begin as descriptors drawn without repetition; one that loses
/// all its descriptors stays where it is. Distances are computed for many descriptors at a time (features/nearest.hpp):
/// of rows of 128 numbers that is many times faster than core/kmeans.hpp, whose points are pixels of few channels.
/// Shapes:  descriptors (N, length), row after row
/// Errors:  error if an option is out of range or there is no descriptor; shape_error if the numbers are no whole rows
/// Threads: over descriptors; the same bits for any number of threads
/// Source:  Sivic and Zisserman 2003, Video Google: a text retrieval approach to object matching in videos
inline vocabulary learn_vocabulary(std::span<float const> descriptors, std::size_t length,
                                   vocabulary_options const& options = {}) {
    constexpr char const* who = "comir::learn_vocabulary";
    check_range(who, "words", static_cast<double>(options.words), between(1, 1e6));
    check_range(who, "passes", static_cast<double>(options.passes), between(1, 1000));
    require<shape_error>(length > 0 && descriptors.size() % length == 0, who, ": ", descriptors.size(),
                         " numbers were given, expected rows of ", length);
    std::size_t const count = descriptors.size() / length;
    require(count > 0, who, ": there are no descriptors; give images that show something");
    std::size_t const words = std::min(options.words, count);

    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i)
        order[i] = i;
    random_stream random(options.seed);
    vocabulary made{length, std::vector<float>(words * length)};
    for (std::size_t k = 0; k < words; ++k) {
        std::swap(order[k], order[k + random.below(count - k)]);
        std::copy_n(descriptors.data() + order[k] * length, length, made.centres.data() + k * length);
    }
    std::vector<double> sums(words * length);
    std::vector<std::size_t> counts(words);
    for (std::size_t pass = 0; pass < options.passes; ++pass) {
        auto const nearest = detail::row_index({made.centres.data(), words, length})
                                 .find({descriptors.data(), count, length}, options.threads);
        std::ranges::fill(sums, 0.0);
        std::ranges::fill(counts, std::size_t{0});
        for (std::size_t i = 0; i < count; ++i) {
            std::size_t const k = nearest[i].index;
            ++counts[k];
            for (std::size_t d = 0; d < length; ++d)
                sums[k * length + d] += static_cast<double>(descriptors[i * length + d]);
        }
        for (std::size_t k = 0; k < words; ++k)
            for (std::size_t d = 0; d < length && counts[k] > 0; ++d)
                made.centres[k * length + d] =
                    static_cast<float>(sums[k * length + d] / static_cast<double>(counts[k]));
    }
    return made;
}

/// The word of each descriptor: the nearest one, the first of equally near ones.
/// Errors:  shape_error if the descriptors have another length than the words
/// Threads: over descriptors; the same for any number of threads
inline std::vector<std::uint32_t> words_of(vocabulary const& known, feature_set const& features, int threads = 0) {
    require<shape_error>(features.empty() || (features.length == known.length && known.size() > 0),
                         "comir::words_of: descriptors have ", features.length, " numbers, the vocabulary's ",
                         known.size(), " words ", known.length, "; expected the same");
    std::vector<std::uint32_t> words;
    words.reserve(features.size());
    if (features.empty())
        return words;
    for (auto const& nearest : detail::row_index({known.centres.data(), known.size(), known.length})
                                   .find({features.descriptors.data(), features.size(), features.length}, threads))
        words.push_back(static_cast<std::uint32_t>(nearest.index));
    return words;
}

}}  // namespace comir::COMIR_ABI
