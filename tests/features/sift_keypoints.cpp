#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/features/sift.hpp>

#include "support/sift_scene.hpp"

namespace {

using comir::image;
using comir::keypoint;
using comir::sift_options;

}  // namespace

TEST_CASE("sift: a blob's keypoint lies at its centre and has its scale") {
    for (double const sigma : {3.0, 5.5, 11.0}) {
        image<float> const one = draw(blobs(128.0, 0), 128, 128, [](double x, double y) { return std::pair(x, y); });
        image<float> source = one;
        for (std::size_t y = 0; y < 128; ++y)
            for (std::size_t x = 0; x < 128; ++x) {
                double const dx = static_cast<double>(x) - 60.3, dy = static_cast<double>(y) - 66.8;
                source(0, y, x) = static_cast<float>(std::exp(-0.5 * (dx * dx + dy * dy) / (sigma * sigma)));
            }
        auto const found = comir::sift(source, {.range = 1.0});
        REQUIRE(!found.empty());
        auto const best = *std::ranges::max_element(found.keypoints, {}, &keypoint::response);
        CHECK(static_cast<double>(best.x) == doctest::Approx(60.3).epsilon(0.001));
        CHECK(static_cast<double>(best.y) == doctest::Approx(66.8).epsilon(0.001));
        // The difference of two Gaussians of neighbouring scales s and ks is strongest where s sqrt(k) is the blob's
        // sigma; the image's own blur of 0.5 px adds to the former only.
        double const expected = std::sqrt(sigma * sigma + 0.25) / std::exp2(1.0 / 6.0);
        CHECK(static_cast<double>(best.scale) == doctest::Approx(expected).epsilon(0.04));
    }
}

TEST_CASE("sift: a turned image has the turned keypoints") {
    blobs const scene(200.0);
    auto const original = comir::sift(draw(scene), {.range = 1.0});
    for (double const turn : {0.3, 1.1, -2.5}) {
        double const c = std::cos(turn), s = std::sin(turn);
        auto const turned = comir::sift(draw(scene, 200, 200,
                                             [&](double x, double y) {
                                                 double const u = x - 99.5, v = y - 99.5;
                                                 return std::pair(99.5 + c * u + s * v, 99.5 - s * u + c * v);
                                             }),
                                        {.range = 1.0});
        auto const map = [&](double x, double y) {
            double const u = x - 99.5, v = y - 99.5;
            return std::pair(99.5 + c * u - s * v, 99.5 + s * u + c * v);
        };
        auto const result = compare(original, turned, map, turn, 1.0, 0.3, 20.0, 199.0);
        INFO("turned by ", turn, ": ", result.share, ", ", result.product);
        CHECK(result.share > 0.75);
        CHECK(result.product > 0.97);
    }
}

TEST_CASE("sift: a quarter turn and whole shifts lose almost nothing") {
    // One pixel more than a multiple of 32: turned octaves then keep the same pixels.
    blobs const scene(161.0);
    auto const original = comir::sift(draw(scene), {.range = 1.0});
    auto const turned =
        comir::sift(draw(scene, 161, 161, [](double x, double y) { return std::pair(y, 160.0 - x); }), {.range = 1.0});
    auto const quarter = compare(
        original, turned, [](double x, double y) { return std::pair(160.0 - y, x); }, 0.5 * std::numbers::pi, 1.0, 0.05,
        15.0, 160.0);
    CHECK(quarter.share > 0.97);
    CHECK(quarter.product > 0.99);
    auto const shifted = comir::sift(
        draw(scene, 161, 161, [](double x, double y) { return std::pair(x - 32.0, y - 16.0); }), {.range = 1.0});
    auto const shift = compare(
        original, shifted, [](double x, double y) { return std::pair(x + 32.0, y + 16.0); }, 0.0, 1.0, 0.05, 40.0,
        160.0);
    CHECK(shift.share > 0.97);
    CHECK(shift.product > 0.99);
}

TEST_CASE("sift: a scaled image has the scaled keypoints") {
    blobs const scene(160.0);
    auto const original = comir::sift(draw(scene), {.range = 1.0});
    auto const larger = comir::sift(
        draw(scene, 272, 272, [](double x, double y) { return std::pair(x / 1.7, y / 1.7); }), {.range = 1.0});
    auto const result = compare(
        original, larger, [](double x, double y) { return std::pair(1.7 * x, 1.7 * y); }, 0.0, 1.7, 0.3, 20.0, 271.0);
    INFO(result.share, ", ", result.product);
    CHECK(result.share > 0.75);
    CHECK(result.product > 0.95);
}

TEST_CASE("sift: the kind and range of values do not matter") {
    image<float> const source = draw(blobs(120.0));
    image<std::uint8_t> bytes({1, 120, 120});
    image<std::uint16_t> words({1, 120, 120}), few({1, 120, 120});
    image<float> large({1, 120, 120});
    image<double> doubles({1, 120, 120});
    for (std::size_t i = 0; i < source.values().size(); ++i) {
        auto const level = static_cast<unsigned>(std::clamp(std::lround(source.values()[i] * 200.0f), 0L, 255L));
        bytes.values()[i] = static_cast<std::uint8_t>(level);
        words.values()[i] = static_cast<std::uint16_t>(level * 257);
        few.values()[i] = static_cast<std::uint16_t>(level + 700);
        large.values()[i] = static_cast<float>(level) * 1e30f;
        doubles.values()[i] = static_cast<double>(level) * 1e-30 - 5e-28;
    }
    auto const expected = comir::sift(bytes);
    REQUIRE(expected.size() > 30);
    auto const same = [&](comir::feature_set const& other) {
        REQUIRE(other.size() == expected.size());
        for (std::size_t i = 0; i < other.size(); ++i) {
            CHECK(other.keypoints[i].x == doctest::Approx(expected.keypoints[i].x).epsilon(1e-3));
            CHECK(other.keypoints[i].response == doctest::Approx(expected.keypoints[i].response).epsilon(1e-3));
        }
    };
    same(comir::sift(words));
    same(comir::sift(few));
    same(comir::sift(large));
    same(comir::sift(doubles));
}

TEST_CASE("sift: a hot pixel does not drown the rest") {
    image<float> source = draw(blobs(120.0));
    auto const before = comir::sift(source).size();
    source(0, 60, 60) = 1e6f;
    CHECK(static_cast<double>(comir::sift(source).size()) > 0.6 * static_cast<double>(before));
}

TEST_CASE("sift: the same bits for 1 and 2 threads, and for every width") {
    blobs const scene(150.0);
    for (std::size_t const w : {std::size_t{61}, std::size_t{64}, std::size_t{97}, std::size_t{150}}) {
        auto const source = draw(scene, 90, w, [](double x, double y) { return std::pair(x + 10.0, y + 20.0); });
        auto const one = comir::sift(source, {.threads = 1}), two = comir::sift(source, {.threads = 2});
        CHECK(one.size() > 5);
        CHECK(one.keypoints == two.keypoints);
        CHECK(one.descriptors == two.descriptors);
    }
}

TEST_CASE("sift: every number of layers finds the strongest blobs") {
    auto const source = draw(blobs(120.0));
    auto const usual = comir::sift(source, {.range = 1.0, .max_keypoints = 10});
    for (int const layers : {1, 2, 4, 6, 16}) {
        auto const found = comir::sift(source, {.layers = layers, .range = 1.0});
        std::size_t seen = 0;
        for (keypoint const& k : usual.keypoints)
            seen += std::ranges::any_of(found.keypoints, [&](keypoint const& m) {
                return std::hypot(m.x - k.x, m.y - k.y) < 0.5f * k.scale &&
                       std::abs(std::log(m.scale / k.scale)) < 0.4f;
            });
        CHECK(seen >= 9);
    }
}

TEST_CASE("sift: max_keypoints keeps the strongest in their order") {
    auto const source = draw(blobs(160.0));
    auto const all = comir::sift(source), some = comir::sift(source, {.max_keypoints = 20});
    REQUIRE(all.size() > 40);
    REQUIRE(some.size() == 20);
    std::vector<float> responses;
    for (keypoint const& k : all.keypoints)
        responses.push_back(k.response);
    std::ranges::sort(responses, std::greater<>());
    std::size_t j = 0;
    for (std::size_t i = 0; i < some.size(); ++i) {
        CHECK(some.keypoints[i].response >= responses[19]);
        while (j < all.size() && !(all.keypoints[j] == some.keypoints[i]))
            ++j;
        REQUIRE(j < all.size());
        CHECK(std::ranges::equal(all.descriptor(j), some.descriptor(i)));
    }
}

TEST_CASE("sift: octaves keep to their limits") {
    auto const source = draw(blobs(200.0));
    auto const octaves = [&](sift_options const& o) {
        std::pair<int, int> range{100, -100};
        for (keypoint const& k : comir::sift(source, o).keypoints)
            range = {std::min(range.first, k.octave), std::max(range.second, k.octave)};
        return range;
    };
    CHECK(octaves({.contrast = 0.002}).first == -1);
    CHECK(octaves({.contrast = 0.002, .doubled = false}).first == 0);
    CHECK(octaves({.contrast = 0.002, .largest_octave = 399}).first == 0);
    CHECK(octaves({.contrast = 0.002, .largest_octave = 199}).first == 1);
    CHECK(octaves({.contrast = 0.002, .smallest_octave = 101}).second == 0);
    CHECK(octaves({.contrast = 0.002, .smallest_octave = 100}).second == 1);
    // The octaves of a smaller image are those of the larger one, whatever the way they were made.
    auto const direct = comir::sift(source, {.doubled = false, .largest_octave = 199});
    auto const halved = comir::sift(source, {.doubled = false});
    std::size_t alike = 0, coarse = 0;
    for (keypoint const& k : halved.keypoints) {
        if (k.octave != 1)
            continue;
        ++coarse;
        alike += std::ranges::any_of(direct.keypoints, [&](keypoint const& m) {
            return m.octave == 1 && std::hypot(m.x - k.x, m.y - k.y) < 0.3f && std::abs(m.scale - k.scale) < 0.3f;
        });
    }
    REQUIRE(coarse > 10);
    CHECK(static_cast<double>(alike) >= 0.9 * static_cast<double>(coarse));
}
