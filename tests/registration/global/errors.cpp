#include <limits>

#include <doctest/doctest.h>

#include <comir/registration/global/search.hpp>

#include "support/textured_pair.hpp"

namespace {

using comir::global_search;
using comir::global_search_options;
using comir::image;
using comir::image_mask;
using comir::search_metric;

}  // namespace

TEST_CASE("global_search: nothing to find is no error") {
    auto const something = texture({1, 64, 64}, 10);
    image<float> const flat({1, 64, 64}, 0.3f);
    image_mask const none({1, 64, 64}, 0);
    for (auto const metric : {search_metric::zncc, search_metric::mutual_information}) {
        global_search_options options;
        options.metric = metric;
        CHECK_FALSE(global_search({.values = something, .mask = none}, {.values = something}, options).converged);
        CHECK_FALSE(global_search({.values = something}, {.values = something, .mask = none}, options).converged);
    }
    CHECK_FALSE(global_search(flat, something).converged);
    CHECK(global_search(flat, something).transform.centre.x == 31.5);
    CHECK_FALSE(global_search(something, flat).converged);
    CHECK_FALSE(global_search(flat, flat).converged);
    // Two turned halves never overlap in full.
    image_mask left({1, 64, 64}, 0), top({1, 64, 64}, 0);
    for (std::size_t y = 0; y < 64; ++y)
        for (std::size_t x = 0; x < 64; ++x) {
            left(0, y, x) = x < 20;
            top(0, y, x) = y < 20;
        }
    global_search_options strict;
    strict.min_overlap = 1.0;
    strict.max_angle = 0.0;
    CHECK_FALSE(
        global_search({.values = something, .mask = left}, {.values = something, .mask = top}, strict).converged);
    strict.min_overlap = 0.25;
    strict.on_progress = [](std::size_t, std::size_t) { return false; };
    CHECK_FALSE(global_search(something, something, strict).converged);
    CHECK(global_search(texture({1, 8, 8}, 1), texture({1, 8, 8}, 1)).transform.parameters[1] < 100.0);
}

TEST_CASE("global_search: wrong input is refused by name") {
    auto const good = texture({1, 32, 32}, 11);
    CHECK_THROWS_WITH_AS(global_search(image<float>({1, 7, 32}), good),
                         "comir::global_search: the fixed image is 1 x 7 x 32, expected at least 8 rows and columns",
                         comir::shape_error);
    CHECK_THROWS_AS(global_search(good, image<float>{}), comir::shape_error);
    CHECK_THROWS_AS(global_search({.values = good, .mask = image_mask({1, 3, 3}, 1)}, {.values = good}),
                    comir::shape_error);
    CHECK_THROWS_AS(global_search(good, texture({2, 32, 32}, 1)), comir::shape_error);
    auto const refused = [&](auto const& change) {
        global_search_options o;
        change(o);
        CHECK_THROWS_AS(global_search(good, good, o), comir::error);
    };
    refused([](auto& o) { o.max_angle = -0.1; });
    refused([](auto& o) { o.angle = std::numeric_limits<double>::quiet_NaN(); });
    refused([](auto& o) { o.angle_step = 1e-9; });
    refused([](auto& o) { o.max_shift_x = -1.0; });
    refused([](auto& o) { o.min_overlap = -0.1; });
    refused([](auto& o) { o.min_overlap = 1.5; });
    refused([](auto& o) { o.coarse_side = 2; });
    refused([](auto& o) { o.finest = 0; });
    refused([](auto& o) { o.candidates = 0; });
    refused([](auto& o) { o.clusters = 17; });
    refused([](auto& o) { o.mi_weight = -1.0; });
    global_search_options const combined{.metric = search_metric::zncc_and_mi};
    CHECK_THROWS_WITH_AS(
        global_search({.values = good, .raw = good}, {.values = good, .raw = texture({1, 31, 31}, 1)}, combined),
        "comir::global_search: the moving raw image is 1 x 31 x 31, the image 1 x 32 x 32; expected "
        "the same rows and columns",
        comir::shape_error);
    auto spoilt = good;
    spoilt(0, 2, 3) = std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH_AS(global_search({.values = good, .raw = spoilt}, {.values = good}, combined),
                         "comir::global_search: the fixed raw image is not finite at channel 0, x = 3, y = 2; mask "
                         "such pixels or replace them",
                         comir::error);
    refused([](auto& o) { o.contrast_sigma = -1.0; });
    refused([](auto& o) { o.contrast_floor = 0.0; });
}
