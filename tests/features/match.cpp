#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/features/match.hpp>

#include "support/message.hpp"

namespace {

using comir::feature_match;
using comir::feature_set;

feature_set random_set(std::size_t count, std::size_t length, std::uint64_t seed) {
    feature_set set;
    set.length = length;
    set.keypoints.resize(count);
    comir::random_stream random(seed);
    for (std::size_t i = 0; i < count; ++i) {
        double square = 0.0;
        std::vector<double> row(length);
        for (double& v : row) {
            v = random.uniform();
            square += v * v;
        }
        for (double const v : row)
            set.descriptors.push_back(static_cast<float>(v / std::sqrt(square)));
    }
    return set;
}

/// Descriptors of `from` with noise, in another order, among others.
feature_set disturbed(feature_set const& from, double noise, std::uint64_t seed) {
    feature_set set = random_set(from.size() / 2, from.length, seed);
    comir::random_stream random(seed + 1);
    for (std::size_t i = from.size(); i-- > 0;) {
        set.keypoints.emplace_back();
        for (float const v : from.descriptor(i))
            set.descriptors.push_back(v + static_cast<float>(noise * random.normal()));
    }
    return set;
}

double squared(feature_set const& a, std::size_t i, feature_set const& b, std::size_t j) {
    double total = 0.0;
    for (std::size_t d = 0; d < a.length; ++d) {
        double const apart = static_cast<double>(a.descriptor(i)[d]) - static_cast<double>(b.descriptor(j)[d]);
        total += apart * apart;
    }
    return total;
}

struct plain_nearest {
    double first = 1e30, second = 1e30;
    std::size_t index = 0;
};

plain_nearest find_plain(feature_set const& a, std::size_t i, feature_set const& b) {
    plain_nearest best;
    for (std::size_t j = 0; j < b.size(); ++j) {
        double const d = squared(a, i, b, j);
        if (d < best.first) {
            best = {d, best.first, j};
        } else {
            best.second = std::min(best.second, d);
        }
    }
    return best;
}

}  // namespace

TEST_CASE("match_features: every size finds what the plain search finds") {
    for (std::size_t const length : {1u, 7u, 16u, 128u})
        for (std::size_t const a : {1u, 2u, 9u, 10u, 11u, 83u})
            for (std::size_t const b : {1u, 2u, 15u, 16u, 31u, 32u, 33u, 100u}) {
                feature_set const fixed = random_set(a, length, a), moving = random_set(b, length, 1000 + b);
                auto const found = comir::match_features(fixed, moving, {.ratio = 1.0, .cross_check = false});
                if (length > 1)
                    REQUIRE(found.size() == a);
                for (feature_match const& m : found) {
                    auto const expected = find_plain(fixed, m.fixed, moving);
                    // Equally near ones may change places by rounding: 128 products of numbers up to 1.
                    CHECK(squared(fixed, m.fixed, moving, m.moving) <= expected.first + 4e-6);
                    CHECK(static_cast<double>(m.distance) * static_cast<double>(m.distance) ==
                          doctest::Approx(expected.first).epsilon(1e-3).scale(4e-3));
                    if (b == 1)
                        CHECK(m.ratio == 0.0f);
                    else if (expected.first > 0.01)
                        CHECK(static_cast<double>(m.ratio) ==
                              doctest::Approx(std::sqrt(expected.first / expected.second)).epsilon(1e-3));
                }
            }
}

TEST_CASE("match_features: ratio test and cross check equal the plain ones, for 1 and 2 threads") {
    feature_set const fixed = random_set(150, 64, 1), moving = disturbed(fixed, 0.02, 2);
    for (bool const cross : {false, true})
        for (double const ratio : {0.6, 0.8, 0.95}) {
            std::vector<std::pair<std::size_t, std::size_t>> expected, found;
            for (std::size_t i = 0; i < fixed.size(); ++i) {
                auto const best = find_plain(fixed, i, moving);
                if (std::sqrt(best.first / best.second) <= ratio &&
                    (!cross || find_plain(moving, best.index, fixed).index == i))
                    expected.emplace_back(i, best.index);
            }
            auto const one = comir::match_features(fixed, moving, {.ratio = ratio, .cross_check = cross, .threads = 1});
            CHECK(one == comir::match_features(fixed, moving, {.ratio = ratio, .cross_check = cross, .threads = 2}));
            for (feature_match const& m : one)
                found.emplace_back(m.fixed, m.moving);
            CHECK(found == expected);
            CHECK(expected.size() > 20);
        }
}

TEST_CASE("match_features: the cross check keeps one of two fixed keypoints with one partner") {
    feature_set fixed, moving;
    fixed.length = moving.length = 2;
    fixed.keypoints.resize(2);
    float const a[] = {1.0f, 0.0f, 0.9f, 0.1f}, b[] = {0.98f, 0.02f, -1.0f, 0.0f};
    fixed.descriptors.assign(a, a + 4);
    moving.keypoints.resize(2);
    moving.descriptors.assign(b, b + 4);
    CHECK(comir::match_features(fixed, moving, {.cross_check = false}).size() == 2);
    auto const kept = comir::match_features(fixed, moving);
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].fixed == 0);
    CHECK(kept[0].moving == 0);
}

TEST_CASE("match_features: of equal descriptors none is clear, and the first counts") {
    feature_set one = random_set(1, 8, 3), many = random_set(1, 8, 3);
    for (int i = 0; i < 40; ++i) {
        many.keypoints.emplace_back();
        for (std::size_t d = 0; d < 8; ++d)
            many.descriptors.push_back(many.descriptors[d]);
    }
    auto const all = comir::match_features(one, many, {.ratio = 1.0, .cross_check = false});
    REQUIRE(all.size() == 1);
    CHECK(all[0].moving == 0);
    CHECK(comir::match_features(one, many, {.ratio = 0.99}).empty());
}

TEST_CASE("match_features: empty sets have no matches") {
    feature_set const some = random_set(3, 8, 1), none = random_set(0, 8, 1);
    CHECK(comir::match_features(some, none).empty());
    CHECK(comir::match_features(none, some).empty());
    CHECK(comir::match_features(none, none).empty());
}

TEST_CASE("match_features: wrong input is named") {
    feature_set const a = random_set(3, 8, 1), b = random_set(3, 9, 1);
    feature_set cut = a;
    cut.descriptors.pop_back();
    CHECK(message([&] {
              comir::match_features(a, b);
          }).find("the fixed descriptors have 8 numbers, the moving ones 9") != std::string::npos);
    CHECK(message([&] { comir::match_features(a, cut); }).find("23 numbers of descriptors were given") !=
          std::string::npos);
    CHECK(message([&] { comir::match_features(a, a, {.ratio = 0.0}); }).find("ratio is 0") != std::string::npos);
    CHECK(message([&] { comir::match_features(a, a, {.ratio = std::nan("")}); }).find("ratio is") != std::string::npos);
}
