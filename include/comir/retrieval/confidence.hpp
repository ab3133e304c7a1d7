#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/registration/confidence/logistic.hpp>
#include <comir/registration/search_outcome.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How far the best place of a query in one image stands out among all places in all images that it was searched in.
struct retrieval_evidence {
    double rise = 0.0;    // of the score above the mean of all poses in that image, in their standard deviations
    double margin = 0.0;  // logarithm of that rise over the best rise among the other places
};

namespace detail {

// Weights of margin and rise. To fit them again: cut queries out of images of one modality, 112 to 256 px, turned by any
// angle; search each in the images of the other modality, as representations of a model that saw none of the query's
// core; take parts of 1 to 13 of the results, with and without the right image, and regress "the best image is the right
// one, the place within 5 px" on the evidence. These come from 96 queries of two models. Fitted to one model's, they
// accept 1820 of the other's 1860 right results at 0.5, and none of 1980 wrong ones. The number of images adds nothing,
// since the margin counts it.
inline constexpr logistic_weights<2> retrieval_weights{-11.6, {5.3, 2.0}};

/// Of two equal places each is as likely, however far both rise.
inline double retrieval_confidence(retrieval_evidence const& e) {
    return logistic(std::min(retrieval_weights.log_odds({e.margin, e.rise}), 30.0 * e.margin));
}

}  // namespace detail

/// For each image the probability, 0 to 1, that the query lies where its search says. The more images there are, the
/// higher the best of all wrong places; a place is judged against those. Several images may show the query: of images
/// in the order of their rise, each is as sure as the surest one behind it, so that a second image of the same place,
/// or the place in a second modality, casts no doubt on the first.
template <class Transform>
std::vector<double> retrieval_confidences(std::span<search_outcome<Transform> const> outcomes) {
    struct place {
        std::size_t image;
        double rise, second;  // of the best place, and of the best other one in that image
    };
    std::vector<place> places;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        search_outcome<Transform> const& o = outcomes[i];
        if (o.candidates.empty())
            continue;
        double const unit = std::max(1e-6, o.statistics.deviation);
        auto const rise = [&](std::size_t k) { return (o.candidates[k].score - o.statistics.mean) / unit; };
        places.push_back({i, rise(0), o.candidates.size() > 1 ? rise(1) : 1.0});
    }
    std::ranges::stable_sort(places, [](place const& a, place const& b) { return a.rise > b.rise; });
    std::vector<double> confidences(outcomes.size(), 0.0);
    double surest = 0.0, other = 1.0;
    for (place const& p : places)
        other = std::max(other, p.second);
    for (std::size_t p = places.size(); p-- > 0;) {
        double const margin = std::log(std::max(1.0, places[p].rise) / other);
        surest = std::max(surest, detail::retrieval_confidence({places[p].rise, margin}));
        confidences[places[p].image] = surest;
        other = std::max(other, places[p].rise);
    }
    return confidences;
}
/// The same of a vector.
template <class Transform>
std::vector<double> retrieval_confidences(std::vector<search_outcome<Transform>> const& outcomes) {
    return retrieval_confidences(std::span<search_outcome<Transform> const>(outcomes));
}

}}  // namespace comir::COMIR_ABI
