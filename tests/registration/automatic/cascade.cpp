#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/warp.hpp>
#include <comir/registration/automatic/cascade.hpp>

namespace {

using comir::image;
using comir::image_mask;
using comir::register_auto;
using comir::rigid2;

/// Texture over 0..1.
image<float> texture(std::size_t side, std::uint64_t seed) {
    image<float> out({1, side, side});
    comir::random_stream random(seed);
    for (float& v : out.values())
        v = static_cast<float>(random.uniform());
    out = comir::gaussian_blur(out, 3.0, 1);
    for (float& v : out.values())
        v = std::clamp(0.5f + 6.0f * (v - 0.5f), 0.0f, 1.0f);
    return out;
}

struct pair {
    image<float> fixed, moving;
    rigid2 truth;
};

pair make_pair(std::size_t side, rigid2 const& truth, float noise, std::uint64_t seed) {
    auto const canvas = texture(2 * side, seed);
    rigid2 to_canvas = truth.inverse();
    to_canvas.parameters[1] += static_cast<double>(side / 2);
    to_canvas.parameters[2] += static_cast<double>(side / 2);
    pair p{comir::crop(canvas, {side / 2, side / 2, side, side}), comir::warp(canvas, to_canvas, {1, side, side}),
           truth};
    comir::random_stream random(seed, 1);
    for (float& v : p.moving.values())
        v += noise * static_cast<float>(random.normal());
    return p;
}

}  // namespace

TEST_CASE("register_auto: registers any displacement to a fraction of a pixel, and is sure of it") {
    comir::random_stream random(1);
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        double const turn = random.uniform(-3.1, 3.1), x = random.uniform(-25.0, 25.0), y = random.uniform(-25.0, 25.0);
        auto const p = make_pair(128, rigid2{{turn, x, y}, {63.5, 63.5}}, 0.1f, seed);
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
        CHECK(register_auto(texture(128, 10 + seed), texture(128, 20 + seed)).confidence < 0.5);
}

TEST_CASE("register_auto: asks features where the search is unsure") {
    rigid2 const truth{{2.0, 9.0, -6.0}, {79.5, 79.5}};
    auto p = make_pair(160, truth, 0.0f, 31);
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

TEST_CASE("register_auto: asks sources where the search is in doubt") {
    constexpr std::size_t side = 80;
    auto const patch = texture(side, 41), source = texture(side, 42);
    // The patch lies in the image twice, but its source, its contrast turned over, only once.
    image<float> fixed = texture(240, 43), fixed_raw = texture(240, 44);
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x) {
            fixed(0, 90 + y, 20 + x) = fixed(0, 70 + y, 140 + x) = patch(0, y, x);
            fixed_raw(0, 70 + y, 140 + x) = 1.0f - source(0, y, x);
        }
    rigid2 const truth{{0.0, -140.0, -70.0}, {119.5, 119.5}};
    comir::automatic_options options;
    auto const found = register_auto(fixed, patch, options, {}, {}, fixed_raw, source);
    CHECK(found.confidence > 0.5);
    CHECK(comir::corner_distance(found.transform, truth, 240, 240) < 1.0);
    CHECK(register_auto(fixed, patch, options).confidence < 0.7);
    options.ask_raw_below = 0.0;
    CHECK(register_auto(fixed, patch, options, {}, {}, fixed_raw, source).confidence < 0.6);
    // A source that shows nothing is no help, and no error.
    options.ask_raw_below = 0.9;
    CHECK(register_auto(fixed, patch, options, {}, {}, image<float>({1, 240, 240}, 0.5f), source).confidence < 0.7);
}

TEST_CASE("register_auto: a pose stands though refining it does not converge") {
    comir::automatic_options options;
    options.refine.rest = 1e-9;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        CAPTURE(seed);
        auto const p = make_pair(96, rigid2{{0.9, 5.0, -3.0}, {47.5, 47.5}}, 0.1f, seed);
        auto const found = register_auto(p.fixed, p.moving, options);
        CHECK(found.converged);
        CHECK(found.confidence > 0.9);
        CHECK(comir::corner_distance(found.transform, p.truth, 96, 96) < 1.0);
    }
}

TEST_CASE("automatic_target: is reused, and gives the same bits for any number of threads") {
    auto const p = make_pair(96, rigid2{{1.0, 5.0, -7.0}, {47.5, 47.5}}, 0.0f, 3);
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
    auto const canvas = comir::crop(texture(w, 6), {0, 0, w, h});
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

TEST_CASE("windows_near: hold what can meet, and their transforms are those of the images") {
    rigid2 const t{{0.7, -310.0, -205.0}, {250.0, 200.0}};
    auto const windows = comir::detail::windows_near(t, {1, 400, 500}, {1, 60, 80}, 5.0);
    CHECK(windows.moving == comir::region{0, 0, 80, 60});
    CHECK(windows.fixed.x + windows.fixed.w <= 500);
    CHECK(windows.fixed.y + windows.fixed.h <= 400);
    CHECK(windows.fixed.w < 130);
    rigid2 const inner = windows.to_windows(t), again = windows.to_images(inner);
    comir::point2 const p{12.0, 34.0};
    comir::point2 const offset{static_cast<double>(windows.fixed.x), static_cast<double>(windows.fixed.y)};
    CHECK(inner(p).x == doctest::Approx(t(p + offset).x));
    CHECK(inner(p).y == doctest::Approx(t(p + offset).y));
    CHECK(again(p).x == doctest::Approx(t(p).x));
    CHECK(again(p).y == doctest::Approx(t(p).y));
}

TEST_CASE("register_auto: nothing to find is no error, and is not believed") {
    auto const something = texture(64, 4);
    image<float> const flat({1, 64, 64}, 0.4f);
    image_mask const none({1, 64, 64}, 0);
    for (auto const& found :
         {register_auto(flat, something), register_auto(something, flat), register_auto(flat, flat),
          register_auto(something, something, {}, none), register_auto(something, something, {}, {}, none)}) {
        CHECK_FALSE(found.converged);
        CHECK(found.confidence == 0.0);
        CHECK(std::isinf(found.value));
    }
}

TEST_CASE("register_auto: wrong options are refused by name") {
    auto const something = texture(32, 5);
    comir::automatic_options options;
    options.search.metric = comir::search_metric::mutual_information;
    CHECK_THROWS_WITH_AS(register_auto(something, something, options),
                         "comir::register_auto: the search's metric is mutual information, expected correlation, since "
                         "alpha-AMD compares intensities; call global_search for raw images",
                         comir::error);
    options = {};
    options.zncc_weight = -1.0;
    CHECK_THROWS_AS(register_auto(something, something, options), comir::error);
    CHECK_THROWS_AS(register_auto(something, image<float>({1, 4, 4})), comir::error);
    // A source that does not fit is refused even where the search is sure.
    image<float> const small({1, 60, 60}, 0.5f);
    CHECK_THROWS_AS(register_auto(something, something, {}, {}, {}, small), comir::shape_error);
    CHECK_THROWS_AS(register_auto(something, something, {}, {}, {}, {}, small), comir::shape_error);
}

TEST_CASE("zncc: equals the plain loop, and ignored pixels do not count") {
    auto const fixed = texture(20, 6);
    auto moving = texture(24, 7);
    rigid2 const t{{0.0, 3.0, -2.0}, {0.0, 0.0}};
    image_mask fixed_mask({1, 20, 20}, 1), moving_mask({1, 24, 24}, 1);
    fixed_mask(0, 10, 10) = 0;
    moving_mask(0, 5, 9) = 0;
    moving(0, 5, 9) = std::numeric_limits<float>::quiet_NaN();
    double n = 0.0, f = 0.0, m = 0.0, fm = 0.0, ff = 0.0, mm = 0.0;
    for (std::size_t y = 2; y < 20; ++y)
        for (std::size_t x = 0; x < 20; ++x) {
            if (!fixed_mask(0, y, x) || !moving_mask(0, y - 2, x + 3))
                continue;
            auto const a = static_cast<double>(fixed(0, y, x)), b = static_cast<double>(moving(0, y - 2, x + 3));
            n += 1.0;
            f += a;
            m += b;
            fm += a * b;
            ff += a * a;
            mm += b * b;
        }
    double const expected = (fm - f * m / n) / std::sqrt((ff - f * f / n) * (mm - m * m / n));
    auto const found = comir::detail::zncc(fixed, fixed_mask, moving, moving_mask, t, 2);
    CHECK(found.correlation == doctest::Approx(expected).epsilon(1e-6));
    CHECK(found.overlap == n / 400.0);
    CHECK(comir::detail::zncc(image<float>({1, 20, 20}), {}, texture(20, 8), {}, rigid2{}, 1).correlation == 0.0);
}

TEST_CASE("search_confidence: grows with every kind of evidence") {
    comir::search_evidence const weak{0.4, 0.1};
    double const before = comir::search_confidence(weak);
    for (comir::search_evidence const more : {comir::search_evidence{0.6, 0.1}, {0.4, 0.8}})
        CHECK(comir::search_confidence(more) > before);
}

TEST_CASE("evidence_of: scores a pose, and compares it with the best other one") {
    comir::search_outcome outcome;
    CHECK_THROWS_AS(comir::evidence_of(outcome), comir::error);
    outcome.statistics = {100.0, 0.1, 0.05};
    outcome.candidates = {{rigid2{}, 0.7, 1.0}, {rigid2{}, 0.3, 1.0}, {rigid2{}, 0.2, 1.0}};
    auto const e = comir::evidence_of(outcome);
    CHECK(e.score == 0.7);
    CHECK(e.runner_up == doctest::Approx(std::log(3.0)));
    CHECK(comir::evidence_of(outcome, 2).score == 0.2);
    CHECK(comir::evidence_of(outcome, 2).runner_up == doctest::Approx(-std::log(6.0)));
    CHECK_THROWS_AS(comir::evidence_of(outcome, 3), comir::error);
    outcome.candidates.resize(1);
    CHECK(comir::evidence_of(outcome).runner_up == doctest::Approx(std::log(12.0)));
}

TEST_CASE("search_confidence: of two equal poses neither is sure") {
    CHECK(comir::search_confidence({1.0, 0.0}) == doctest::Approx(0.5));
    CHECK(comir::search_confidence({1.0, 0.3}) > 0.99);
}
