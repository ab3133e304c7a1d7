#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/border_regions.hpp>
#include <comir/image/filter.hpp>

namespace {

comir::image<float> noise(comir::image_shape shape, double sigma, std::uint64_t seed = 1) {
    comir::random_stream random(seed);
    comir::image<float> result(shape);
    for (float& v : result.values())
        v = static_cast<float>(random.uniform(-1.0, 1.0));
    result = comir::gaussian_blur(result, sigma);
    auto const [low, high] = std::ranges::minmax_element(result.values());
    float const from = *low, range = *high - *low;
    for (float& v : result.values())
        v = (v - from) / range;
    return result;
}

/// In steps of 8 bits, as most files have them.
comir::image<float> eight_bits(comir::image<float> source) {
    for (float& v : source.values())
        v = std::round(std::clamp(v, 0.0f, 1.0f) * 255.0f) / 255.0f;
    return source;
}

/// Few bright fibres on a background whose noise the detector cuts off at 0, as in second-harmonic images.
comir::image<float> dark_image(double zeros) {
    auto grain = noise({1, 256, 256}, 0.8);
    auto const fibres = noise({1, 256, 256}, 6.0, 2);
    std::vector<float> sorted(grain.values().begin(), grain.values().end());
    std::ranges::sort(sorted);
    float const cut = sorted[static_cast<std::size_t>(zeros * static_cast<double>(sorted.size()))];
    for (std::size_t i = 0; i < grain.values().size(); ++i)
        grain.values()[i] = (grain.values()[i] - cut) * 0.02f + std::max(0.0f, fibres.values()[i] - 0.65f);
    return eight_bits(grain);
}

/// Draws a colour where `drawn` says so; the share of the image.
template <class Drawn>
double draw(comir::image<float>& image, float colour, Drawn drawn) {
    std::size_t count = 0;
    for (std::size_t y = 0; y < image.height(); ++y)
        for (std::size_t x = 0; x < image.width(); ++x)
            if (drawn(static_cast<double>(x), static_cast<double>(y))) {
                for (std::size_t c = 0; c < image.channels(); ++c)
                    image(c, y, x) = colour;
                ++count;
            }
    return static_cast<double>(count) / static_cast<double>(image.height() * image.width());
}

/// Whether a mask leaves out what was drawn, up to 3 px beside it, and little of the rest.
template <class Drawn>
void check_masked(comir::image_mask const& mask, comir::image_shape const& shape, Drawn drawn, std::size_t most = 0) {
    REQUIRE(mask.shape() == comir::image_shape{1, shape.h, shape.w});
    std::size_t missed = 0, beside = 0;
    for (std::size_t y = 0; y < shape.h; ++y)
        for (std::size_t x = 0; x < shape.w; ++x) {
            auto const u = static_cast<double>(x), v = static_cast<double>(y);
            bool near = false;
            for (double i = -3; i <= 3; ++i)
                for (double j = -3; j <= 3; ++j)
                    near = near || drawn(u + i, v + j);
            missed += drawn(u, v) && mask(0, y, x) != 0;
            beside += !near && mask(0, y, x) == 0;
        }
    CHECK(missed == 0);
    CHECK(beside <= most);
}

auto const bands = [](double x, double y) { return x < 14 || y > 231; };
auto const turned = [](double x, double y) {
    double const u = x - 127.5, v = y - 127.5, c = std::cos(0.4), s = std::sin(0.4);
    return std::abs(c * u + s * v) > 95 || std::abs(-s * u + c * v) > 95;
};
auto const disc = [](double x, double y) { return std::hypot(x - 127.5, y - 127.5) > 145; };
auto const stairs = [](double x, double y) { return y < (x < 90 ? 10 : x < 170 ? 25 : 17); };

template <class Drawn>
void check_found(comir::image<float> image, float colour, Drawn drawn) {
    double const share = draw(image, colour, drawn);
    auto const found = comir::find_borders(image);
    REQUIRE(found.regions.size() == 1);
    CHECK(found.regions[0].colour == std::vector<float>(image.channels(), colour));
    check_masked(found.mask, image.shape(), drawn);
    CHECK(comir::masked_share(found.regions[0].mask) == doctest::Approx(share).epsilon(0.2));
}

}  // namespace

TEST_CASE("find_borders: bands, the canvas of a turned image, the dark around a disc and steps of a mosaic are found") {
    for (std::size_t const channels : {std::size_t{1}, std::size_t{3}}) {
        auto const image = eight_bits(noise({channels, 256, 256}, 1.5));
        for (float const colour : {0.0f, 1.0f}) {
            check_found(image, colour, bands);
            check_found(image, colour, turned);
            check_found(image, colour, disc);
            check_found(image, colour, stairs);
        }
    }
}

TEST_CASE("find_borders: large images and small ones") {
    auto const wide = [](double x, double) { return x > 1650; };
    auto large = eight_bits(noise({1, 1100, 1700}, 2.0));
    draw(large, 0.0f, wide);
    check_masked(comir::find_borders(large).mask, large.shape(), wide);
    auto small = eight_bits(noise({1, 96, 96}, 1.0));
    auto const narrow = [](double x, double) { return x < 5; };
    draw(small, 0.0f, narrow);
    check_masked(comir::find_borders(small).mask, small.shape(), narrow);
    CHECK(comir::find_borders(comir::image<float>({1, 1, 1}, 0.0f)).mask.empty());
    CHECK(comir::find_borders(comir::image<float>({1, 3, 2}, 0.0f)).mask.empty());
    CHECK(comir::find_borders(comir::image<float>{}).mask.empty());
}

TEST_CASE("find_borders: a band of black is told from a background that is black here and there") {
    auto image = dark_image(0.3);
    draw(image, 0.0f, bands);
    // Black spots that touch the band go with it.
    check_masked(comir::find_borders(image).mask, image.shape(), bands, 200);
}

TEST_CASE("find_borders: content is left alone: dark backgrounds, cut-off skies, flat images") {
    for (double const zeros : {0.3, 0.6, 0.9})
        CHECK(comir::find_borders(dark_image(zeros)).mask.empty());
    auto sky = noise({3, 256, 256}, 1.0);
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t y = 0; y < 256; ++y)
            for (std::size_t x = 0; x < 256; ++x)
                sky(c, y, x) = sky(c, y, x) * 0.2f + 1.2f - static_cast<float>(y) / 128.0f;
    CHECK(comir::find_borders(eight_bits(sky)).mask.empty());
    CHECK(comir::find_borders(eight_bits(noise({1, 200, 300}, 3.0))).mask.empty());
    CHECK(comir::find_borders(comir::image<float>({1, 200, 300}, 0.5f)).mask.empty());
    comir::image<float> shape({1, 256, 256}, 1.0f);
    draw(shape, 0.0f, turned);
    CHECK(comir::find_borders(shape).mask.empty());
}

TEST_CASE("find_borders: a number far from all others is no content, whatever its outline and place") {
    auto image = noise({1, 256, 256}, 4.0);
    auto const coast = image;
    auto const drawn = [&](double x, double y) {
        return coast(0, static_cast<std::size_t>(std::clamp(y, 0.0, 255.0)),
                     static_cast<std::size_t>(std::clamp(x, 0.0, 255.0))) < 0.4f;
    };
    draw(image, -9999.0f, drawn);
    auto const found = comir::find_borders(image);
    check_masked(found.mask, image.shape(), drawn);
    CHECK(comir::find_borders(image, {}, {.outlines = false}).mask.values().size() == 256 * 256);
    auto black = eight_bits(noise({1, 256, 256}, 1.0));
    draw(black, 0.0f, bands);
    CHECK(comir::find_borders(black, {}, {.outlines = false}).mask.empty());
}

TEST_CASE("find_borders: what is known before is not repeated, and borders run along it") {
    auto image = eight_bits(noise({1, 256, 256}, 1.0));
    comir::image_mask known({1, 256, 256}, 1);
    for (std::size_t y = 0; y < 256; ++y)
        for (std::size_t x = 0; x < 20; ++x) {
            known(0, y, x) = 0;
            image(0, y, x) = std::numeric_limits<float>::quiet_NaN();
        }
    CHECK(comir::find_borders(image).mask.empty());
    CHECK(comir::find_borders(image, known).mask.empty());
    auto const below = [](double, double y) { return y > 240; };
    draw(image, 0.0f, [&](double x, double y) { return below(x, y) && x >= 20; });
    auto const found = comir::find_borders(image, known);
    REQUIRE(!found.mask.empty());
    CHECK(found.mask(0, 250, 100) == 0);
    CHECK(found.mask(0, 100, 100) != 0);
    CHECK(found.mask(0, 100, 10) != 0);
    CHECK_THROWS_WITH_AS(comir::find_borders(image, comir::image_mask({1, 2, 256})),
                         "comir::find_borders: the mask is 1 x 2 x 256, expected 1 x 256 x 256 as its image",
                         comir::shape_error);
}
