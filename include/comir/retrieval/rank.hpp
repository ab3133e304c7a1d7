#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/retrieval/archive.hpp>
#include <comir/retrieval/description.hpp>

namespace comir { inline namespace COMIR_ABI {

/// An image of an archive, and how alike a query's description and its own are.
struct ranked_image {
    std::size_t image = 0;  // its number in the archive
    float likeness = 0.0f;  // product of the descriptions' vectors, -1 to 1
};

/// All images of an archive, the most alike to a query first; of equally alike ones the first. Every image is compared:
/// that takes a thousandth of the time of one registration for 10,000 images, so no approximate search pays.
/// Errors:  shape_error if the query is described by other words
/// Threads: over images; the same bits for any number of threads
inline std::vector<ranked_image> rank_images(image_archive const& archive, image_description const& query,
                                             int threads = 0) {
    std::size_t const length = description_length(archive.origin().words);
    require<shape_error>(query.vector.size() == length, "comir::rank_images: the query is described by ",
                         query.vector.size(), " numbers, expected ", length, " as the archive's images");
    std::vector<ranked_image> ranked(archive.size());
    constexpr std::size_t chunk = 64;
    parallel_for((ranked.size() + chunk - 1) / chunk, threads, [&](std::size_t item) {
        for (std::size_t i = item * chunk; i < std::min((item + 1) * chunk, ranked.size()); ++i) {
            std::vector<float> const& known = archive.images()[i].description.vector;
            // Eight sums, which the compiler keeps in one register.
            float sums[8] = {};
            std::size_t d = 0;
            for (; d + 8 <= length; d += 8)
                for (std::size_t k = 0; k < 8; ++k)
                    sums[k] += known[d + k] * query.vector[d + k];
            for (; d < length; ++d)
                sums[0] += known[d] * query.vector[d];
            ranked[i] = {i, ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))};
        }
    });
    std::ranges::stable_sort(ranked,
                             [](ranked_image const& a, ranked_image const& b) { return a.likeness > b.likeness; });
    return ranked;
}

}}  // namespace comir::COMIR_ABI
