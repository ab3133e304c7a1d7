#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/convert.hpp>

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

comir::image<float> row_image(std::vector<float> values) {
    comir::image_shape const shape{1, 1, values.size()};
    return {shape, std::move(values)};
}

std::vector<float> values_of(comir::image<float> const& source) {
    return {source.values().begin(), source.values().end()};
}

template <class T>
comir::image<T> every_value() {
    comir::image<T> all({1, 1, std::size_t{std::numeric_limits<T>::max()} + 1});
    for (std::size_t i = 0; i < all.width(); ++i)
        all(0, 0, i) = static_cast<T>(i);
    return all;
}

}  // namespace

TEST_CASE_TEMPLATE("to_float: every integer is its share of the maximum, and comes back by to_integer", T, std::uint8_t,
                   std::uint16_t) {
    auto const all = every_value<T>();
    auto const real = to_float(all);
    bool shares = true;
    for (std::size_t i = 0; i < all.width(); ++i)
        shares = shares && real(0, 0, i) == static_cast<float>(i) / static_cast<float>(std::numeric_limits<T>::max());
    CHECK(shares);
    CHECK(real.values().back() == 1.0f);
    CHECK(std::ranges::equal(comir::to_integer<T>(real).values(), all.values()));
}

TEST_CASE("to_float: keeps floating-point values, spacing and origin") {
    comir::image<double> source({1, 1, 2}, {-3.5, 260.25});
    source.spacing = {0.5, 0.25};
    source.origin = {10, 20};
    auto const real = to_float(source);
    CHECK(values_of(real) == std::vector<float>{-3.5f, 260.25f});
    CHECK(real.spacing == source.spacing);
    CHECK(real.origin == source.origin);
}

TEST_CASE("to_integer: rounds to the nearest, clamps, and makes 0 of what is no number") {
    float const infinity = std::numeric_limits<float>::infinity();
    auto const source = row_image({-0.2f, 0.4f / 255, 0.6f / 255, 1.0f, 1.5f, not_a_number, infinity, -infinity});
    auto const bytes = comir::to_integer<std::uint8_t>(source);
    std::vector<int> const given(bytes.values().begin(), bytes.values().end());
    CHECK(given == std::vector<int>{0, 0, 1, 255, 255, 0, 255, 0});
    CHECK(comir::to_integer<std::uint16_t>(source)(0, 0, 4) == 65535);
}

TEST_CASE("select_channels: takes channels in the given order") {
    comir::image<std::uint8_t> source({3, 1, 2}, {1, 2, 11, 12, 21, 22});
    source.spacing = {3, 4};
    auto const chosen = select_channels(source, {2, 0, 2});
    CHECK(std::ranges::equal(chosen.values(), std::vector<int>{21, 22, 1, 2, 21, 22}));
    CHECK(chosen.spacing == source.spacing);
    CHECK_THROWS_WITH_AS(select_channels(source, {0, 3}),
                         "comir::select_channels: channel 3 was asked for, the image has 3, counted from 0",
                         comir::shape_error);
    CHECK_THROWS_AS(select_channels(source, {}), comir::shape_error);
}

TEST_CASE("log1p_transform: log(1 + x), refused at -1 and below") {
    auto const lifted = log1p_transform(row_image({0.0f, 1.0f, 1e-6f, 1000.0f}));
    for (std::size_t i = 0; i < 4; ++i) {
        float const x = std::vector{0.0f, 1.0f, 1e-6f, 1000.0f}[i];
        CHECK(lifted(0, 0, i) == doctest::Approx(std::log1p(static_cast<double>(x))).epsilon(4e-7));
    }
    CHECK_THROWS_AS(log1p_transform(row_image({0.0f, -1.0f})), comir::error);
    CHECK_THROWS_AS(log1p_transform(row_image({not_a_number})), comir::error);
}

TEST_CASE("normalise: minimum and maximum become 0 and 1") {
    CHECK(values_of(normalise(row_image({3.0f, -1.0f, 7.0f, 1.0f}))) == std::vector<float>{0.5f, 0.0f, 1.0f, 0.25f});
    CHECK(values_of(normalise(row_image({5.0f, 5.0f}))) == std::vector<float>{0.0f, 0.0f});
    CHECK(normalise(comir::image<float>{}).empty());
}

TEST_CASE("normalise: percentiles lie between order statistics, values beyond them are clamped") {
    // Sorted 0 1 2 3 10: the 12.5th percentile is 0.5, the 75th is 3.
    auto const scaled = normalise(row_image({2.0f, 10.0f, 0.0f, 3.0f, 1.0f}), {.low = 12.5, .high = 75});
    CHECK(values_of(scaled) == std::vector<float>{0.6f, 1.0f, 0.0f, 1.0f, 0.2f});
}

TEST_CASE("normalise: one range for all channels, or one each") {
    comir::image<float> const source({2, 1, 2}, {0, 1, 2, 4});
    CHECK(values_of(normalise(source)) == std::vector<float>{0, 0.25f, 0.5f, 1});
    CHECK(values_of(normalise(source, {.per_channel = true})) == std::vector<float>{0, 1, 0, 1});
}

TEST_CASE("normalise: bad percentiles and values are refused") {
    auto const source = row_image({1, 2});
    CHECK_THROWS_AS(normalise(source, {.low = 50, .high = 50}), comir::error);
    CHECK_THROWS_AS(normalise(source, {.low = -1, .high = 50}), comir::error);
    CHECK_THROWS_AS(normalise(source, {.low = 0, .high = 101}), comir::error);
    CHECK_THROWS_AS(normalise(source, {.low = not_a_number}), comir::error);
    CHECK_THROWS_AS(normalise(row_image({1, not_a_number})), comir::error);
}

TEST_CASE("has_only_finite: sees infinities and what is no number") {
    CHECK(has_only_finite(row_image({1, -2})));
    CHECK_FALSE(has_only_finite(row_image({1, not_a_number})));
    CHECK_FALSE(has_only_finite(row_image({-std::numeric_limits<float>::infinity()})));
    CHECK(has_only_finite(comir::image<std::uint8_t>({1, 2, 2})));
}

TEST_CASE("principal_component: finds the mixed direction and scales it to 0..1") {
    // Channel 0 is 3 s, channel 1 is -s, channel 2 constant: the axis is (3, -1, 0) / sqrt(10).
    comir::image<double> source({3, 4, 8});
    for (std::size_t p = 0; p < 32; ++p) {
        double const s = static_cast<double>(p);
        source.channel(0)[p] = 3 * s;
        source.channel(1)[p] = -s;
        source.channel(2)[p] = 100.0;
    }
    source.spacing = {2, 2};
    auto const grey = principal_component(source);
    CHECK(grey.shape() == comir::image_shape{1, 4, 8});
    CHECK(grey.spacing == source.spacing);
    // Scaled to 0..1, s itself is left; sums of 32 values below 100 round to 1e-14 of a range of 31.
    for (std::size_t p = 0; p < 32; ++p)
        CHECK(std::abs(grey.channel(0)[p] - static_cast<double>(p) / 31) <= 1e-13);
}

TEST_CASE("principal_component: its largest weight is positive") {
    comir::image<float> const falling({2, 1, 3}, {0, 1, 2, 9, 5, 1});
    CHECK(values_of(principal_component(falling)) == std::vector<float>{1.0f, 0.5f, 0.0f});
}

TEST_CASE("principal_component: one channel passes through, a constant image becomes 0, bad input is refused") {
    CHECK(values_of(principal_component(row_image({3, -5}))) == std::vector<float>{3, -5});
    CHECK(values_of(principal_component(comir::image<float>({2, 1, 2}, 0.3f))) == std::vector<float>{0, 0});
    CHECK_THROWS_AS(principal_component(comir::image<float>{}), comir::error);
    CHECK_THROWS_AS(principal_component(comir::image<float>({2, 1, 1}, {1, not_a_number})), comir::error);
}
