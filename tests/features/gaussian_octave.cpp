#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/features/extremum_search.hpp>
#include <comir/features/gaussian_octave.hpp>

namespace {

namespace detail = comir::detail;
using detail::plane_view;

void fill_random(plane_view const& plane, std::uint64_t seed) {
    comir::random_stream random(seed);
    for (std::size_t y = 0; y < plane.h; ++y)
        for (std::size_t x = 0; x < plane.w; ++x)
            plane.row(y)[x] = static_cast<float>(random.uniform());
}

std::size_t plain_reflect(long i, long n) {
    while (n > 1 && (i < 0 || i >= n))
        i = i < 0 ? -i : 2 * n - 2 - i;
    return n == 1 ? 0 : static_cast<std::size_t>(i);
}

double plain_blur(plane_view const& from, long y, long x, double sigma) {
    long const radius = static_cast<long>(4.0 * sigma + 0.5);
    double total = 0.0, weights = 0.0;
    for (long v = -radius; v <= radius; ++v)
        for (long u = -radius; u <= radius; ++u) {
            double const weight = std::exp(-0.5 * static_cast<double>(u * u + v * v) / (sigma * sigma));
            weights += weight;
            total += weight * static_cast<double>(from.row(plain_reflect(
                                  y + v, static_cast<long>(from.h)))[plain_reflect(x + u, static_cast<long>(from.w))]);
        }
    return total / weights;
}

}  // namespace

TEST_CASE("plane_blur: every size equals the plain sum") {
    for (std::size_t const h : {1u, 3u, 4u, 5u, 17u, 33u})
        for (std::size_t const w : {1u, 3u, 15u, 16u, 17u, 50u, 64u, 81u, 150u}) {
            plane_view from(nullptr, h, w), to(nullptr, h, w);
            detail::plane_storage const memory(2 * from.size());
            from.data = memory.data();
            to.data = memory.data() + from.size();
            fill_random(from, h * 1000 + w);
            double const sigma = h % 2 == 0 ? 0.7 : 1.9;
            std::vector<float> rows[2];
            for (int const threads : {1, 2}) {
                detail::plane_blur blur(w, 2.0, threads);
                blur(from, to, detail::blur_weights(sigma));
                for (std::size_t y = 0; y < h; ++y)
                    rows[threads - 1].insert(rows[threads - 1].end(), to.row(y), to.row(y) + w);
            }
            CHECK(rows[0] == rows[1]);
            double worst = 0.0;
            for (std::size_t y = 0; y < h; ++y)
                for (std::size_t x = 0; x < w; ++x)
                    worst =
                        std::max(worst, std::abs(plain_blur(from, static_cast<long>(y), static_cast<long>(x), sigma) -
                                                 static_cast<double>(to.row(y)[x])));
            // Two sums of up to 17 products of numbers up to 1.
            CHECK(worst < 40 * 1.2e-7);
        }
}

TEST_CASE("gaussian_octave: levels that advance together equal one blur after the other") {
    for (std::size_t const h : {3u, 31u, 64u, 150u}) {
        detail::gaussian_octave octave(h, 40, 3);
        fill_random(octave.level(0), h);
        std::vector<float> expected[6];
        detail::plane_blur blur(40, 4.0, 1);
        plane_view a(nullptr, h, 40), b(nullptr, h, 40);
        detail::plane_storage const memory(2 * a.size());
        a.data = memory.data();
        b.data = memory.data() + a.size();
        std::copy_n(octave.level(0).data, a.size(), a.data);
        for (int s = 1; s < 6; ++s) {
            double const below = 1.6 * std::exp2((s - 1) / 3.0), here = 1.6 * std::exp2(s / 3.0);
            blur(a, b, detail::blur_weights(std::sqrt(here * here - below * below)));
            std::swap(a.data, b.data);
            for (std::size_t y = 0; y < h; ++y)
                expected[s].insert(expected[s].end(), a.row(y), a.row(y) + 40);
        }
        for (int const threads : {1, 2}) {
            detail::plane_blur together(40, 4.0, threads);
            octave.build(1.6, together, [](std::size_t) {});
            for (int s = 1; s < 6; ++s) {
                double worst = 0.0;
                for (std::size_t y = 0; y < h; ++y)
                    for (std::size_t x = 0; x < 40; ++x)
                        worst = std::max(
                            worst, static_cast<double>(std::abs(octave.level(s).row(y)[x] -
                                                                expected[static_cast<std::size_t>(s)][y * 40 + x])));
                // The blurs' sigmas may differ in their last bits.
                CHECK(worst < 1e-6);
            }
        }
    }
}

TEST_CASE("extremum_search: all of the plain search, refined in the same way") {
    for (std::size_t const w : {11u, 16u, 47u, 64u, 75u, 150u}) {
        constexpr std::size_t h = 250;
        detail::gaussian_octave octave(h, w, 3);
        fill_random(octave.level(1), w);
        detail::plane_blur blur(w, 4.0, 1);
        blur(octave.level(1), octave.level(0), detail::blur_weights(1.6));
        octave.build(1.6, blur, [](std::size_t) {});
        detail::extremum_limits const limits{0.0002f, 100.0f};
        auto const difference = [&](int s, std::size_t y, std::size_t x) {
            return octave.level(s + 1).row(y)[x] - octave.level(s).row(y)[x];
        };
        std::vector<detail::scale_extremum> expected;
        for (int s = 1; s <= 3; ++s)
            for (std::size_t y = 5; y + 5 < h; ++y)
                for (std::size_t x = 5; x + 5 < w; ++x) {
                    float const v = difference(s, y, x);
                    bool high = true, low = true;
                    for (int t = s - 1; t <= s + 1; ++t)
                        for (std::size_t j = y - 1; j <= y + 1; ++j)
                            for (std::size_t i = x - 1; i <= x + 1; ++i) {
                                high = high && v >= difference(t, j, i);
                                low = low && v <= difference(t, j, i);
                            }
                    detail::scale_extremum found;
                    if (std::abs(v) > 0.0001f && (v > 0.0f ? high : low) &&
                        detail::refine_extremum(octave, s, y, x, limits, found))
                        expected.push_back(found);
                }
        for (int const threads : {1, 2}) {
            detail::plane_blur again(w + 20, 4.0, threads);
            detail::extremum_search search(w + 20, 3, threads);
            auto found = search(octave, 1.6, limits, again);
            CHECK(found.size() == expected.size());
            auto const key = [](detail::scale_extremum const& e) { return std::tuple(e.level, e.y, e.x, e.layer); };
            std::ranges::sort(found, {}, key);
            std::ranges::sort(expected, {}, key);
            CHECK(std::ranges::equal(found, expected, {}, key, key));
        }
        if (w >= 47)
            CHECK(expected.size() >= 5);
    }
}

TEST_CASE("scale_quadric: finds the peak of a quadratic in place and scale") {
    detail::gaussian_octave octave(9, 9, 1);
    // The differences of the levels are the quadratic; the first level is zero.
    auto const quadratic = [](double x, double y, double s) {
        double const u = x - 4.3, v = y - 3.8, t = s - 1.2;
        return 2.0 - 0.3 * u * u - 0.2 * v * v - 0.25 * t * t + 0.1 * u * v - 0.05 * u * t + 0.08 * v * t;
    };
    for (std::size_t y = 0; y < 9; ++y)
        for (std::size_t x = 0; x < 9; ++x) {
            double total = 0.0;
            octave.level(0).row(y)[x] = 0.0f;
            for (int s = 0; s < 3; ++s) {
                total += quadratic(static_cast<double>(x), static_cast<double>(y), s);
                octave.level(s + 1).row(y)[x] = static_cast<float>(total);
            }
        }
    detail::scale_quadric const q(octave, 1, 4, 4);
    double offset[3];
    REQUIRE(q.peak(offset));
    CHECK(offset[0] == doctest::Approx(0.3).epsilon(1e-4));
    CHECK(offset[1] == doctest::Approx(-0.2).epsilon(1e-4));
    CHECK(offset[2] == doctest::Approx(0.2).epsilon(1e-4));
}

TEST_CASE("gaussian_octave: halving keeps every other pixel of the level of twice the blur") {
    detail::gaussian_octave octave(21, 34, 3);
    fill_random(octave.level(0), 5);
    detail::plane_blur blur(34, 4.0, 1);
    octave.build(1.6, blur, [](std::size_t) {});
    std::vector<float> expected;
    for (std::size_t y = 0; y < 21; y += 2)
        for (std::size_t x = 0; x < 34; x += 2)
            expected.push_back(octave.level(3).row(y)[x]);
    octave.halve(2);
    REQUIRE(octave.height() == 11);
    REQUIRE(octave.width() == 17);
    std::vector<float> values;
    for (std::size_t y = 0; y < 11; ++y)
        values.insert(values.end(), octave.level(0).row(y), octave.level(0).row(y) + 17);
    CHECK(values == expected);
}
