#include <cmath>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include <comir/evaluation/equivariance.hpp>

namespace {

/// A round blob in the middle.
comir::image<float> blob(std::size_t h, std::size_t w) {
    comir::image<float> picture({1, h, w});
    for (std::size_t y = 0; y < h; ++y)
        for (std::size_t x = 0; x < w; ++x) {
            double const dx = static_cast<double>(x) - 0.5 * static_cast<double>(w - 1),
                         dy = static_cast<double>(y) - 0.5 * static_cast<double>(h - 1);
            picture(0, y, x) = static_cast<float>(std::exp(-(dx * dx + dy * dy) / (2.0 * 7.0 * 7.0)));
        }
    return picture;
}

/// A smooth image without any symmetry.
comir::image<float> waves(std::size_t side) {
    comir::image<float> picture({1, side, side});
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x) {
            double const u = static_cast<double>(x), v = static_cast<double>(y);
            picture(0, y, x) = static_cast<float>(std::sin(0.31 * u + 0.1 * v) + std::sin(0.2 * v - 0.005 * u * u) +
                                                  0.02 * u + 0.01 * v);
        }
    return picture;
}

comir::image<float> identity(comir::image<float> const& x) {
    return x;
}

comir::image<float> slope_along_x(comir::image<float> const& x) {
    comir::image<float> result(x.shape());
    for (std::size_t y = 0; y < x.height(); ++y)
        for (std::size_t i = 1; i + 1 < x.width(); ++i)
            result(0, y, i) = x(0, y, i + 1) - x(0, y, i - 1);
    return result;
}

std::vector<double> listed(double a, double b) {
    std::vector<double> values;
    for (double const v : {a, b})
        values.push_back(v);
    return values;
}

}  // namespace

TEST_CASE("pearson: the definition, over masked places alone") {
    std::vector<float> const a{1, 2, 3, 4, 100}, b{2, 4, 6, 9, -50};
    std::vector<unsigned char> const mask{1, 1, 1, 1, 0};
    // Deviations -1.5 -0.5 0.5 1.5 and -3.25 -1.25 0.75 3.75.
    CHECK(comir::pearson(a, b, mask) == doctest::Approx(11.5 / std::sqrt(5.0 * 26.75)).epsilon(1e-12));
    CHECK(comir::pearson(a, b) < -0.9);
    std::vector<float> const flat(5, 0.1f);
    CHECK(comir::pearson(a, flat) == 0.0);
    CHECK(comir::pearson({}, {}) == 0.0);
    CHECK_THROWS_AS(comir::pearson(a, std::vector<float>{1}), comir::shape_error);
}

TEST_CASE("equivariance: what does nothing turns with every image, quarter turns exactly") {
    std::vector<comir::image<float>> const images{waves(65), waves(48)};
    auto const points = comir::equivariance(images, identity);
    REQUIRE(points.size() == 35);
    for (auto const& p : points) {
        CHECK(p.correlation > 0.999);
        if (std::fmod(p.angle_deg, 90.0) == 0.0)
            CHECK(p.correlation == doctest::Approx(1.0).epsilon(1e-6));
    }
    CHECK(points.front().angle_deg == 10.0);
    CHECK(points.back().angle_deg == 350.0);
}

TEST_CASE("equivariance: the slope along x of a round blob correlates by the angle's cosine") {
    std::vector<comir::image<float>> const images{blob(64, 91)};
    for (auto const& p : comir::equivariance(images, slope_along_x))
        CHECK(p.correlation == doctest::Approx(std::cos(p.angle_deg * std::numbers::pi / 180.0)).epsilon(0.01));
}

TEST_CASE("equivariance: the mean over images and channels; what does not vary counts as 0") {
    std::vector<comir::image<float>> images{blob(64, 64)};
    auto const two_channels = [](comir::image<float> const& x) {
        comir::image<float> result({2, x.height(), x.width()}, 0.5f);
        std::ranges::copy(x.values(), result.channel(0).begin());
        return result;
    };
    auto const half = comir::equivariance(images, two_channels, {.angles_deg = listed(0.0, 37.0)});
    REQUIRE(half.size() == 2);
    CHECK(half[0].correlation == doctest::Approx(0.5));
    CHECK(half[1].correlation == doctest::Approx(0.5).epsilon(1e-3));
    images.emplace_back(comir::image_shape{1, 32, 32}, 0.5f);
    auto const quarter = comir::equivariance(images, two_channels, {.angles_deg = listed(0.0, 37.0)});
    CHECK(quarter[0].correlation == doctest::Approx(0.25));
    CHECK(comir::mean_correlation(quarter) == doctest::Approx(0.25).epsilon(1e-3));
}

TEST_CASE("equivariance: what lies outside the disc does not count") {
    std::vector<comir::image<float>> const images{blob(64, 64)};
    // Spoils the corners, which lie beyond the inscribed disc.
    auto const spoil = [](comir::image<float> const& x) {
        comir::image<float> result = x;
        for (std::size_t y = 0; y < 8; ++y)
            for (std::size_t i = 0; i < 8; ++i)
                result(0, y, i) = 9.0f;
        return result;
    };
    for (auto const& p : comir::equivariance(images, spoil, {.angles_deg = listed(90.0, 180.0)}))
        CHECK(p.correlation == doctest::Approx(1.0).epsilon(1e-6));
}

TEST_CASE("equivariance: progress is told and can stop it; senseless input is refused") {
    std::vector<comir::image<float>> const images{blob(16, 16), blob(16, 16)};
    std::size_t calls = 0;
    auto const count = [&](std::size_t done, std::size_t total) {
        CHECK(done == ++calls);
        CHECK(total == 4);
        return done < 3;
    };
    CHECK(comir::equivariance(images, identity, {.angles_deg = listed(10.0, 20.0), .on_progress = count}).empty());
    CHECK(calls == 3);
    CHECK_THROWS_AS(comir::equivariance({}, identity), comir::error);
    CHECK_THROWS_AS(comir::equivariance(images, identity, {.margin = 1.0}), comir::error);
    auto const shrink = [](comir::image<float> const& x) {
        return comir::image<float>({1, x.height(), x.width() - 1});
    };
    CHECK_THROWS_WITH_AS(comir::equivariance(images, shrink),
                         "comir::equivariance: the encoder made 1 x 16 x 15 of 1 x 16 x 16, expected the same rows and "
                         "columns",
                         comir::shape_error);
    CHECK_THROWS_AS(comir::mean_correlation({}), comir::error);
}
