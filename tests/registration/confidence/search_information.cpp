#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <comir/registration/global/search.hpp>

#include "support/textured_pair.hpp"

namespace {

using comir::global_search;
using comir::global_search_options;
using comir::image;
using comir::image_mask;
using comir::rigid2;
using comir::search_metric;

}  // namespace

TEST_CASE("global_search: confidence tells images of one scene from images of two, by any metric") {
    for (auto const metric : {search_metric::zncc, search_metric::mutual_information, search_metric::zncc_and_mi})
        for (std::uint64_t const seed : {1u, 2u}) {
            CAPTURE(seed);
            CAPTURE(static_cast<int>(metric));
            auto const same = placed_pair({1, 128, 128}, {1, 128, 128}, {1.9, 8.0, -6.0}, seed);
            auto const other = placed_pair({1, 128, 128}, {1, 128, 128}, {1.9, 8.0, -6.0}, 10 + seed);
            global_search_options options{.metric = metric};
            options.threads = 1;
            auto const right = global_search(same.fixed, same.moving, options);
            CHECK(right.confidence > 0.9);
            CHECK(global_search(same.fixed, other.moving, options).confidence < 0.5);
            options.threads = 2;
            CHECK(global_search(same.fixed, same.moving, options).confidence == right.confidence);
        }
    image<float> const flat({1, 64, 64}, 0.5f);
    CHECK(global_search(flat, flat, {.metric = search_metric::mutual_information}).confidence < 0.01);
}

TEST_CASE("information_evidence_between: of unlike sizes and masks") {
    auto const images = placed_pair({1, 200, 200}, {1, 96, 96}, {-0.7, 20.0, 15.0}, 3);
    auto const prepared = [](comir::registration_input const& in) { return comir::prepared_image::referring_to(in); };
    auto const confidence = [&](image<float> const& fixed, image_mask const& fixed_mask, image<float> const& moving,
                                image_mask const& moving_mask, rigid2 const& t) {
        return comir::confidence_of(comir::detail::information_evidence_between(
            prepared({.values = fixed, .mask = fixed_mask}), prepared({.values = moving, .mask = moving_mask}),
            comir::to_affine(t), 1));
    };
    CHECK(confidence(images.fixed, {}, images.moving, {}, images.truth) > 0.9);
    CHECK(confidence(images.moving, {}, images.fixed, {}, images.truth.inverse()) > 0.9);
    rigid2 wrong = images.truth;
    wrong.parameters[1] += 20.0;
    CHECK(confidence(images.fixed, {}, images.moving, {}, wrong) < 0.2);
    // Half the moving image is another texture without a value in it, which a mask leaves out.
    auto spoilt = images.moving;
    image_mask mask({1, 96, 96}, 1);
    for (std::size_t y = 0; y < 96; ++y)
        for (std::size_t x = 0; x < 48; ++x) {
            spoilt(0, y, x) = std::numeric_limits<float>::quiet_NaN();
            mask(0, y, x) = 0;
        }
    CHECK(confidence(images.fixed, {}, spoilt, mask, images.truth) > 0.9);
    CHECK(confidence(images.fixed, {}, spoilt, image_mask({1, 96, 96}, 0), images.truth) == 0.0);
    // A strip too thin for the resolution that its length asks for.
    CHECK(confidence(image<float>({1, 8, 4000}, 1.0f), {}, image<float>({1, 8, 4000}, 1.0f), {}, rigid2{}) == 0.0);
}

TEST_CASE("confidence_of: of a search grows with every kind of evidence") {
    using comir::detail::weights_of_mi, comir::detail::weights_of_zncc_and_mi;
    for (auto const& weights : {weights_of_mi, weights_of_zncc_and_mi}) {
        auto const confidence = [&](double margin, double overlap, double runner_up, double score = 0.5) {
            return comir::detail::confidence_of({margin, 5.0, true, overlap}, {score, runner_up}, weights);
        };
        double const before = confidence(0.06, 0.9, 0.2);
        CHECK(before > 0.1);
        CHECK(confidence(0.07, 0.9, 0.2) > before);
        CHECK(confidence(0.06, 1.0, 0.2) > before);
        CHECK(confidence(0.06, 0.9, 0.25) > before);
        CHECK(confidence(0.06, 0.9, 0.2, 0.6) < before);
        CHECK(confidence(0.06, 0.3, 0.2) < 0.5 * before);
        CHECK(confidence(0.0, 0.9, 0.2) == 0.0);
        CHECK(confidence(0.06, 0.0, 0.2) == 0.0);
    }
    auto const beside = [](double score, double z_score, double runner_up) {
        return comir::detail::confidence_of({0.0, z_score, true}, {score, runner_up}, comir::detail::weights_of_zncc);
    };
    double const known = beside(0.3, 4.0, 0.2);
    CHECK(beside(0.31, 4.0, 0.2) > known);
    CHECK(beside(0.3, 4.2, 0.2) > known);
    CHECK(beside(0.3, 4.0, 0.21) > known);
    CHECK(beside(0.9, 40.0, 0.0) == 0.5);
}

TEST_CASE("confidence_of: what raw images show at a pose tells whether a correlation is believed") {
    auto const images = placed_pair({1, 128, 128}, {1, 96, 96}, {1.1, 6.0, -4.0}, 5),
               others = placed_pair({1, 128, 128}, {1, 96, 96}, {1.1, 6.0, -4.0}, 6);
    auto const outcome = comir::global_search_target(images.fixed, {.threads = 1}).search(images.moving);
    // As if the search had been nearly in doubt.
    auto doubtful = outcome;
    doubtful.candidates[0].score = 0.25;
    doubtful.candidates[1].score = 0.21;
    auto const prepared = [](comir::registration_input const& in) { return comir::prepared_image::referring_to(in); };
    auto const confidence = [&](image<float> const& moving, image_mask const& mask) {
        return comir::detail::confidence_of(doubtful, 0, search_metric::zncc, prepared({.values = images.fixed}),
                                            prepared({.values = moving, .mask = mask}), 1);
    };
    double const alone = comir::search_confidence(comir::evidence_of(doubtful));
    CHECK(confidence(images.moving, {}) > std::max(0.9, alone));
    CHECK(confidence(others.moving, {}) < std::min(0.3, alone));
    CHECK(confidence(others.moving, image_mask({1, 96, 96}, 0)) == alone);  // nothing to compare
}
