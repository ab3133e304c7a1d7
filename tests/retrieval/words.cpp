#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/retrieval/inverted_file.hpp>
#include <comir/retrieval/vlad.hpp>
#include <comir/retrieval/vocabulary.hpp>

#include "support/message.hpp"

namespace {

/// Rows around so many centres that lie far apart.
comir::feature_set clustered_rows(std::size_t count, std::size_t clusters, std::uint64_t seed) {
    constexpr std::size_t length = 16;
    comir::random_stream random(seed), middle(1);
    std::vector<float> middles(clusters * length);
    for (float& v : middles)
        v = static_cast<float>(middle.uniform(0, 10));
    comir::feature_set set;
    set.length = length;
    set.keypoints.resize(count);
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t d = 0; d < length; ++d)
            set.descriptors.push_back(middles[i % clusters * length + d] + 0.1f * static_cast<float>(random.normal()));
    return set;
}

std::size_t plain_nearest(comir::vocabulary const& v, std::span<float const> row) {
    double least = std::numeric_limits<double>::infinity();
    std::size_t best = 0;
    for (std::size_t k = 0; k < v.size(); ++k) {
        double sum = 0.0;
        for (std::size_t d = 0; d < v.length; ++d) {
            double const e = static_cast<double>(row[d]) - static_cast<double>(v.centres[k * v.length + d]);
            sum += e * e;
        }
        if (sum < least) {
            least = sum;
            best = k;
        }
    }
    return best;
}

}  // namespace

TEST_CASE("vocabulary: each word is the mean of its descriptors, each descriptor has the nearest word") {
    auto const set = clustered_rows(203, 5, 2);
    auto const words = comir::learn_vocabulary(set.descriptors, set.length, {.words = 7, .passes = 40});
    REQUIRE(words.size() == 7);
    auto const of = comir::words_of(words, set);
    std::vector<double> sums(words.centres.size(), 0.0);
    std::vector<double> counts(7, 0.0);
    for (std::size_t i = 0; i < set.size(); ++i) {
        CHECK(of[i] == plain_nearest(words, set.descriptor(i)));
        counts[of[i]] += 1.0;
        for (std::size_t d = 0; d < set.length; ++d)
            sums[of[i] * set.length + d] += static_cast<double>(set.descriptor(i)[d]);
    }
    for (std::size_t k = 0; k < 7; ++k)
        for (std::size_t d = 0; d < set.length && counts[k] > 0.0; ++d)
            CHECK(static_cast<double>(words.centres[k * set.length + d]) ==
                  doctest::Approx(sums[k * set.length + d] / counts[k]).epsilon(1e-5));
}

TEST_CASE("vocabulary: the same bits for any number of threads, others for another seed") {
    auto const set = clustered_rows(500, 12, 3);
    auto const learn = [&](std::uint64_t seed, int threads) {
        return comir::learn_vocabulary(set.descriptors, set.length, {.words = 20, .seed = seed, .threads = threads});
    };
    CHECK(learn(1, 1) == learn(1, 2));
    CHECK_FALSE(learn(1, 1) == learn(2, 1));
}

TEST_CASE("vocabulary: no more words than descriptors, and clear errors") {
    auto const set = clustered_rows(3, 3, 4);
    CHECK(comir::learn_vocabulary(set.descriptors, set.length, {.words = 64}).size() == 3);
    CHECK(message([&] { comir::learn_vocabulary(set.descriptors, set.length, {.words = 0}); }).find("words is 0") !=
          std::string::npos);
    CHECK_THROWS_AS(comir::learn_vocabulary(set.descriptors, 7), comir::shape_error);
    CHECK_THROWS_AS(comir::learn_vocabulary({}, 16), comir::error);
    comir::feature_set other;
    other.length = 8;
    other.keypoints.resize(1);
    other.descriptors.resize(8);
    auto const words = comir::learn_vocabulary(set.descriptors, set.length);
    CHECK_THROWS_AS(comir::words_of(words, other), comir::shape_error);
}

TEST_CASE("vlad: equals the plain sums, has unit length, and does not depend on the order of features") {
    auto const set = clustered_rows(40, 4, 5);
    // Words of other descriptors: around the mean of these the sums would cancel.
    auto const others = clustered_rows(3, 4, 8);
    auto const words = comir::learn_vocabulary(others.descriptors, set.length, {.words = 3, .passes = 1});
    auto const of = comir::words_of(words, set);
    auto const made = comir::vlad(words, set, of);
    std::vector<double> plain(words.centres.size(), 0.0);
    for (std::size_t i = 0; i < set.size(); ++i)
        for (std::size_t d = 0; d < set.length; ++d)
            plain[of[i] * set.length + d] +=
                static_cast<double>(set.descriptor(i)[d]) - static_cast<double>(words.centres[of[i] * set.length + d]);
    double total = 0.0;
    for (std::size_t k = 0; k < words.size(); ++k) {
        double square = 0.0;
        for (std::size_t d = 0; d < set.length; ++d)
            square += plain[k * set.length + d] * plain[k * set.length + d];
        for (std::size_t d = 0; d < set.length; ++d) {
            double& v = plain[k * set.length + d];
            v = std::copysign(std::sqrt(std::abs(v) / std::sqrt(square)), v);
            total += v * v;
        }
    }
    double length = 0.0;
    for (std::size_t i = 0; i < made.size(); ++i) {
        CHECK(std::abs(static_cast<double>(made[i]) - plain[i] / std::sqrt(total)) < 1e-3);
        length += static_cast<double>(made[i]) * static_cast<double>(made[i]);
    }
    CHECK(length == doctest::Approx(1.0).epsilon(1e-5));
    CHECK(comir::vlad(words, comir::feature_set{}, {}) == std::vector<float>(words.centres.size(), 0.0f));
    CHECK_THROWS_AS(comir::vlad(words, set, std::vector<std::uint32_t>(3, 0)), comir::shape_error);
    CHECK_THROWS_AS(comir::vlad(words, set, std::vector<std::uint32_t>(40, 3)), comir::shape_error);
}

TEST_CASE("inverted file: the cosine of tf-idf vectors, as a plain loop has it") {
    constexpr std::size_t vocabulary = 30;
    comir::random_stream random(6);
    std::vector<std::vector<std::uint32_t>> images(7);
    for (auto& image : images)
        for (int i = 0; i < 25; ++i)
            image.push_back(static_cast<std::uint32_t>(random.below(vocabulary) * random.below(2)));
    std::vector<std::uint32_t> const query{0, 3, 3, 7, 12, 29, 29, 29};
    comir::inverted_file const file(images, vocabulary);
    auto const scores = file.scores(query);
    std::array<double, vocabulary> idf{};
    auto const vector_of = [&](std::vector<std::uint32_t> const& words) {
        std::array<double, vocabulary> v{};
        for (auto const w : words)
            v[w] += idf[w];
        return v;
    };
    for (std::size_t k = 0; k < vocabulary; ++k) {
        auto const with = static_cast<double>(std::ranges::count_if(images, [&](auto const& image) {
            return std::ranges::find(image, static_cast<std::uint32_t>(k)) != image.end();
        }));
        idf[k] = with > 0.0 ? std::log(1.0 + 7.0 / with) : 0.0;
    }
    auto const q = vector_of(query);
    for (std::size_t i = 0; i < images.size(); ++i) {
        auto const v = vector_of(images[i]);
        double qv = 0.0, qq = 0.0, vv = 0.0;
        for (std::size_t k = 0; k < vocabulary; ++k) {
            qv += q[k] * v[k];
            qq += q[k] * q[k];
            vv += v[k] * v[k];
        }
        CHECK(static_cast<double>(scores[i]) == doctest::Approx(qv / std::sqrt(qq * vv)).epsilon(1e-5));
    }
    CHECK(static_cast<double>(file.scores(images[2])[2]) == doctest::Approx(1.0).epsilon(1e-5));
}

TEST_CASE("inverted file: words of too many images are left out, and errors are clear") {
    std::vector<std::vector<std::uint32_t>> const images{{0, 1}, {0, 2}, {0}};
    CHECK(comir::inverted_file(images, 3, {.most_share = 0.9}).scores(std::vector<std::uint32_t>{0})[0] == 0.0f);
    CHECK(comir::inverted_file(images, 3, {.least_share = 0.5}).scores(std::vector<std::uint32_t>{1})[0] == 0.0f);
    CHECK(comir::inverted_file(images, 3).scores(std::vector<std::uint32_t>{1})[0] > 0.0f);
    CHECK_THROWS_AS(comir::inverted_file(images, 2), comir::shape_error);
    CHECK_THROWS_AS(comir::inverted_file(images, 3, {.least_share = 0.9, .most_share = 0.5}), comir::error);
    CHECK_THROWS_AS(comir::inverted_file(images, 3).scores(std::vector<std::uint32_t>{3}), comir::shape_error);
}
