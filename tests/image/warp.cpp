#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/c4.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/translation.hpp>

namespace {

using comir::border;
using comir::interpolation;
using comir::point2;

constexpr std::array samplings{interpolation::nearest, interpolation::linear, interpolation::cubic};

comir::image<float> rough(comir::image_shape shape) {
    comir::image<float> result(shape);
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = static_cast<float>(std::sin(12.9898 * static_cast<double>(i)));
    return result;
}

bool same_bits(comir::image<float> const& a, comir::image<float> const& b) {
    return a.shape() == b.shape() && std::ranges::equal(a.values(), b.values());
}

/// Bends lines, so that it is no affine transform: x' = x + bend y^2.
struct parabola {
    static constexpr char const* name = "parabola";
    static constexpr std::size_t parameter_count = 1;
    std::array<double, 1> parameters{};
    point2 centre{};
    point2 operator()(point2 p) const { return {p.x + parameters[0] * p.y * p.y, p.y}; }
    Eigen::Matrix<double, 2, 1> jacobian(point2 p) const { return {p.y * p.y, 0.0}; }
    parabola inverse() const { return {{-parameters[0]}, centre}; }
};

}  // namespace

TEST_CASE("warp: the identity returns the image, exactly") {
    for (auto const shape : {comir::image_shape{1, 1, 1}, {2, 17, 33}, {3, 1, 5}})
        for (auto const method : samplings) {
            auto const picture = rough(shape);
            comir::image_mask inside;
            CHECK(same_bits(warp(picture, comir::rigid2{}, shape, {.sampling = {.method = method}}, &inside), picture));
            CHECK(inside.shape() == comir::image_shape{1, shape.h, shape.w});
            CHECK(std::ranges::count(inside.values(), 1) == static_cast<int>(shape.h * shape.w));
        }
}

TEST_CASE("warp: a quarter turn equals turn") {
    auto const picture = rough({2, 20, 20});
    // A fixed pixel is where the turn carried the moving one, so fixed to moving turns back.
    for (int k = 1; k < 4; ++k)
        for (auto const method : samplings) {
            comir::rigid2 const back{{-k * std::numbers::pi / 2, 0, 0}, {9.5, 9.5}};
            auto const warped = warp(picture, back, picture.shape(), {.sampling = {.method = method}});
            auto const turned = turn(picture, k);
            // Positions are off by a few epsilon of double; weights then round in float, values are below 1.
            for (std::size_t i = 0; i < turned.values().size(); ++i)
                CHECK(std::abs(warped.values()[i] - turned.values()[i]) <= 1e-6f);
        }
}

TEST_CASE("warp: a shift moves pixels, fills the background and marks it in the mask") {
    auto const picture = rough({1, 20, 30});
    comir::translation2 const shift{{3, -2}};
    comir::image_mask inside;
    auto const warped = warp(picture, shift, {1, 25, 30}, {.sampling = {.background = 0.5}}, &inside);
    for (std::size_t y = 0; y < 25; ++y)
        for (std::size_t x = 0; x < 30; ++x) {
            bool const hit = x + 3 < 30 && y >= 2 && y - 2 < 20;
            CHECK(inside(0, y, x) == (hit ? 1 : 0));
            CHECK(warped(0, y, x) == (hit ? picture(0, y - 2, x + 3) : 0.5f));
        }
}

TEST_CASE("warp: equals one sample a pixel, for affine transforms and others") {
    auto const picture = rough({2, 19, 23});
    comir::affine2 const affine{{1.05, 0.2, -0.15, 0.9, 1.5, -0.75}, {11, 9}};
    parabola const bent{{0.01}};
    auto const check = [&](auto const& fixed_to_moving, comir::sampling_options const& options) {
        auto const warped = warp(picture, fixed_to_moving, {9, 18, 35}, {.sampling = options});
        REQUIRE(warped.shape() == comir::image_shape{2, 18, 35});
        std::vector<float> expected(2);
        for (std::size_t y = 0; y < 18; ++y)
            for (std::size_t x = 0; x < 35; ++x) {
                sample(picture, fixed_to_moving({static_cast<double>(x), static_cast<double>(y)}), expected, options);
                // Positions differ by some epsilon of double; the weights are rounded to float.
                for (std::size_t c = 0; c < 2; ++c)
                    CHECK(std::abs(warped(c, y, x) - expected[c]) <= 2e-6f);
            }
    };
    check(affine, {.method = interpolation::linear, .outside = border::reflect});
    check(affine, {.method = interpolation::cubic, .outside = border::clamp});
    check(bent, {.method = interpolation::linear});
}

TEST_CASE("warp: the same bits for any number of threads") {
    auto const picture = rough({2, 70, 50});
    comir::rigid2 const turned{{0.3, 2, -1}, {25, 35}};
    comir::image_mask mask_1, mask_2;
    auto const one = warp(picture, turned, picture, {.threads = 1}, &mask_1);
    auto const two = warp(picture, turned, picture, {.threads = 2}, &mask_2);
    CHECK(same_bits(one, two));
    CHECK(std::ranges::equal(mask_1.values(), mask_2.values()));
}

TEST_CASE("warp: onto a fixed image takes over its grid") {
    comir::image<std::uint8_t> fixed({3, 4, 6});
    fixed.spacing = {0.25, 0.5};
    fixed.origin = {7, 8};
    auto const warped = warp(rough({1, 9, 9}), comir::translation2{}, fixed);
    CHECK(warped.shape() == comir::image_shape{1, 4, 6});
    CHECK(warped.spacing == fixed.spacing);
    CHECK(warped.origin == fixed.origin);
}

TEST_CASE("warp: empty images and undefined parameters are refused") {
    auto const picture = rough({1, 3, 3});
    CHECK_THROWS_AS(warp(comir::image<float>{}, comir::rigid2{}, picture.shape()), comir::shape_error);
    CHECK_THROWS_AS(warp(picture, comir::rigid2{}, comir::image_shape{1, 0, 3}), comir::shape_error);
    comir::rigid2 const bad{{std::numeric_limits<double>::quiet_NaN(), 0, 0}};
    CHECK_THROWS_WITH_AS(warp(picture, bad, picture.shape()),
                         "comir::warp: a parameter or the centre of the rigid2 is infinite or not a number, expected "
                         "finite ones",
                         comir::error);
}

TEST_CASE("checkerboard: squares alternate, the fixed image first") {
    comir::image<float> fixed({1, 4, 6}, 1.0f), warped({1, 4, 6}, 2.0f);
    fixed.spacing = {3, 3};
    auto const board = checkerboard(fixed, warped, 3);
    for (std::size_t y = 0; y < 4; ++y)
        for (std::size_t x = 0; x < 6; ++x)
            CHECK(board(0, y, x) == ((x / 2 + y / 2) % 2 == 0 ? 1.0f : 2.0f));
    CHECK(board.spacing == fixed.spacing);
}

TEST_CASE("checkerboard: grey beside colour is repeated; more squares than pixels make squares of one pixel") {
    comir::image<float> const grey({1, 1, 2}, {5, 6}), colour({3, 1, 2}, {10, 11, 20, 21, 30, 31});
    auto const board = checkerboard(grey, colour, 100);
    CHECK(std::ranges::equal(board.values(), std::vector<float>{5, 11, 5, 21, 5, 31}));
    auto const other = checkerboard(colour, grey, 100);
    CHECK(std::ranges::equal(other.values(), std::vector<float>{10, 6, 20, 6, 30, 6}));
}

TEST_CASE("checkerboard: images that do not fit are refused") {
    comir::image<float> const a({2, 2, 2}), b({3, 2, 2}), c({2, 2, 3});
    CHECK_THROWS_AS(checkerboard(a, b), comir::shape_error);
    CHECK_THROWS_AS(checkerboard(a, c), comir::shape_error);
    CHECK_THROWS_AS(checkerboard(comir::image<float>({0, 4, 4}), comir::image<float>({1, 4, 4})), comir::shape_error);
    CHECK_THROWS_AS(checkerboard(a, a, 0), comir::error);
}
