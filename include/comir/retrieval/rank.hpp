#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/features/nearest.hpp>
#include <comir/retrieval/archive.hpp>
#include <comir/retrieval/description.hpp>

namespace comir { inline namespace COMIR_ABI {

/// An image of an archive, and how alike its description and a query's are.
struct ranked_image {
    std::size_t image = 0;  // its number in the archive
    double likeness = 0.0;  // 0 to 1
};

namespace detail {

/// Rows of unit length again.
inline std::vector<float> description_rows(image_description const& d) {
    std::vector<float> rows(d.descriptors.size());
    for (std::size_t i = 0; i < d.size(); ++i) {
        std::span<std::uint8_t const> const from = std::span(d.descriptors).subspan(i * d.length, d.length);
        float square = 0.0f;
        for (std::uint8_t const v : from)
            square += static_cast<float>(v) * static_cast<float>(v);
        float const scale = square > 0.0f ? 1.0f / std::sqrt(square) : 0.0f;
        for (std::size_t k = 0; k < d.length; ++k)
            rows[i * d.length + k] = scale * static_cast<float>(from[k]);
    }
    return rows;
}

/// The mean over the query's features of the cosine with the image's nearest one, to the power of 64: few features that
/// are much alike say more than many that are somewhat alike.
inline double likeness_of(row_block const& query, image_description const& known) {
    if (query.count == 0 || known.size() == 0)
        return 0.0;
    std::vector<float> const rows = description_rows(known);
    double sum = 0.0;
    for (two_nearest const& nearest : row_index({rows.data(), known.size(), known.length}).find(query, 1)) {
        double power = std::max(0.0, 1.0 - 0.5 * static_cast<double>(nearest.first));
        for (int i = 0; i < 6; ++i)
            power *= power;
        sum += power;
    }
    return sum / static_cast<double>(query.count);
}

}  // namespace detail

/// All images of an archive, the most alike to a query first; of equally alike ones the first. Each feature of the query
/// is compared with each feature of each image: no vocabulary is learnt, so that an image's likeness does not depend on
/// what else the archive holds or held.
/// Threads: over images; the same bits for any number of threads
inline std::vector<ranked_image> rank_images(image_archive const& archive, image_description const& query,
                                             int threads = 0) {
    std::vector<float> const rows = detail::description_rows(query);
    detail::row_block const block{rows.data(), query.size(), query.length};
    std::vector<ranked_image> ranked(archive.size());
    parallel_for(ranked.size(), threads, [&](std::size_t i) {
        ranked[i] = {i, detail::likeness_of(block, archive.images()[i].description)};
    });
    std::ranges::stable_sort(ranked,
                             [](ranked_image const& a, ranked_image const& b) { return a.likeness > b.likeness; });
    return ranked;
}

}}  // namespace comir::COMIR_ABI
