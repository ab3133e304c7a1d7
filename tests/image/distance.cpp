#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/distance.hpp>

namespace {

comir::image_mask random_mask(std::size_t h, std::size_t w, double share, std::uint64_t seed) {
    comir::image_mask mask({1, h, w});
    comir::random_stream random(seed);
    for (auto& value : mask.values())
        value = random.coin(share) ? 255 : 0;
    return mask;
}

comir::image<float> brute_force(comir::image_mask const& mask, float d_max) {
    comir::image<float> map({1, mask.height(), mask.width()}, d_max);
    for (std::size_t y = 0; y < mask.height(); ++y)
        for (std::size_t x = 0; x < mask.width(); ++x)
            for (std::size_t v = 0; v < mask.height(); ++v)
                for (std::size_t u = 0; u < mask.width(); ++u)
                    if (mask(0, v, u)) {
                        double const dx = static_cast<double>(x) - static_cast<double>(u);
                        double const dy = static_cast<double>(y) - static_cast<double>(v);
                        map(0, y, x) = std::min(map(0, y, x), static_cast<float>(std::sqrt(dx * dx + dy * dy)));
                    }
    return map;
}

bool equal_maps(comir::image<float> const& a, comir::image<float> const& b) {
    return a.shape() == b.shape() && std::equal(a.values().begin(), a.values().end(), b.values().begin());
}

}  // namespace

TEST_CASE("distance_map: random masks equal brute force bit for bit, for 1 and 2 threads") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    std::uint64_t seed = 0;
    for (std::size_t const h : {1u, 2u, 3u, 16u, 33u, 41u})
        for (std::size_t const w : {1u, 2u, 7u, 16u, 17u, 50u})
            for (double const share : {0.002, 0.02, 0.3, 0.9}) {
                auto const mask = random_mask(h, w, share, ++seed);
                CAPTURE(h);
                CAPTURE(w);
                CAPTURE(share);
                CHECK(equal_maps(comir::distance_map(mask, infinity, 1), brute_force(mask, infinity)));
                CHECK(equal_maps(comir::distance_map(mask, 6.5f, 2), brute_force(mask, 6.5f)));
            }
}

TEST_CASE("distance_map: bands of a larger map equal brute force") {
    auto const mask = random_mask(70, 300, 0.001, 5);
    CHECK(equal_maps(comir::distance_map(mask, 1000.0f, 2), brute_force(mask, 1000.0f)));
}

TEST_CASE("distance_map: a mask without a set pixel gives the cut-off everywhere") {
    comir::image_mask const none({1, 5, 40});
    auto const cut = comir::distance_map(none, 12.0f), open = comir::distance_map(none);
    for (float const value : cut.values())
        CHECK(value == 12.0f);
    for (float const value : open.values())
        CHECK(std::isinf(value));
}

TEST_CASE("distance_map: bad input is refused") {
    CHECK_THROWS_AS(comir::distance_map({}), comir::shape_error);
    CHECK_THROWS_AS(comir::distance_map(comir::image_mask({2, 3, 3})), comir::shape_error);
    CHECK_THROWS_AS(comir::distance_map(comir::image_mask({1, 3, 3}), 0.0f), comir::error);
    CHECK_THROWS_AS(comir::distance_map(comir::image_mask({1, 3, 3}), std::nanf("")), comir::error);
}
