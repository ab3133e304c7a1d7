#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

#include <doctest/doctest.h>

#include <comir/image/c4.hpp>
#include <comir/training/batch/augment.hpp>

namespace {

using comir::interpolation;
using comir::point2;

comir::image<float> rough(comir::image_shape shape) {
    comir::image<float> result(shape);
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = static_cast<float>(std::sin(12.9898 * static_cast<double>(i)));
    return result;
}

comir::tensor<float> cut(comir::image<float> const& scene, comir::augmentation const& how, std::size_t patch,
                         interpolation method = interpolation::linear, int threads = 1) {
    comir::tensor<float> result({1, scene.channels(), patch, patch});
    comir::augment(scene, how, method, result.view(), threads);
    return result;
}

/// The positions of the patch's four corner pixels in the scene.
std::array<point2, 4> corners(comir::augmentation const& how, std::size_t patch) {
    double const last = static_cast<double>(patch) - 1.0;
    auto const& t = how.patch_to_scene;
    return {t({0, 0}), t({last, 0}), t({last, last}), t({0, last})};
}

struct extremes {
    point2 low{1e9, 1e9}, high{-1e9, -1e9};
};

extremes extremes_of(std::array<point2, 4> const& points) {
    extremes e;
    for (point2 const p : points) {
        e.low = {std::min(e.low.x, p.x), std::min(e.low.y, p.y)};
        e.high = {std::max(e.high.x, p.x), std::max(e.high.y, p.y)};
    }
    return e;
}

}  // namespace

TEST_CASE("augment: without rotation a patch is a crop, mirrored or not, from every position alike") {
    auto const scene = rough({2, 8, 10});
    comir::augment_options const options{.patch = 5, .rotate = false};
    comir::random_stream random(3);
    // 6 x 4 positions, mirrored or not.
    std::array<int, 48> hits{};
    int const draws = 4800;
    for (int i = 0; i < draws; ++i) {
        auto const how = draw_augmentation(random, scene.shape(), options);
        bool const mirrored = how.patch_to_scene.parameters[0] < 0;
        auto const e = extremes_of(corners(how, 5));
        auto const x0 = static_cast<std::size_t>(e.low.x), y0 = static_cast<std::size_t>(e.low.y);
        REQUIRE(e.low == point2{static_cast<double>(x0), static_cast<double>(y0)});
        REQUIRE((x0 <= 5 && y0 <= 3));
        ++hits[(y0 * 6 + x0) * 2 + (mirrored ? 1 : 0)];
        if (i >= 60)
            continue;
        for (auto const method : {interpolation::nearest, interpolation::linear, interpolation::cubic}) {
            auto const patch = cut(scene, how, 5, method);
            for (std::size_t c = 0; c < 2; ++c)
                for (std::size_t y = 0; y < 5; ++y)
                    for (std::size_t x = 0; x < 5; ++x)
                        CHECK(patch(0, c, y, x) == scene(c, y0 + y, x0 + (mirrored ? 4 - x : x)));
        }
    }
    // 100 expected of each, standard deviation 10.
    for (int const hit : hits)
        CHECK(std::abs(hit - 100) <= 45);
}

TEST_CASE("augment: turned patches keep their shape and lie inside the scene, at all angles and places") {
    std::size_t const size = 16;
    comir::image_shape const scene{1, 40, 61};
    comir::random_stream random(5);
    std::array<int, 12> angles{};
    int mirrored = 0;
    extremes reached;
    int const draws = 6000;
    for (int i = 0; i < draws; ++i) {
        auto const how = draw_augmentation(random, scene, {.patch = size});
        auto const& p = how.patch_to_scene.parameters;
        CHECK(std::abs(p[0] * p[0] + p[2] * p[2] - 1.0) <= 1e-12);
        CHECK(std::abs(p[1] * p[1] + p[3] * p[3] - 1.0) <= 1e-12);
        CHECK(std::abs(p[0] * p[1] + p[2] * p[3]) <= 1e-12);
        double const determinant = p[0] * p[3] - p[1] * p[2];
        CHECK(std::abs(std::abs(determinant) - 1.0) <= 1e-12);
        mirrored += determinant < 0;
        double const angle = std::atan2(-p[1], p[3]) / (2 * std::numbers::pi) + 0.5;
        ++angles[std::min<std::size_t>(11, static_cast<std::size_t>(angle * 12))];
        auto const e = extremes_of(corners(how, size));
        CHECK(e.low.x >= -1e-9);
        CHECK(e.low.y >= -1e-9);
        CHECK(e.high.x <= 60 + 1e-9);
        CHECK(e.high.y <= 39 + 1e-9);
        reached.low = {std::min(reached.low.x, e.low.x), std::min(reached.low.y, e.low.y)};
        reached.high = {std::max(reached.high.x, e.high.x), std::max(reached.high.y, e.high.y)};
    }
    // 500 expected of each twelfth, standard deviation 21.
    for (int const count : angles)
        CHECK(std::abs(count - 500) <= 105);
    CHECK(std::abs(mirrored - draws / 2) <= 200);
    CHECK(reached.low.x <= 0.2);
    CHECK(reached.low.y <= 0.2);
    CHECK(reached.high.x >= 59.8);
    CHECK(reached.high.y >= 38.8);
}

TEST_CASE("augment: a square too wide for the scene sticks out as little as its angle allows") {
    std::size_t const size = 16;
    comir::random_stream random(7);
    int outside = 0;
    for (int i = 0; i < 500; ++i) {
        auto const how = draw_augmentation(random, {1, 60, 18}, {.patch = size});
        auto const e = extremes_of(corners(how, size));
        CHECK(e.low.y >= -1e-9);
        CHECK(e.high.y <= 59 + 1e-9);
        double const width = e.high.x - e.low.x;
        double const beyond = std::max(0.0, -e.low.x) + std::max(0.0, e.high.x - 17.0);
        CHECK(std::abs(beyond - std::max(0.0, width - 17.0)) <= 1e-9);
        outside += beyond > 0;
    }
    CHECK(outside > 250);
    CHECK(outside < 500);
}

TEST_CASE("augment: a patch equals warp with a mirrored border, inside and at the edges") {
    auto const scene = rough({3, 150, 141});
    comir::random_stream random(11);
    // 130 columns are two full chunks and a rest; 141 columns rarely hold the turned square.
    for (std::size_t const size : std::array<std::size_t, 6>{1, 2, 31, 64, 65, 130})
        for (auto const method : {interpolation::nearest, interpolation::linear, interpolation::cubic})
            for (int i = 0; i < 4; ++i) {
                auto const how = draw_augmentation(random, scene.shape(), {.patch = size});
                auto const patch = cut(scene, how, size, method);
                auto const expected =
                    warp(scene, how.patch_to_scene, {3, size, size},
                         {.sampling = {.method = method, .outside = comir::border::reflect}, .threads = 1});
                int different = 0;
                float worst = 0;
                for (std::size_t c = 0; c < 3; ++c)
                    for (std::size_t y = 0; y < size; ++y)
                        for (std::size_t x = 0; x < size; ++x) {
                            float const error = std::abs(patch(0, c, y, x) - expected(c, y, x));
                            // Positions differ by some epsilon of double, at which nearest may jump.
                            different += error > 2e-6f;
                            worst = std::max(worst, error);
                        }
                CHECK(different <= (method == interpolation::nearest ? 1 : 0));
                CHECK(worst <= 2.0f);
            }
}

TEST_CASE("augment: a quarter turn about the middle equals turn") {
    auto const scene = rough({2, 24, 24});
    for (int k = 0; k < 4; ++k) {
        comir::augmentation how;
        double const angle = -k * std::numbers::pi / 2;
        how.patch_to_scene = {{std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle), 0, 0},
                              {11.5, 11.5}};
        auto const patch = cut(scene, how, 24);
        auto const turned = turn(scene, k);
        for (std::size_t c = 0; c < 2; ++c)
            for (std::size_t y = 0; y < 24; ++y)
                for (std::size_t x = 0; x < 24; ++x)
                    CHECK(std::abs(patch(0, c, y, x) - turned(c, y, x)) <= 1e-6f);
    }
}

TEST_CASE("augment: a blurred patch equals the crop of the blurred scene, up to its edges") {
    auto const scene = rough({2, 50, 60});
    comir::augmentation how;
    how.patch_to_scene.parameters = {1, 0, 0, 1, 20, 0};
    how.blur_sigma = 1.3;
    auto const patch = cut(scene, how, 30);
    auto const blurred = gaussian_blur(scene, 1.3, 1);
    for (std::size_t c = 0; c < 2; ++c)
        for (std::size_t y = 0; y < 30; ++y)
            for (std::size_t x = 0; x < 30; ++x)
                // Sums of 11 x 11 values below 1, in another order.
                CHECK(std::abs(patch(0, c, y, x) - blurred(c, y, x + 20)) <= 2e-6f);
}

TEST_CASE("augment: a turned patch is blurred where it lies") {
    // A ramp is its own blur, away from the scene's edges.
    comir::image<float> scene({2, 90, 90});
    for (std::size_t y = 0; y < 90; ++y)
        for (std::size_t x = 0; x < 90; ++x) {
            scene(0, y, x) = static_cast<float>(x);
            scene(1, y, x) = static_cast<float>(y);
        }
    comir::augmentation how;
    how.patch_to_scene = {{-std::cos(0.7), -std::sin(0.7), -std::sin(0.7), std::cos(0.7), 30.25, 28.5}, {9.5, 9.5}};
    how.blur_sigma = 2.0;
    auto const patch = cut(scene, how, 20);
    for (std::size_t y = 0; y < 20; ++y)
        for (std::size_t x = 0; x < 20; ++x) {
            point2 const p = how.patch_to_scene({static_cast<double>(x), static_cast<double>(y)});
            CHECK(std::abs(patch(0, 0, y, x) - p.x) <= 1e-4);
            CHECK(std::abs(patch(0, 1, y, x) - p.y) <= 1e-4);
        }
    auto const again = cut(scene, how, 20, interpolation::linear, 2);
    CHECK(std::equal(patch.data(), patch.data() + patch.storage_size(), again.data()));
}

TEST_CASE("augment: blur comes as often and as wide as asked, and other options keep their draws") {
    comir::image_shape const scene{1, 200, 200};
    int blurred = 0;
    double widest = 0;
    for (std::uint64_t i = 0; i < 2000; ++i) {
        comir::random_stream one(1, i), two(1, i), three(1, i);
        auto const how = draw_augmentation(one, scene, {.blur_probability = 0.5, .max_blur_sigma = 3});
        auto const sharp = draw_augmentation(two, scene);
        auto const unmirrored = draw_augmentation(three, scene, {.flip = false});
        blurred += how.blur_sigma > 0;
        widest = std::max(widest, how.blur_sigma);
        CHECK(how.blur_sigma <= 3);
        CHECK(sharp.blur_sigma == 0);
        CHECK(how.patch_to_scene.parameters == sharp.patch_to_scene.parameters);
        CHECK(unmirrored.patch_to_scene.parameters[0] == unmirrored.patch_to_scene.parameters[3]);
        CHECK(unmirrored.patch_to_scene.parameters[3] == sharp.patch_to_scene.parameters[3]);
        CHECK(unmirrored.patch_to_scene.parameters[4] == sharp.patch_to_scene.parameters[4]);
    }
    // Standard deviation 22.
    CHECK(std::abs(blurred - 1000) <= 110);
    CHECK(widest > 2.9);
}

TEST_CASE("augment: patches that do not fit and options out of range are refused") {
    comir::random_stream random(1);
    CHECK_THROWS_WITH_AS(draw_augmentation(random, {1, 80, 96}),
                         "comir::draw_augmentation: a patch of 128 px does not fit into a scene of 96 x 80 px; use a "
                         "smaller patch",
                         comir::shape_error);
    CHECK_THROWS_AS(draw_augmentation(random, {1, 200, 127}), comir::shape_error);
    CHECK_NOTHROW(draw_augmentation(random, {1, 128, 128}));
    comir::image_shape const scene{1, 200, 200};
    double const nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(draw_augmentation(random, scene, {.patch = 0}), comir::error);
    CHECK_THROWS_AS(draw_augmentation(random, scene, {.blur_probability = 1.5}), comir::error);
    CHECK_THROWS_AS(draw_augmentation(random, scene, {.blur_probability = nan}), comir::error);
    CHECK_THROWS_AS(draw_augmentation(random, scene, {.max_blur_sigma = -1}), comir::error);
    CHECK_THROWS_AS(draw_augmentation(random, scene, {.max_blur_sigma = nan}), comir::error);

    auto const picture = rough({2, 20, 20});
    for (comir::shape4 const shape : {comir::shape4{2, 2, 8, 8}, {1, 1, 8, 8}, {1, 2, 8, 7}, {1, 2, 0, 0}}) {
        comir::tensor<float> patch(shape);
        CHECK_THROWS_AS(comir::augment(picture, {}, interpolation::linear, patch.view()), comir::shape_error);
    }
    comir::augmentation how;
    how.blur_sigma = nan;
    CHECK_THROWS_AS(cut(picture, how, 8), comir::error);
}
