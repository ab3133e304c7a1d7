#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/c4.hpp>
#include <comir/registration/global/search.hpp>

#include "support/textured_pair.hpp"

namespace {

using comir::global_search;
using comir::global_search_options;
using comir::global_search_target;
using comir::image;
using comir::image_mask;
using comir::point2;
using comir::rigid2;
using comir::search_metric;

double distance(rigid2 const& a, rigid2 const& b, comir::image_shape const& fixed) {
    return comir::corner_distance(a, b, fixed.h, fixed.w);
}

void check_equal(comir::search_outcome<> const& a, comir::search_outcome<> const& b) {
    REQUIRE(a.candidates.size() == b.candidates.size());
    for (std::size_t i = 0; i < a.candidates.size(); ++i) {
        CHECK(a.candidates[i].transform.parameters == b.candidates[i].transform.parameters);
        CHECK(a.candidates[i].score == b.candidates[i].score);
    }
    CHECK(a.statistics.mean == b.statistics.mean);
    CHECK(a.statistics.deviation == b.statistics.deviation);
}

}  // namespace

TEST_CASE("global_search: ZNCC finds random displacements over the whole circle") {
    comir::random_stream random(1);
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        std::size_t const channels = seed % 2 == 0 ? 1 : 2;
        auto const p =
            placed_pair({channels, 120, 110}, {channels, 120, 110},
                        {random.uniform(-3.1, 3.1), random.uniform(-35.0, 35.0), random.uniform(-35.0, 35.0)}, seed);
        auto const found = global_search(p.fixed, p.moving);
        CAPTURE(seed);
        CHECK(found.converged);
        CHECK(found.value > 0.6);
        CHECK(distance(found.transform, p.truth, p.fixed.shape()) < 1.0);
        CHECK(std::abs(found.transform.parameters[0]) <= std::numbers::pi);
    }
}

TEST_CASE("global_search: mutual information finds displacements of images whose intensities differ") {
    comir::random_stream random(2);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        auto p =
            placed_pair({1, 100, 128}, {1, 110, 100},
                        {random.uniform(-3.1, 3.1), random.uniform(-20.0, 20.0), random.uniform(-20.0, 20.0)}, seed);
        // Neither increasing nor decreasing, so that the correlation vanishes.
        for (float& v : p.moving.values())
            v = std::abs(v - 0.5f);
        global_search_options options;
        options.metric = search_metric::mutual_information;
        auto const found = global_search(p.fixed, p.moving, options);
        CAPTURE(seed);
        CHECK(found.converged);
        CHECK(distance(found.transform, p.truth, p.fixed.shape()) < 1.5);
    }
    // Channel counts may differ.
    auto const p = placed_pair({3, 64, 64}, {3, 64, 64}, {1.0, 5.0, -4.0}, 9);
    image<float> grey({1, 64, 64});
    for (std::size_t i = 0; i < grey.values().size(); ++i)
        grey.values()[i] = p.moving.channel(1)[i];
    global_search_options options;
    options.metric = search_metric::mutual_information;
    CHECK(distance(global_search(p.fixed, grey, options).transform, p.truth, p.fixed.shape()) < 2.0);
    CHECK_THROWS_AS(global_search(p.fixed, grey), comir::shape_error);
}

TEST_CASE("global_search: finds a small image in a large one, and a large one around a small one") {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        auto const angle = 2.1 * static_cast<double>(seed) - 2.0, shift = 40.0 * static_cast<double>(seed) - 40.0;
        CAPTURE(seed);
        auto const small = placed_pair({1, 180, 200}, {1, 48, 56}, {angle, shift, -shift}, seed);
        auto const in_large = global_search(small.fixed, small.moving);
        CHECK(distance(in_large.transform, small.truth, small.fixed.shape()) < 2.0);
        CHECK(in_large.overlap > 0.9);
        auto const large = placed_pair({1, 48, 56}, {1, 180, 200}, {angle, shift, shift}, seed);
        auto const around = global_search(large.fixed, large.moving);
        CHECK(distance(around.transform, large.truth, large.fixed.shape()) < 0.7);
        CHECK(around.transform.centre.x == comir::image_centre(large.fixed.shape()).x);
    }
}

TEST_CASE("global_search: quarter turns are found exactly") {
    auto const image_a = texture({1, 96, 96}, 5);
    for (int k = 0; k < 4; ++k) {
        auto const turned = comir::turn(image_a, k);
        auto const found = global_search(image_a, turned);
        double const wrapped =
            std::remainder(found.transform.parameters[0] - 0.5 * std::numbers::pi * k, 2.0 * std::numbers::pi);
        CHECK(std::abs(wrapped) < 1e-3);
        CHECK(std::abs(found.transform.parameters[1]) < 0.05);
        CHECK(std::abs(found.transform.parameters[2]) < 0.05);
        CHECK(found.value == doctest::Approx(1.0).epsilon(1e-4));
        CHECK(found.overlap == doctest::Approx(1.0));
    }
}

TEST_CASE("global_search_target: the same bits for any number of threads, and candidates that differ, best first") {
    auto const p = placed_pair({1, 100, 90}, {1, 80, 90}, {0.7, 9.0, -5.0}, 6);
    for (auto const metric : {search_metric::zncc, search_metric::mutual_information}) {
        global_search_options options;
        options.metric = metric;
        options.coarse_side = 32;
        options.threads = 1;
        auto const one = global_search_target(p.fixed, options).search(p.moving);
        options.threads = 3;
        check_equal(one, global_search_target(p.fixed, options).search(p.moving));
        REQUIRE(one.candidates.size() > 1);
        CHECK(one.candidates.size() <= options.candidates);
        for (std::size_t i = 1; i < one.candidates.size(); ++i) {
            CHECK(one.candidates[i].score <= one.candidates[i - 1].score);
            CHECK(distance(one.candidates[i].transform, one.candidates[i - 1].transform, p.fixed.shape()) > 4.0);
        }
        CHECK(one.statistics.count > 1000.0);
    }
}

TEST_CASE("global_search: ranges of angles and shifts keep to their limits") {
    auto const p = placed_pair({1, 100, 100}, {1, 100, 100}, {0.3, 12.0, -8.0}, 7);
    global_search_options options;
    options.max_angle = 0.5;
    options.max_shift_x = 20.0;
    options.max_shift_y = 20.0;
    CHECK(distance(global_search(p.fixed, p.moving, options).transform, p.truth, p.fixed.shape()) < 0.7);
    options.max_angle = 0.1;
    options.angle = 0.25;
    CHECK(distance(global_search(p.fixed, p.moving, options).transform, p.truth, p.fixed.shape()) < 0.7);
    options.angle = -1.0;
    for (auto const& c : global_search_target(p.fixed, options).search(p.moving).candidates)
        CHECK(std::abs(c.transform.parameters[0] + 1.0) < 0.1 + 1e-6);
    options = {};
    options.max_shift_x = options.max_shift_y = 4.0;
    for (auto const& c : global_search_target(p.fixed, options).search(p.moving).candidates) {
        point2 const at = c.transform.inverse()(comir::image_centre(p.moving.shape()));
        CHECK(std::abs(at.x - 49.5) <= 4.5);
        CHECK(std::abs(at.y - 49.5) <= 4.5);
    }
    options = {};
    for (double const largest : {0.0, 1e-12, 1e-9}) {
        options.max_angle = largest;
        for (auto const& c : global_search_target(p.fixed, options).search(p.moving).candidates)
            CHECK(std::abs(c.transform.parameters[0]) <= largest + 1e-8);
    }
}

TEST_CASE("global_search: masked pixels do not count, whatever they hold") {
    auto p = placed_pair({1, 110, 110}, {1, 110, 110}, {-2.0, 10.0, 6.0}, 8);
    image_mask fixed_mask({1, 110, 110}, 1), moving_mask({1, 110, 110}, 1);
    // The same bright square in both, which would draw the search to it.
    for (std::size_t y = 30; y < 70; ++y)
        for (std::size_t x = 20; x < 50; ++x) {
            p.fixed(0, y, x) = std::numeric_limits<float>::quiet_NaN();
            p.moving(0, y, x) = 50.0f;
            fixed_mask(0, y, x) = 0;
            moving_mask(0, y, x) = 0;
        }
    CHECK_THROWS_AS(global_search(p.fixed, p.moving), comir::error);
    auto const found =
        global_search({.values = p.fixed, .mask = fixed_mask}, {.values = p.moving, .mask = moving_mask});
    CHECK(distance(found.transform, p.truth, p.fixed.shape()) < 1.0);
}

TEST_CASE("global_search: strong structures of one image alone do not hide faint ones that both show") {
    auto const strengthen = [](image<float>& picture, std::uint64_t seed) {
        comir::random_stream random(seed);
        for (int blob = 0; blob < 4; ++blob) {
            double const x = random.uniform(0.0, 111.0), y = random.uniform(0.0, 111.0);
            for (std::size_t r = 0; r < 112; ++r)
                for (std::size_t c = 0; c < 112; ++c)
                    picture(0, r, c) +=
                        0.3f * static_cast<float>(std::exp(-0.01 * (std::pow(static_cast<double>(c) - x, 2) +
                                                                    std::pow(static_cast<double>(r) - y, 2))));
        }
    };
    for (std::size_t const channels : {1u, 2u}) {
        auto p = placed_pair({channels, 112, 112}, {channels, 112, 112}, {1.1, 12.0, -9.0}, 21);
        strengthen(p.fixed, 1);
        strengthen(p.moving, 2);
        CAPTURE(channels);
        CHECK(distance(global_search(p.fixed, p.moving).transform, p.truth, p.fixed.shape()) < 1.5);
        global_search_options plain;
        plain.contrast_sigma = 0.0;
        if (channels == 1)
            CHECK(distance(global_search(p.fixed, p.moving, plain).transform, p.truth, p.fixed.shape()) > 5.0);
    }
}

TEST_CASE("least_overlap: a quarter, three quarters of a small image in a large one, or what is asked for") {
    CHECK(comir::least_overlap({}, {1, 256, 256}, {1, 256, 256}) == 0.25);
    CHECK(comir::least_overlap({}, {1, 512, 512}, {1, 160, 160}) == 0.75);
    CHECK(comir::least_overlap({}, {1, 160, 160}, {1, 512, 512}) == 0.75);
    CHECK(comir::least_overlap({}, {1, 512, 300}, {1, 160, 160}) == 0.25);
    CHECK(comir::least_overlap({.min_overlap = 0.5}, {1, 512, 512}, {1, 160, 160}) == 0.5);
}
