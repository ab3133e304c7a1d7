#include <array>
#include <numeric>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/kmeans.hpp>
#include <comir/core/random.hpp>

TEST_CASE("kmeans: finds the middles of clusters that lie apart, in every channel") {
    constexpr std::size_t each = 50;
    std::array<std::vector<float>, 2> channels;
    comir::random_stream random(1, 0);
    for (float const middle : {0.0f, 10.0f, 20.0f})
        for (std::size_t i = 0; i < each; ++i) {
            channels[0].push_back(middle + static_cast<float>(random.uniform(-1.0, 1.0)));
            channels[1].push_back(-middle);
        }
    std::vector<std::span<float const>> const points{channels[0], channels[1]};
    std::vector<std::size_t> sample(3 * each);
    std::iota(sample.begin(), sample.end(), std::size_t{0});
    auto const centres = comir::kmeans(points, sample, 3, 5);
    for (std::size_t k = 0; k < 3; ++k) {
        CHECK(std::abs(centres[2 * k] - 10.0f * static_cast<float>(k)) < 0.5f);
        CHECK(centres[2 * k + 1] == doctest::Approx(-10.0 * static_cast<double>(k)));
        CHECK(comir::nearest_centre(points, k * each, centres) == k);
    }
}

TEST_CASE("nearest_centre: the first of equally near ones") {
    std::vector<float> const plane{1.0f};
    std::vector<std::span<float const>> const points{plane};
    std::vector<float> const centres{0.0f, 2.0f, 2.0f};
    CHECK(comir::nearest_centre(points, 0, centres) == 0);
}
