#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/interpolate.hpp>

namespace {

using comir::border;
using comir::interpolation;
using comir::point2;

constexpr std::array methods{interpolation::nearest, interpolation::linear, interpolation::cubic};
constexpr std::array borders{border::background, border::clamp, border::reflect};

double value_at(comir::image<double> const& source, point2 p, comir::sampling_options const& options) {
    std::array<double, 1> value{};
    sample(source, p, value, options);
    return value[0];
}

comir::image<double> formula(std::size_t h, std::size_t w, auto f) {
    comir::image<double> result({1, h, w});
    for (std::size_t y = 0; y < h; ++y)
        for (std::size_t x = 0; x < w; ++x)
            result(0, y, x) = f(static_cast<double>(x), static_cast<double>(y));
    return result;
}

comir::image<double> rough(std::size_t h, std::size_t w) {
    return formula(h, w, [](double x, double y) { return std::sin(12.9898 * x + 78.233 * y) * 50; });
}

/// Keys' kernel as the paper writes it, with a = -0.5.
double keys(double s) {
    constexpr double a = -0.5;
    s = std::abs(s);
    if (s <= 1)
        return (a + 2) * s * s * s - (a + 3) * s * s + 1;
    return s < 2 ? a * s * s * s - 5 * a * s * s + 8 * a * s - 4 * a : 0;
}

/// A pixel anywhere of the endless image that a border makes, by stepping home one mirror or pixel at a time.
double endless(comir::image<double> const& source, int x, int y, border outside) {
    auto const home = [&](int i, int n) {
        if (outside == border::reflect) {
            while (i < 0 || i >= n)
                i = i < 0 ? -1 - i : 2 * n - 1 - i;
            return static_cast<std::size_t>(i);
        }
        while (i < 0)
            ++i;
        while (i >= n)
            --i;
        return static_cast<std::size_t>(i);
    };
    return source(0, home(y, static_cast<int>(source.height())), home(x, static_cast<int>(source.width())));
}

double plain(comir::image<double> const& source, point2 p, interpolation method, border outside) {
    double total = 0;
    int const fx = static_cast<int>(std::floor(p.x)), fy = static_cast<int>(std::floor(p.y));
    for (int y = fy - 2; y <= fy + 3; ++y)
        for (int x = fx - 2; x <= fx + 3; ++x) {
            auto const weight = [&](double d) {
                if (method == interpolation::nearest)
                    return d > -0.5 && d <= 0.5 ? 1.0 : 0.0;
                return method == interpolation::linear ? std::max(0.0, 1 - std::abs(d)) : keys(d);
            };
            total += weight(p.x - x) * weight(p.y - y) * endless(source, x, y, outside);
        }
    return total;
}

// Values are below 50 and sixteen products are summed.
constexpr double tolerance = 64 * std::numeric_limits<double>::epsilon() * 50;

}  // namespace

TEST_CASE("sample: pixel centres give the pixels, exactly") {
    for (auto const [h, w] : {std::array<std::size_t, 2>{1, 1}, {1, 5}, {6, 2}, {7, 9}}) {
        auto const picture = rough(h, w);
        for (auto const method : methods)
            for (auto const outside : borders)
                for (std::size_t y = 0; y < h; ++y)
                    for (std::size_t x = 0; x < w; ++x)
                        CHECK(value_at(picture, {static_cast<double>(x), static_cast<double>(y)}, {method, outside}) ==
                              picture(0, y, x));
    }
}

TEST_CASE("sample: equals the plain sum over kernel weights, inside and beyond the edge") {
    for (auto const [h, w] : {std::array<std::size_t, 2>{1, 1}, {2, 3}, {5, 4}}) {
        auto const picture = rough(h, w);
        for (auto const method : methods)
            for (auto const outside : {border::clamp, border::reflect})
                for (double y = -9.85; y < 12; y += 0.7)
                    for (double x = -9.8; x < 12; x += 0.9)
                        CHECK(std::abs(value_at(picture, {x, y}, {method, outside}) -
                                       plain(picture, {x, y}, method, outside)) <= tolerance);
    }
}

TEST_CASE("sample: linear and cubic reproduce a ramp, cubic also a parabola") {
    auto const ramp = [](double x, double y) { return 2 * x - 3 * y + 1; };
    auto const parabola = [](double x, double y) { return 0.25 * x * x - 0.5 * x * y + y; };
    auto const ramp_image = formula(8, 9, ramp), parabola_image = formula(8, 9, parabola);
    for (double y = 1; y <= 6; y += 0.37)
        for (double x = 1; x <= 7; x += 0.29) {
            CHECK(std::abs(value_at(ramp_image, {x, y}, {interpolation::linear}) - ramp(x, y)) <= tolerance);
            CHECK(std::abs(value_at(ramp_image, {x, y}, {interpolation::cubic}) - ramp(x, y)) <= tolerance);
            CHECK(std::abs(value_at(parabola_image, {x, y}, {interpolation::cubic}) - parabola(x, y)) <= tolerance);
        }
}

TEST_CASE("sample: the background begins half a pixel beyond the outer centres") {
    comir::image<double> const picture({1, 2, 3}, 5.0);
    std::array<double, 1> value{};
    for (auto const method : methods) {
        comir::sampling_options const options{.method = method, .background = -7.0};
        for (point2 const p : {point2{-0.5, -0.5}, {2.49, 1.49}, {1, -0.3}}) {
            CHECK(sample(picture, p, value, options));
            CHECK(std::abs(value[0] - 5.0) <= tolerance);
        }
        for (point2 const p : {point2{-0.51, 0}, {2.5, 0}, {0, 1.5}, {0, -0.6}, {1e300, 0}}) {
            CHECK_FALSE(sample(picture, p, value, options));
            CHECK(value[0] == -7.0);
        }
    }
}

TEST_CASE("sample: with clamp and reflect it still tells inside from outside") {
    comir::image<double> const picture({1, 2, 3}, 5.0);
    std::array<double, 1> value{};
    for (auto const outside : {border::clamp, border::reflect}) {
        CHECK(sample(picture, {2.4, 0}, value, {.outside = outside}));
        CHECK_FALSE(sample(picture, {2.6, 0}, value, {.outside = outside}));
        CHECK(value[0] == 5.0);
    }
}

TEST_CASE("sample: endless and undefined positions are safe") {
    auto const picture = rough(3, 4);
    double const infinity = std::numeric_limits<double>::infinity();
    for (auto const method : methods)
        for (auto const outside : borders) {
            comir::sampling_options const options{method, outside, 9.0};
            CHECK(value_at(picture, {std::numeric_limits<double>::quiet_NaN(), 0}, options) == 9.0);
            CHECK(value_at(picture, {0, -infinity}, options) == 9.0);
            for (double const far : {1e20, 1e36, 1e40, 1e300})
                CHECK(std::abs(value_at(picture, {far, -far}, options)) <= 100.0);
        }
    CHECK(value_at(picture, {1e300, -1e300}, {interpolation::cubic, border::clamp}) == picture(0, 0, 3));
}

TEST_CASE("sample: writes all channels of an image of float") {
    comir::image<float> picture({3, 1, 2}, {0, 1, 10, 20, -4, -8});
    std::vector<float> values(3);
    CHECK(sample(picture, {0.25, 0}, values));
    CHECK(values == std::vector<float>{0.25f, 12.5f, -5.0f});
}

TEST_CASE("sample: an empty image and the wrong room are refused") {
    comir::image<float> const picture({3, 1, 2});
    std::vector<float> values(2);
    CHECK_THROWS_WITH_AS(sample(picture, {0, 0}, values),
                         "comir::sample: room for 2 values was given, expected 3, one for each channel",
                         comir::shape_error);
    CHECK_THROWS_AS(sample(comir::image<float>{}, {0, 0}, values), comir::shape_error);
}
