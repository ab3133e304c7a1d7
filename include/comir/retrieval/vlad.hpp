#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/features/keypoint.hpp>
#include <comir/retrieval/vocabulary.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// Divides by the root of the sum of squares, unless that is zero.
inline void to_unit_length(std::span<float> values) {
    double sum = 0.0;
    for (float const v : values)
        sum += static_cast<double>(v) * static_cast<double>(v);
    if (sum > 0.0)
        for (float& v : values)
            v = static_cast<float>(static_cast<double>(v) / std::sqrt(sum));
}

}  // namespace detail

/// One vector for a whole image: for each word, the sum of what its descriptors differ from it, of unit length; then
/// signed square roots, and unit length of all. The product of two is how alike the images are, at most 1. An image
/// without features has only zeros.
/// Shapes:  K x length numbers; words: one for each feature, as words_of gives them
/// Errors:  shape_error if the words are not those of these features and this vocabulary
/// Source:  Jegou et al. 2010, Aggregating local descriptors into a compact image representation; the normalisation of
///          each word is Arandjelovic and Zisserman's of 2013, All about VLAD
inline std::vector<float> vlad(vocabulary const& known, feature_set const& features,
                               std::span<std::uint32_t const> words) {
    require<shape_error>(words.size() == features.size() && (features.empty() || features.length == known.length),
                         "comir::vlad: ", words.size(), " words were given for ", features.size(), " features of ",
                         features.length, " numbers, expected one each, of a vocabulary of ", known.length);
    std::size_t const length = known.length;
    std::vector<float> made(known.centres.size(), 0.0f);
    for (std::size_t i = 0; i < words.size(); ++i) {
        require<shape_error>(words[i] < known.size(), "comir::vlad: word ", words[i], " of ", known.size(),
                             ", expected one of the vocabulary, numbered from 0");
        auto const row = features.descriptor(i);
        for (std::size_t d = 0; d < length; ++d)
            made[words[i] * length + d] += row[d] - known.centres[words[i] * length + d];
    }
    for (std::size_t k = 0; k < known.size(); ++k)
        detail::to_unit_length(std::span(made).subspan(k * length, length));
    for (float& v : made)
        v = std::copysign(std::sqrt(std::abs(v)), v);
    detail::to_unit_length(made);
    return made;
}

}}  // namespace comir::COMIR_ABI
