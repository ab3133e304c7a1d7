#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/c4.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/warp.hpp>
#include <comir/registration/global/search.hpp>

namespace {

using comir::global_search;
using comir::global_search_options;
using comir::global_search_target;
using comir::image;
using comir::image_mask;
using comir::point2;
using comir::rigid2;
using comir::search_metric;

image<float> texture(std::size_t c, std::size_t side, std::uint64_t seed) {
    image<float> out({c, side, side});
    comir::random_stream random(seed);
    for (float& v : out.values())
        v = static_cast<float>(random.uniform());
    return comir::gaussian_blur(out, 3.0, 1);
}

struct pair {
    image<float> fixed, moving;
    rigid2 truth;
};

/// Two views on one texture: the moving image's centre lies (dx, dy) from the fixed one's, turned by the angle.
pair make_pair(comir::image_shape fixed, comir::image_shape moving, double angle, double dx, double dy,
               std::uint64_t seed) {
    std::size_t const canvas_side = std::max({fixed.w, fixed.h, moving.w, moving.h}) * 2;
    auto const canvas = texture(fixed.c, canvas_side, seed);
    std::size_t const left = (canvas_side - fixed.w) / 2, top = (canvas_side - fixed.h) / 2;
    point2 const from = comir::image_centre(fixed), to = comir::image_centre(moving);
    rigid2 const around{{angle, 0.0, 0.0}, from + point2{dx, dy}};
    point2 const shift = around(from) + to - around.centre - from;
    pair out;
    out.truth = {{angle, shift.x, shift.y}, from};
    rigid2 to_canvas = out.truth.inverse();
    to_canvas.parameters[1] += static_cast<double>(left);
    to_canvas.parameters[2] += static_cast<double>(top);
    out.fixed = comir::crop(canvas, {left, top, fixed.w, fixed.h});
    out.moving = comir::warp(canvas, to_canvas, moving);
    return out;
}

/// Largest distance between where two transforms put the fixed image's corners.
double distance(rigid2 const& a, rigid2 const& b, comir::image_shape const& fixed) {
    double const right = static_cast<double>(fixed.w) - 1.0, bottom = static_cast<double>(fixed.h) - 1.0;
    double most = 0.0;
    for (point2 const corner : {point2{0.0, 0.0}, {right, 0.0}, {right, bottom}, {0.0, bottom}}) {
        point2 const d = a(corner) - b(corner);
        most = std::max(most, std::hypot(d.x, d.y));
    }
    return most;
}

void check_equal(comir::search_outcome const& a, comir::search_outcome const& b) {
    REQUIRE(a.candidates.size() == b.candidates.size());
    for (std::size_t i = 0; i < a.candidates.size(); ++i) {
        CHECK(a.candidates[i].transform.parameters == b.candidates[i].transform.parameters);
        CHECK(a.candidates[i].score == b.candidates[i].score);
    }
    CHECK(a.statistics.mean == b.statistics.mean);
    CHECK(a.statistics.deviation == b.statistics.deviation);
}

}  // namespace

TEST_CASE("global_search: correlation finds random displacements over the whole circle") {
    comir::random_stream random(1);
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        std::size_t const channels = seed % 2 == 0 ? 1 : 2;
        auto const p = make_pair({channels, 120, 110}, {channels, 120, 110}, random.uniform(-3.1, 3.1),
                                 random.uniform(-35.0, 35.0), random.uniform(-35.0, 35.0), seed);
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
        auto p = make_pair({1, 100, 128}, {1, 110, 100}, random.uniform(-3.1, 3.1), random.uniform(-20.0, 20.0),
                           random.uniform(-20.0, 20.0), seed);
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
    auto const p = make_pair({3, 64, 64}, {3, 64, 64}, 1.0, 5.0, -4.0, 9);
    image<float> grey({1, 64, 64});
    for (std::size_t i = 0; i < grey.values().size(); ++i)
        grey.values()[i] = p.moving.channel(1)[i];
    global_search_options options;
    options.metric = search_metric::mutual_information;
    CHECK(distance(global_search(p.fixed, grey, options).transform, p.truth, p.fixed.shape()) < 2.0);
    CHECK_THROWS_AS(global_search(p.fixed, grey), comir::shape_error);
}

TEST_CASE("global_search: sources tell poses apart where the images look alike") {
    constexpr std::size_t side = 64;
    auto const patch = texture(1, side, 21), source = texture(1, side, 22);
    for (std::size_t const true_x : {std::size_t{20}, std::size_t{120}}) {
        CAPTURE(true_x);
        // The patch lies in the image twice, but its source, its contrast turned over, only once.
        image<float> fixed = comir::crop(texture(1, 256, 23), {0, 0, 200, 100}),
                     fixed_raw = comir::crop(texture(1, 256, 24), {0, 0, 200, 100});
        for (std::size_t y = 0; y < side; ++y)
            for (std::size_t x = 0; x < side; ++x) {
                fixed(0, 18 + y, 20 + x) = fixed(0, 18 + y, 120 + x) = patch(0, y, x);
                fixed_raw(0, 18 + y, true_x + x) = 1.0f - source(0, y, x);
            }
        global_search_options options{.metric = search_metric::zncc_and_mi, .threads = 2};
        auto const check = [&](auto const& a, auto const& b, auto const& a_source, auto const& b_source, double sign) {
            auto const found = global_search(a, b, options, {}, {}, a_source, b_source);
            point2 const zero = found.transform({0.0, 0.0});
            CHECK(std::abs(zero.x + sign * static_cast<double>(true_x)) < 1.0);
            CHECK(std::abs(zero.y + sign * 18.0) < 1.0);
            CHECK(found.confidence > 0.5);
        };
        check(fixed, patch, fixed_raw, source, 1.0);
        check(patch, fixed, source, fixed_raw, -1.0);
        // Mutual information reads the sources alone.
        options.metric = search_metric::mutual_information;
        auto const given = global_search(fixed, patch, options, {}, {}, fixed_raw, source),
                   alone = global_search(fixed_raw, source, options);
        CHECK(given.transform.parameters == alone.transform.parameters);
        CHECK(given.confidence == alone.confidence);
        // By itself, neither pose is sure.
        options.metric = search_metric::zncc;
        CHECK(global_search(fixed, patch, options).confidence < 0.7);
    }
}

TEST_CASE("global_search: finds a small image in a large one, and a large one around a small one") {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        auto const angle = 2.1 * static_cast<double>(seed) - 2.0, shift = 40.0 * static_cast<double>(seed) - 40.0;
        CAPTURE(seed);
        auto const small = make_pair({1, 180, 200}, {1, 48, 56}, angle, shift, -shift, seed);
        auto const in_large = global_search(small.fixed, small.moving);
        CHECK(distance(in_large.transform, small.truth, small.fixed.shape()) < 2.0);
        CHECK(in_large.overlap > 0.9);
        auto const large = make_pair({1, 48, 56}, {1, 180, 200}, angle, shift, shift, seed);
        auto const around = global_search(large.fixed, large.moving);
        CHECK(distance(around.transform, large.truth, large.fixed.shape()) < 0.7);
        CHECK(around.transform.centre.x == comir::image_centre(large.fixed.shape()).x);
    }
}

TEST_CASE("global_search: quarter turns are found exactly") {
    auto const image_a = texture(1, 96, 5);
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
    auto const p = make_pair({1, 100, 90}, {1, 80, 90}, 0.7, 9.0, -5.0, 6);
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
    auto const p = make_pair({1, 100, 100}, {1, 100, 100}, 0.3, 12.0, -8.0, 7);
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
    auto p = make_pair({1, 110, 110}, {1, 110, 110}, -2.0, 10.0, 6.0, 8);
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
    auto const found = global_search(p.fixed, p.moving, {}, fixed_mask, moving_mask);
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
        auto p = make_pair({channels, 112, 112}, {channels, 112, 112}, 1.1, 12.0, -9.0, 21);
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

TEST_CASE("global_search: nothing to find is no error") {
    auto const something = texture(1, 64, 10);
    image<float> const flat({1, 64, 64}, 0.3f);
    image_mask const none({1, 64, 64}, 0);
    for (auto const metric : {search_metric::zncc, search_metric::mutual_information}) {
        global_search_options options;
        options.metric = metric;
        CHECK_FALSE(global_search(something, something, options, none).converged);
        CHECK_FALSE(global_search(something, something, options, {}, none).converged);
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
    CHECK_FALSE(global_search(something, something, strict, left, top).converged);
    strict.min_overlap = 0.25;
    strict.on_progress = [](std::size_t, std::size_t) { return false; };
    CHECK_FALSE(global_search(something, something, strict).converged);
    CHECK(global_search(texture(1, 8, 1), texture(1, 8, 1)).transform.parameters[1] < 100.0);
}

TEST_CASE("global_search: wrong input is refused by name") {
    auto const good = texture(1, 32, 11);
    CHECK_THROWS_WITH_AS(global_search(image<float>({1, 7, 32}), good),
                         "comir::global_search: the fixed image is 1 x 7 x 32, expected at least 8 rows and columns",
                         comir::shape_error);
    CHECK_THROWS_AS(global_search(good, image<float>{}), comir::shape_error);
    CHECK_THROWS_AS(global_search(good, good, {}, image_mask({1, 3, 3}, 1)), comir::shape_error);
    CHECK_THROWS_AS(global_search(good, texture(2, 32, 1)), comir::shape_error);
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
    CHECK_THROWS_WITH_AS(global_search(good, good, combined, {}, {}, good, texture(1, 31, 1)),
                         "comir::global_search: the moving image's source is 1 x 31 x 31, the image 1 x 32 x 32; "
                         "expected the same rows and columns",
                         comir::shape_error);
    auto spoilt = good;
    spoilt(0, 2, 3) = std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH_AS(global_search(good, good, combined, {}, {}, spoilt),
                         "comir::global_search: the fixed source image is not finite at channel 0, x = 3, y = 2; mask "
                         "such pixels or replace them",
                         comir::error);
    refused([](auto& o) { o.contrast_sigma = -1.0; });
    refused([](auto& o) { o.contrast_floor = 0.0; });
}

TEST_CASE("global_search: confidence tells images of one scene from images of two, by any metric") {
    for (auto const metric : {search_metric::zncc, search_metric::mutual_information, search_metric::zncc_and_mi})
        for (std::uint64_t const seed : {1u, 2u}) {
            CAPTURE(seed);
            CAPTURE(static_cast<int>(metric));
            auto const same = make_pair({1, 128, 128}, {1, 128, 128}, 1.9, 8.0, -6.0, seed);
            auto const other = make_pair({1, 128, 128}, {1, 128, 128}, 1.9, 8.0, -6.0, 10 + seed);
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
    auto const images = make_pair({1, 200, 200}, {1, 96, 96}, -0.7, 20.0, 15.0, 3);
    auto const confidence = [](image<float> const& fixed, image_mask const& fixed_mask, image<float> const& moving,
                               image_mask const& moving_mask, rigid2 const& t) {
        return comir::detail::confidence_of(comir::detail::information_evidence_between(
            {fixed, fixed_mask}, {moving, moving_mask}, comir::to_affine(t), 1));
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
        auto const confidence = [&](double peak, double overlap, double margin, double score = 0.5) {
            return comir::detail::confidence_of({peak, 5.0, true, overlap}, {score, margin}, weights);
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
    auto const beside = [](double score, double deviations, double margin) {
        return comir::detail::confidence_of({0.0, deviations, true}, {score, margin}, comir::detail::weights_of_zncc);
    };
    double const known = beside(0.3, 4.0, 0.2);
    CHECK(beside(0.31, 4.0, 0.2) > known);
    CHECK(beside(0.3, 4.2, 0.2) > known);
    CHECK(beside(0.3, 4.0, 0.21) > known);
    CHECK(beside(0.9, 40.0, 0.0) == 0.5);
}

TEST_CASE("confidence_of: what sources show at a pose tells whether a correlation is believed") {
    auto const images = make_pair({1, 128, 128}, {1, 96, 96}, 1.1, 6.0, -4.0, 5),
               others = make_pair({1, 128, 128}, {1, 96, 96}, 1.1, 6.0, -4.0, 6);
    auto const outcome = comir::global_search_target(images.fixed, {.threads = 1}).search(images.moving);
    // As if the search had been nearly in doubt.
    comir::search_outcome doubtful = outcome;
    doubtful.candidates[0].score = 0.25;
    doubtful.candidates[1].score = 0.21;
    auto const confidence = [&](image<float> const& moving, image_mask const& mask) {
        return comir::detail::confidence_of(doubtful, 0, search_metric::zncc, {images.fixed, {}}, {moving, mask}, 1);
    };
    double const alone = comir::search_confidence(comir::evidence_of(doubtful));
    CHECK(confidence(images.moving, {}) > std::max(0.9, alone));
    CHECK(confidence(others.moving, {}) < std::min(0.3, alone));
    CHECK(confidence(others.moving, image_mask({1, 96, 96}, 0)) == alone);  // nothing to compare
}
