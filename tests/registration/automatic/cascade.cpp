#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/automatic/cascade.hpp>

#include "support/textured_pair.hpp"

namespace {

using comir::image;
using comir::image_mask;
using comir::register_auto;
using comir::rigid2;

/// Texture over 0..1.
image<float> stretched(std::size_t side, std::uint64_t seed) {
    return texture({1, side, side}, seed, {.gain = 6.0f});
}

}  // namespace

TEST_CASE("register_auto: registers any displacement to a fraction of a pixel, and is sure of it") {
    comir::random_stream random(1);
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        double const turn = random.uniform(-3.1, 3.1), x = random.uniform(-25.0, 25.0), y = random.uniform(-25.0, 25.0);
        auto const p = noisy_pair(128, rigid2{{turn, x, y}, {63.5, 63.5}}, 0.1f, seed);
        auto const found = register_auto(p.fixed, p.moving);
        CAPTURE(seed);
        CHECK(found.converged);
        CHECK(comir::corner_distance(found.transform, p.truth, 128, 128) < 0.25);
        CHECK(found.confidence > 0.9);
        CHECK(found.overlap > 0.5);
    }
}

TEST_CASE("register_auto: is not sure of images that show different things") {
    for (std::uint64_t seed = 0; seed < 5; ++seed)
        CHECK(register_auto(stretched(128, 10 + seed), stretched(128, 20 + seed)).confidence < 0.5);
}

TEST_CASE("register_auto: asks features where the search is unsure") {
    rigid2 const truth{{2.0, 9.0, -6.0}, {79.5, 79.5}};
    auto p = noisy_pair(160, truth, 0.0f, 31);
    // Shades that have nothing to do with each other spoil the correlation of plain values, but neither that of local
    // contrast nor the corners and blobs.
    auto const shade = [](image<float>& picture, std::uint64_t seed) {
        image<float> field(picture.shape());
        comir::random_stream random(seed);
        for (float& v : field.values())
            v = static_cast<float>(random.uniform());
        field = comir::gaussian_blur(field, 25.0, 1);
        for (std::size_t i = 0; i < field.values().size(); ++i)
            picture.values()[i] = 0.15f * picture.values()[i] + 12.5f * (field.values()[i] - 0.5f);
    };
    shade(p.fixed, 32);
    shade(p.moving, 33);
    comir::automatic_options options;
    options.ask_raw_below = 0.0;
    options.ask_features_below = 0.0;
    auto const by_contrast = register_auto(p.fixed, p.moving, options);
    CHECK(by_contrast.confidence > 0.5);
    CHECK(comir::corner_distance(by_contrast.transform, truth, 160, 160) < 0.5);
    options.search.contrast_sigma = 0.0;
    auto const searched = register_auto(p.fixed, p.moving, options);
    CHECK(searched.confidence < 0.5);
    CHECK(comir::corner_distance(searched.transform, truth, 160, 160) > 10.0);
    options.ask_features_below = 0.5;
    auto const found = register_auto(p.fixed, p.moving, options);
    CHECK(found.confidence > 0.5);
    CHECK(comir::corner_distance(found.transform, truth, 160, 160) < 0.5);
    // What features find must lie in the ranges of the search.
    options.search.max_angle = 1.5;
    CHECK(comir::corner_distance(register_auto(p.fixed, p.moving, options).transform, truth, 160, 160) > 10.0);
}

TEST_CASE("register_auto: asks raw images where the search is in doubt") {
    constexpr std::size_t side = 80;
    auto const patch = stretched(side, 41), raw = stretched(side, 42);
    // The patch lies in the image twice, but its raw image, its contrast turned over, only once.
    image<float> fixed = stretched(240, 43), fixed_raw = stretched(240, 44);
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x) {
            fixed(0, 90 + y, 20 + x) = fixed(0, 70 + y, 140 + x) = patch(0, y, x);
            fixed_raw(0, 70 + y, 140 + x) = 1.0f - raw(0, y, x);
        }
    rigid2 const truth{{0.0, -140.0, -70.0}, {119.5, 119.5}};
    comir::automatic_options options;
    auto const found = register_auto({.values = fixed, .raw = fixed_raw}, {.values = patch, .raw = raw}, options);
    CHECK(found.confidence > 0.5);
    CHECK(comir::corner_distance(found.transform, truth, 240, 240) < 1.0);
    CHECK(register_auto(fixed, patch, options).confidence < 0.7);
    options.ask_raw_below = 0.0;
    CHECK(register_auto({.values = fixed, .raw = fixed_raw}, {.values = patch, .raw = raw}, options).confidence < 0.6);
    // A raw image that shows nothing is no help, and no error.
    options.ask_raw_below = 0.9;
    CHECK(register_auto({.values = fixed, .raw = image<float>({1, 240, 240}, 0.5f)}, {.values = patch, .raw = raw},
                        options)
              .confidence < 0.7);
}

TEST_CASE("register_auto: a pose stands though refining it does not converge") {
    comir::automatic_options options;
    options.refine.rest = 1e-9;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        CAPTURE(seed);
        auto const p = noisy_pair(96, rigid2{{0.9, 5.0, -3.0}, {47.5, 47.5}}, 0.1f, seed);
        auto const found = register_auto(p.fixed, p.moving, options);
        CHECK(found.converged);
        CHECK(found.confidence > 0.9);
        CHECK(comir::corner_distance(found.transform, p.truth, 96, 96) < 1.0);
    }
}

TEST_CASE("automatic_target: is reused, and gives the same bits for any number of threads") {
    auto const p = noisy_pair(96, rigid2{{1.0, 5.0, -7.0}, {47.5, 47.5}}, 0.0f, 3);
    comir::automatic_options options;
    options.threads = 1;
    comir::automatic_target const one(p.fixed, options);
    options.threads = 3;
    comir::automatic_target const three(p.fixed, options);
    auto const a = one.register_to(p.moving), b = three.register_to(p.moving), c = one.register_to(p.moving);
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(a.transform.parameters == c.transform.parameters);
    CHECK(a.value == b.value);
    CHECK(a.confidence == b.confidence);
}

TEST_CASE("register_auto: finds a patch in a large image, either way, through windows about its pose") {
    constexpr std::size_t w = 1200, h = 1000, side = 96;
    auto const canvas = comir::crop(stretched(w, 6), {0, 0, w, h});
    comir::random_stream random(7);
    std::vector<comir::point2> const poses{{80.0, 90.0}, {700.5, 520.25}};
    for (comir::point2 const& pose : poses) {
        rigid2 const patch_to_canvas{{random.uniform(-3.1, 3.1), pose.x - 47.5, pose.y - 47.5}, {47.5, 47.5}};
        auto const patch = comir::warp(canvas, patch_to_canvas, {1, side, side});
        auto const in_large = register_auto(canvas, patch);
        CHECK(in_large.converged);
        CHECK(in_large.confidence > 0.9);
        CHECK(comir::corner_distance(in_large.transform.inverse(), patch_to_canvas, side, side) < 0.5);
        comir::automatic_options options;
        options.threads = 1;
        auto const large_moves = register_auto(patch, canvas, options);
        CHECK(comir::corner_distance(large_moves.transform, patch_to_canvas, side, side) < 0.5);
        options.threads = 2;
        CHECK(large_moves.transform.parameters == register_auto(patch, canvas, options).transform.parameters);
    }
}

TEST_CASE("register_auto: nothing to find is no error, and is not believed") {
    auto const something = stretched(64, 4);
    image<float> const flat({1, 64, 64}, 0.4f);
    image_mask const none({1, 64, 64}, 0);
    for (auto const& found : {register_auto(flat, something), register_auto(something, flat), register_auto(flat, flat),
                              register_auto({.values = something, .mask = none}, {.values = something}),
                              register_auto({.values = something}, {.values = something, .mask = none})}) {
        CHECK_FALSE(found.converged);
        CHECK(found.confidence == 0.0);
        CHECK(std::isinf(found.value));
    }
}

TEST_CASE("register_auto: wrong options are refused by name") {
    auto const something = stretched(32, 5);
    comir::automatic_options options;
    options.search.metric = comir::search_metric::mutual_information;
    CHECK_THROWS_WITH_AS(register_auto(something, something, options),
                         "comir::register_auto: the search's metric is mutual information, expected ZNCC, since "
                         "alpha-AMD compares intensities; call global_search for raw images",
                         comir::error);
    options = {};
    options.zncc_weight = -1.0;
    CHECK_THROWS_AS(register_auto(something, something, options), comir::error);
    CHECK_THROWS_AS(register_auto(something, image<float>({1, 4, 4})), comir::error);
    // A raw image that does not fit is refused even where the search is sure.
    image<float> const small({1, 60, 60}, 0.5f);
    CHECK_THROWS_AS(register_auto({.values = something, .raw = small}, {.values = something}), comir::shape_error);
    CHECK_THROWS_AS(register_auto({.values = something}, {.values = something, .raw = small}), comir::shape_error);
}
