#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/check_range.hpp>
#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/retrieval/archive.hpp>
#include <comir/retrieval/confidence.hpp>
#include <comir/retrieval/description.hpp>
#include <comir/retrieval/rank.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How a query is looked for in an archive.
struct find_options {
    std::size_t verified = 30;      // images that the query is registered to, most alike first; all if there are fewer
    double least_confidence = 0.5;  // of a place that counts as found, 0 to 1
    global_search_options search{.candidates = 3};
    int threads = 0;
};

/// Where a query may lie in an image of the archive.
struct archive_hit {
    std::size_t image = 0;            // its number in the archive
    std::size_t rank = 0;             // from 0, by the description alone
    double likeness = 0.0;            // of the descriptions, 0 to 1
    rigid2 transform{};               // maps points of the archive's image to points of the query
    double score = 0.0;               // of the search at that place
    double overlap = 0.0;             // share of the smaller image's pixels, 0 to 1
    double confidence = 0.0;          // that the query lies there, beside all other images of the archive, 0 to 1
    std::array<point2, 4> corners{};  // the query's corners in the archive's image, px, clockwise from (0, 0)
};

/// What was found: `found` says whether the first hit is sure enough. Where it is not, the query is not in the archive,
/// or nothing tells it from other places.
struct archive_answer {
    bool found = false;
    std::vector<archive_hit> hits{};         // of the images that were registered, best first
    std::vector<std::size_t> unavailable{};  // numbers of images that should have been registered and could not be had
};

/// Looks for a query's representation, 0..1, in an archive: all images are ranked by their descriptions; to the most
/// alike ones the query is registered by a global search. `representation_of` returns the representation, 0..1, of an
/// image of the archive, or an empty image where it cannot be had; it is called in turn, only for images that keep none.
/// Memory:  of the images that are registered, 6 bytes a pixel and channel
/// Errors:  error or shape_error, beginning "comir::find_in_archive" or "comir::global_search", for options out of
///          range, a query below 8 x 8 px or with values that are not finite, and representations of other channels
/// Threads: over images; the same bits for any number of threads
template <class Representation>
archive_answer find_in_archive(image_archive const& archive, image<float> const& query,
                               Representation const& representation_of, find_options const& options = {}) {
    constexpr char const* who = "comir::find_in_archive";
    check_range(who, "verified", static_cast<double>(options.verified), between(1, 1e6));
    check_range(who, "least_confidence", options.least_confidence, between(0, 1));
    global_search_options search = options.search;
    search.threads = 1;
    archive_answer answer;
    prepared_image const moving = prepared_image::referring_to(registration_input{.values = query});
    detail::check_search_options(search);
    detail::check_search_input("query", moving);

    std::vector<ranked_image> const ranked = rank_images(archive, describe(query, options.threads), options.threads);
    std::vector<global_search_target<>> targets;
    for (std::size_t r = 0; r < ranked.size() && targets.size() < options.verified; ++r) {
        archived_image const& known = archive.images()[ranked[r].image];
        image<float> fixed = known.representation.empty() ? representation_of(known) : to_float(known.representation);
        if (fixed.empty()) {
            answer.unavailable.push_back(ranked[r].image);
            continue;
        }
        require<shape_error>(fixed.channels() == query.channels(), who, ": the query's representation has ",
                             query.channels(), " channels, that of ", known.path, " has ", fixed.channels(),
                             "; expected the same model");
        archive_hit hit;
        hit.image = ranked[r].image;
        hit.rank = r;
        hit.likeness = ranked[r].likeness;
        answer.hits.push_back(hit);
        targets.emplace_back(std::move(fixed), search);
    }
    std::vector<search_outcome<>> outcomes(targets.size());
    parallel_for(targets.size(), options.threads, [&](std::size_t i) { outcomes[i] = targets[i].search(moving); });

    std::vector<double> const confidences = retrieval_confidences(outcomes);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        archive_hit& hit = answer.hits[i];
        if (outcomes[i].candidates.empty())
            continue;
        auto const& best = outcomes[i].candidates.front();
        hit.transform = best.transform;
        hit.score = best.score;
        hit.overlap = best.overlap;
        hit.confidence = confidences[i];
        hit.corners = map_corners(best.transform.inverse(), {query.width(), query.height()});
    }
    std::erase_if(answer.hits, [](archive_hit const& hit) { return hit.overlap <= 0.0; });
    std::ranges::stable_sort(answer.hits, [](archive_hit const& a, archive_hit const& b) {
        return a.confidence > b.confidence || (a.confidence == b.confidence && a.score > b.score);
    });
    answer.found = !answer.hits.empty() && answer.hits.front().confidence >= options.least_confidence;
    return answer;
}

}}  // namespace comir::COMIR_ABI
