#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/evaluation/stability.hpp>

namespace {

using table = std::vector<std::vector<double>>;

table random_table(std::size_t n, std::uint64_t seed) {
    comir::random_stream random(seed);
    table result(n, std::vector<double>(n));
    for (auto& row : result)
        for (double& v : row)
            v = random.uniform();
    return result;
}

comir::image<float> noise(std::size_t channels, std::uint64_t seed) {
    comir::image<float> picture({channels, 40, 30});
    comir::random_stream random(seed);
    for (float& v : picture.values())
        v = static_cast<float>(random.normal());
    return picture;
}

/// Channel i of the result is channel order[i] of the source, all turned over if asked.
comir::image<float> reordered(comir::image<float> const& source, std::vector<std::size_t> const& order, float factor) {
    comir::image<float> result(source.shape());
    for (std::size_t i = 0; i < order.size(); ++i)
        std::ranges::transform(source.channel(order[i]), result.channel(i).begin(),
                               [&](float v) { return factor * v + 3.0f; });
    return result;
}

}  // namespace

TEST_CASE("match_channels: the best of all orders of up to four channels") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto const t = random_table(4, seed);
        auto const found = comir::match_channels(t);
        double best = 0.0, sum = 0.0;
        for (std::size_t a = 0; a < 4; ++a)
            for (std::size_t b = 0; b < 4; ++b)
                for (std::size_t c = 0; c < 4; ++c)
                    if (a != b && a != c && b != c)
                        best = std::max(best, t[0][a] + t[1][b] + t[2][c] + t[3][6 - a - b - c]);
        for (std::size_t i = 0; i < 4; ++i)
            sum += t[i][found[i]];
        CHECK(sum == doctest::Approx(best).epsilon(1e-12));
    }
}

TEST_CASE("match_channels: beyond four channels each one has its own, the largest entry first") {
    auto t = random_table(6, 3);
    t[2][5] = 2.0;
    auto const found = comir::match_channels(t);
    CHECK(found[2] == 5);
    std::vector<std::size_t> sorted = found, all(6);
    std::ranges::sort(sorted);
    std::iota(all.begin(), all.end(), std::size_t{0});
    CHECK(sorted == all);
    CHECK(comir::match_channels({}).empty());
    t[1].pop_back();
    CHECK_THROWS_AS(comir::match_channels(t), comir::shape_error);
}

TEST_CASE("stability: channels in another order and with the contrast turned over are the same") {
    for (std::size_t channels : {1u, 3u, 5u}) {
        std::vector<std::size_t> order(channels);
        for (std::size_t i = 0; i < channels; ++i)
            order[i] = (i + 1) % channels;
        std::vector<comir::image<float>> const a{noise(channels, 1), noise(channels, 2)};
        std::vector<comir::image<float>> const b{reordered(a[0], order, -2.0f), reordered(a[1], order, 0.5f)};
        CHECK(comir::stability(a, b) == doctest::Approx(1.0).epsilon(1e-5));
    }
}

TEST_CASE("stability: a mixture of signal and noise correlates by its share of the signal") {
    std::vector<comir::image<float>> const a{noise(1, 1)};
    std::vector<comir::image<float>> b{noise(1, 2)};
    CHECK(comir::stability(a, b) < 0.1);
    for (std::size_t i = 0; i < b[0].values().size(); ++i)
        b[0].values()[i] = 0.6f * a[0].values()[i] + 0.8f * b[0].values()[i];
    CHECK(comir::stability(a, b) == doctest::Approx(0.6).epsilon(0.1));
}

TEST_CASE("stability: one match holds for all images") {
    std::vector<comir::image<float>> const a{noise(2, 1), noise(2, 2)};
    std::vector<std::size_t> const swapped{1, 0}, kept{0, 1};
    // The first image says swapped, the second kept: either way one image does not fit.
    std::vector<comir::image<float>> const b{reordered(a[0], swapped, 1.0f), reordered(a[1], kept, 1.0f)};
    CHECK(comir::stability(a, b) == doctest::Approx(0.5).epsilon(0.1));
}

TEST_CASE("stability: other lists and shapes are refused") {
    std::vector<comir::image<float>> const one{noise(1, 1)}, two{noise(2, 1)}, none;
    CHECK_THROWS_AS(comir::stability(one, none), comir::shape_error);
    CHECK_THROWS_AS(comir::stability(none, none), comir::error);
    CHECK_THROWS_WITH_AS(comir::stability(one, two),
                         "comir::stability: image 0 is represented as 1 x 40 x 30 and 2 x 40 x 30, expected equal "
                         "shapes of 1 channels",
                         comir::shape_error);
}
