#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/models/encoder.hpp>

namespace {

comir::encoder<comir::compact_network> make_encoder() {
    comir::compact_network network(2, 1);
    std::vector<float> parameters(network.parameter_count()), running(network.running_count());
    network.initialise(parameters, running, 1);
    return {network, parameters, running, {.modality = "test", .log = false, .range = {}}};
}

comir::image<float> noise(std::size_t c, std::size_t h, std::size_t w) {
    comir::image<float> picture({c, h, w});
    comir::random_stream random(2);
    for (float& v : picture.values())
        v = static_cast<float>(random.uniform());
    return picture;
}

}  // namespace

TEST_CASE("encoder: tiles give what the whole image gives") {
    auto const encoder = make_encoder();
    auto const picture = noise(2, 211, 170);
    auto const whole = encoder.encode(picture, {.tile = 4096});
    auto const tiled = encoder.encode(picture, {.tile = 64});
    float largest = 0, difference = 0;
    for (std::size_t i = 0; i < whole.values().size(); ++i) {
        largest = std::max(largest, std::abs(whole.values()[i]));
        difference = std::max(difference, std::abs(whole.values()[i] - tiled.values()[i]));
    }
    CHECK(largest > 0);
    CHECK(difference <= 1e-6f * largest);
}

TEST_CASE("encoder: images of any size, reflected as often as needed") {
    auto const encoder = make_encoder();
    for (std::size_t h : {1u, 2u, 7u, 40u})
        for (std::size_t w : {1u, 3u, 33u}) {
            auto const result = encoder.encode(noise(2, h, w));
            CHECK(result.shape() == comir::image_shape{1, h, w});
            CHECK(comir::has_only_finite(result));
        }
}

TEST_CASE("encoder: a periodic reflection is what the margin holds") {
    // A column image without variation along y gives a representation without variation along y, far from the border.
    auto const encoder = make_encoder();
    comir::image<float> picture({2, 4, 64});
    for (std::size_t c = 0; c < 2; ++c)
        for (std::size_t y = 0; y < 4; ++y)
            for (std::size_t x = 0; x < 64; ++x)
                picture(c, y, x) = static_cast<float>((x * 7 + c) % 11) / 11.0f;
    auto const result = encoder.encode(picture, {.margin = 256});
    for (std::size_t x = 0; x < 64; ++x)
        CHECK(result(0, 0, x) == doctest::Approx(result(0, 2, x)).epsilon(1e-4));
}

TEST_CASE("encoder: its preprocessing is part of it") {
    auto encoder = make_encoder();
    auto const picture = noise(2, 40, 33);
    auto const by_hand =
        encoder.encode(comir::local_contrast(comir::log1p_transform(picture), {.sigma = 5, .floor = 0.1}));
    encoder.settings().log = true;
    encoder.settings().contrast_sigma = 5;
    encoder.settings().contrast_floor = 0.1;
    auto const by_settings = encoder.encode(picture);
    CHECK(std::ranges::equal(by_settings.values(), by_hand.values()));
}

TEST_CASE("encoder: the mean over the turns is that of the four turned images, and turns with the image bit for bit") {
    auto encoder = make_encoder();
    auto const picture = noise(2, 40, 52);
    std::vector<double> sum(picture.height() * picture.width());
    for (int k = 0; k < 4; ++k) {
        auto const back = comir::turn(encoder.encode(comir::turn(picture, k)), -k);
        for (std::size_t i = 0; i < sum.size(); ++i)
            sum[i] += static_cast<double>(back.values()[i]);
    }
    auto const plain = encoder.encode(picture);
    CHECK_FALSE(std::ranges::equal(encoder.encode(comir::turn(picture, 1)).values(), comir::turn(plain, 1).values()));
    encoder.settings().average_turns = true;
    auto const mean = encoder.encode(picture);
    REQUIRE(mean.shape() == plain.shape());
    CHECK_FALSE(std::ranges::equal(mean.values(), plain.values()));
    for (std::size_t i = 0; i < sum.size(); ++i)
        CHECK(static_cast<double>(mean.values()[i]) == doctest::Approx(sum[i] / 4).epsilon(1e-5));
    for (int k = 1; k < 4; ++k) {
        auto const turned = encoder.encode(comir::turn(picture, k)), expected = comir::turn(mean, k);
        CHECK(turned.shape() == expected.shape());
        CHECK(std::ranges::equal(turned.values(), expected.values()));
    }
}

TEST_CASE("encoder: the mean over the turns keeps the image's place and pixel size") {
    auto encoder = make_encoder();
    encoder.settings().average_turns = true;
    auto picture = noise(2, 16, 24);
    picture.spacing = {0.5, 2.0};
    picture.origin = {3.0, 4.0};
    auto const result = encoder.encode(picture);
    CHECK(result.spacing == picture.spacing);
    CHECK(result.origin == picture.origin);
}

TEST_CASE("encoder: wrong channels and values that are not finite are refused") {
    auto const encoder = make_encoder();
    CHECK_THROWS_WITH_AS(encoder.encode(noise(3, 8, 8)),
                         "comir::encode: the image has 3 channels, the encoder of test expects 2", comir::shape_error);
    auto picture = noise(2, 8, 8);
    picture(1, 2, 3) = std::nanf("");
    CHECK_THROWS_AS(encoder.encode(picture), comir::error);
    CHECK_THROWS_WITH_AS(encoder.encode(noise(2, 8, 8), {.margin = std::size_t(-1)}),
                         doctest::Contains("expected at most 65536"), comir::error);
    auto const whole = noise(2, 30, 41);
    CHECK(
        std::ranges::equal(encoder.encode(whole, {.tile = std::size_t(-1)}).values(), encoder.encode(whole).values()));
}

TEST_CASE("to_unit: one range for all images") {
    comir::image<float> picture({1, 1, 3}, std::vector<float>{-3.0f, 1.0f, 9.0f});
    auto const unit = comir::to_unit(picture, {-1.0f, 3.0f});
    CHECK(unit(0, 0, 0) == 0.0f);
    CHECK(unit(0, 0, 1) == 0.5f);
    CHECK(unit(0, 0, 2) == 1.0f);
}
