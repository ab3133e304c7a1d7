#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <comir/image/local_contrast.hpp>

namespace {

comir::image<float> waves(float gain, float offset) {
    comir::image<float> result({1, 40, 48});
    for (std::size_t y = 0; y < 40; ++y)
        for (std::size_t x = 0; x < 48; ++x)
            result(0, y, x) =
                offset + gain * std::sin(0.9f * static_cast<float>(x)) * std::cos(0.7f * static_cast<float>(y));
    return result;
}

}  // namespace

TEST_CASE("local_contrast: strength and level of a texture do not matter, its sign does") {
    comir::local_contrast_options const options{.sigma = 4, .floor = 1e-4};
    auto const plain = comir::local_contrast(waves(1.0f, 0.0f), options);
    auto const faint = comir::local_contrast(waves(0.05f, 3.0f), options);
    auto const turned = comir::local_contrast(waves(-0.5f, 1.0f), options);
    double square = 0;
    for (std::size_t i = 0; i < plain.values().size(); ++i) {
        CHECK(faint.values()[i] == doctest::Approx(plain.values()[i]).epsilon(0.01).scale(1.0));
        CHECK(turned.values()[i] == doctest::Approx(-plain.values()[i]).epsilon(0.01).scale(1.0));
        square += static_cast<double>(plain.values()[i]) * plain.values()[i];
    }
    CHECK(square / static_cast<double>(plain.values().size()) == doctest::Approx(1.0).epsilon(0.1));
}

TEST_CASE("local_contrast: noise below the floor stays small, a constant image becomes 0") {
    auto const faint = comir::local_contrast(waves(1e-3f, 0.5f), {.sigma = 4, .floor = 0.02});
    for (float v : faint.values())
        CHECK(std::abs(v) < 0.1f);
    auto const flat = comir::local_contrast(comir::image<float>({2, 9, 7}, 0.25f));
    for (float v : flat.values())
        CHECK(std::abs(v) < 1e-4f);
    CHECK_THROWS_AS(comir::local_contrast(waves(1, 0), {.sigma = 0}), comir::error);
    CHECK_THROWS_AS(comir::local_contrast(waves(1, 0), {.floor = 0}), comir::error);
}

TEST_CASE("local_contrast: relative and joint, contrast over the surroundings', of all channels together") {
    comir::image<float> picture({2, 40, 60}, 1.0f);
    comir::image_mask mask({1, 40, 60}, 1);
    for (std::size_t y = 0; y < 40; ++y)
        for (std::size_t x = 0; x < 60; ++x) {
            // A chequerboard that is ten times as strong on the right.
            picture(0, y, x) += ((x + y) % 2 == 0 ? 1.0f : -1.0f) * (x < 30 ? 0.1f : 1.0f);
            if (y < 4) {
                mask(0, y, x) = 0;
                picture(0, y, x) = picture(1, y, x) = std::numeric_limits<float>::quiet_NaN();
            }
        }
    auto const seen = comir::local_contrast(
        picture, {.sigma = 3.0, .floor = 0.01, .relative_floor = true, .joint = true, .threads = 1}, mask);
    CHECK(std::abs(seen(0, 20, 8)) == doctest::Approx(1.0).epsilon(0.05));
    CHECK(std::abs(seen(0, 20, 50)) == doctest::Approx(1.0).epsilon(0.05));
    CHECK(std::abs(seen(0, 5, 50)) == doctest::Approx(1.0).epsilon(0.1));
    CHECK(seen(1, 20, 50) == doctest::Approx(0.0).epsilon(1e-5));
    auto const coarse = comir::local_contrast(
        picture, {.sigma = 3.0, .floor = 1.0, .relative_floor = true, .joint = true, .threads = 1}, mask);
    CHECK(std::abs(coarse(0, 20, 8)) < 0.2);
    CHECK(std::abs(coarse(0, 20, 50)) > 0.6);
    auto const flat = comir::local_contrast(comir::image<float>({1, 20, 20}, 0.3f),
                                            {.sigma = 3.0, .floor = 0.2, .relative_floor = true, .joint = true});
    CHECK(std::ranges::all_of(flat.values(), [](float v) { return v == 0.0f; }));
}
