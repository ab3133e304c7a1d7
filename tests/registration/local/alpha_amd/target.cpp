#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/local/alpha_amd.hpp>

#include "support/corner_error.hpp"
#include "support/image_pair.hpp"

namespace {

using comir::image;
using comir::image_mask;
using comir::point2;
using comir::register_alpha_amd;
using comir::rigid2;

}  // namespace

TEST_CASE("register_alpha_amd: recovers rotation and shift, for equal and for unlike sizes") {
    struct example {
        comir::image_shape fixed, moving;
        double angle, tx, ty, tolerance;
    };
    for (example const& e : {example{{1, 96, 96}, {1, 96, 96}, 0.5, 8.0, -10.0, 0.1},
                             example{{1, 96, 96}, {1, 96, 96}, -0.15, -3.0, 11.0, 0.1},
                             example{{2, 128, 110}, {2, 100, 140}, -0.45, 9.0, 4.0, 0.1},
                             example{{1, 40, 50}, {1, 40, 50}, 0.1, 2.0, -1.5, 0.3}}) {
        auto const width = static_cast<double>(e.moving.w) - static_cast<double>(e.fixed.w);
        auto const height = static_cast<double>(e.moving.h) - static_cast<double>(e.fixed.h);
        rigid2 const truth{{e.angle, e.tx + 0.5 * width, e.ty + 0.5 * height},
                           {0.5 * (static_cast<double>(e.fixed.w) - 1), 0.5 * (static_cast<double>(e.fixed.h) - 1)}};
        auto const images = make_pair(truth, e.fixed, e.moving);
        auto const result = register_alpha_amd<rigid2>(images.fixed, images.moving);
        CAPTURE(e.angle);
        CHECK(result.converged);
        CHECK(result.overlap > 0.5);
        CHECK(corner_error(result.transform, truth, e.fixed) < e.tolerance);
    }
}

TEST_CASE("register_alpha_amd: masked pixels, NaN among them, do not matter") {
    rigid2 const truth{{0.2, 4.0, -3.0}, {47.5, 47.5}};
    auto images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    image_mask fixed_mask({1, 96, 96}, 1), moving_mask({1, 96, 96}, 1);
    for (std::size_t y = 0; y < 96; ++y)
        for (std::size_t x = 0; x < 30; ++x) {
            images.fixed(0, y, x) = std::numeric_limits<float>::quiet_NaN();
            fixed_mask(0, y, x) = 0;
            images.moving(0, x, y) = y % 2 ? 1.0f : 0.0f;
            moving_mask(0, x, y) = 0;
        }
    auto const result = register_alpha_amd<rigid2>({.values = images.fixed, .mask = fixed_mask},
                                                   {.values = images.moving, .mask = moving_mask});
    CHECK(result.converged);
    CHECK(corner_distance(result.transform, truth, images.fixed.height(), images.fixed.width()) < 0.2);
}

TEST_CASE("register_alpha_amd: faint images are stretched to the levels, both alike") {
    rigid2 const truth{{0.3, 5.0, -6.0}, {47.5, 47.5}};
    auto images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    for (auto* which : {&images.fixed, &images.moving})
        for (float& value : which->values())
            value = 0.4f + 0.02f * value;
    auto const result = register_alpha_amd<rigid2>(images.fixed, images.moving);
    CHECK(result.converged);
    CHECK(corner_error(result.transform, truth, {1, 96, 96}) < 0.1);
}

TEST_CASE("register_alpha_amd: weights choose the points that count") {
    // The left and the right half move differently; only the weights say which to follow.
    rigid2 const left{{0.0, 5.0, -3.0}, {47.5, 47.5}}, right{{0.0, -4.0, 2.0}, {47.5, 47.5}};
    auto const a = make_pair(left, {1, 96, 96}, {1, 96, 96}, 1), b = make_pair(right, {1, 96, 96}, {1, 96, 96}, 2);
    auto both = a;
    image<float> on_left({1, 96, 96}), on_right({1, 96, 96});
    for (std::size_t y = 0; y < 96; ++y)
        for (std::size_t x = 0; x < 96; ++x) {
            (x < 48 ? on_left : on_right)(0, y, x) = 2.0f;
            if (x >= 48) {
                both.fixed(0, y, x) = b.fixed(0, y, x);
                both.moving(0, y, x) = b.moving(0, y, x);
            }
        }
    auto const run = [&](image<float> const& weights) {
        return register_alpha_amd<rigid2>({.values = both.fixed, .weights = weights},
                                          {.values = both.moving, .weights = weights});
    };
    auto const shift_error = [](auto const& found, rigid2 const& truth, point2 p) {
        point2 const d = found.transform(p) - truth(p);
        return std::hypot(d.x, d.y);
    };
    CHECK(shift_error(run(on_left), left, {24, 48}) < 1.0);
    CHECK(shift_error(run(on_right), right, {72, 48}) < 1.0);
}

TEST_CASE("register_alpha_amd: the same bits for 1 and 2 threads, and for a prepared target") {
    rigid2 const truth{{0.3, 4.0, -3.0}, {47.5, 31.5}};
    auto const images = make_pair(truth, {1, 64, 96}, {1, 64, 96});
    comir::alpha_amd_options one, two;
    one.threads = 1;
    two.threads = 2;
    auto const a = register_alpha_amd<rigid2>(images.fixed, images.moving, one);
    auto const b = register_alpha_amd<rigid2>(images.fixed, images.moving, two);
    comir::alpha_amd_target<rigid2> const target(images.fixed, one);
    target.register_to(images.fixed);
    auto const c = target.register_to(images.moving);
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(a.transform.parameters == c.transform.parameters);
    CHECK(a.value == b.value);
    CHECK(a.iterations == b.iterations);

    comir::alpha_amd_options other = one;
    other.seed = 2;
    auto const d = register_alpha_amd<rigid2>(images.fixed, images.moving, other);
    CHECK(d.transform.parameters != a.transform.parameters);
    CHECK(corner_distance(d.transform, a.transform, images.fixed.height(), images.fixed.width()) < 0.1);
}

TEST_CASE("register_alpha_amd: starts reach what the default angles do not") {
    rigid2 const truth{{2.6, 3.0, -4.0}, {47.5, 47.5}};
    auto const images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    comir::alpha_amd_target<rigid2> const target(images.fixed);
    auto const result = target.register_to(images.moving, {rigid2{{2.4, 0.0, 0.0}, {47.5, 47.5}}});
    CHECK(result.converged);
    CHECK(corner_distance(result.transform, truth, images.fixed.height(), images.fixed.width()) < 0.1);
}

TEST_CASE("register_alpha_amd: an affine transform recovers a rotation") {
    rigid2 const truth{{0.25, 3.0, -4.0}, {47.5, 47.5}};
    auto const images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    auto const result = register_alpha_amd<comir::affine2>(images.fixed, images.moving);
    CHECK(result.converged);
    for (point2 const p : {point2{0, 0}, {95, 0}, {95, 95}, {0, 95}}) {
        point2 const d = result.transform(p) - truth(p);
        CHECK(std::hypot(d.x, d.y) < 0.15);
    }
}

TEST_CASE("register_alpha_amd: what cannot be registered has not converged") {
    image<float> const flat({1, 48, 48}, 0.3f), other({1, 48, 48}, 0.8f);
    CHECK_FALSE(register_alpha_amd<rigid2>(flat, flat).converged);
    CHECK_FALSE(register_alpha_amd<rigid2>(flat, other).converged);
    CHECK_FALSE(register_alpha_amd<rigid2>(flat, texture(1, 48, 48, 2.0, 1)).converged);
    CHECK_FALSE(register_alpha_amd<rigid2>(texture(1, 48, 48, 2.0, 1), flat).converged);

    auto const image = texture(1, 48, 48, 2.0, 1);
    comir::alpha_amd_target<rigid2> const target(image);
    auto const away = target.register_to(image, {rigid2{{0.0, 500.0, 0.0}, {}}});
    CHECK_FALSE(away.converged);
    CHECK(away.overlap == 0.0);
    CHECK(std::isinf(away.value));
}

TEST_CASE("register_alpha_amd: confidence tells images of one scene from images of two") {
    for (std::uint64_t seed = 1; seed < 5; ++seed) {
        rigid2 const truth{{0.3, 7.0, -5.0}, {63.5, 63.5}};
        auto const same = make_pair(truth, {1, 128, 128}, {1, 128, 128}, seed);
        auto const other = make_pair(truth, {1, 128, 128}, {1, 128, 128}, seed + 100);
        for (auto const& options : {comir::alpha_amd_options{}, comir::comir_alpha_amd_options()}) {
            CHECK(register_alpha_amd<rigid2>(same.fixed, same.moving, options).confidence > 0.9);
            CHECK(register_alpha_amd<rigid2>(same.fixed, other.moving, options).confidence < 0.2);
        }
    }
    image<float> const flat({1, 48, 48}, 0.3f);
    for (auto const& options : {comir::alpha_amd_options{}, comir::comir_alpha_amd_options()})
        CHECK(register_alpha_amd<rigid2>(flat, flat, options).confidence == 0.0);
}

TEST_CASE("register_alpha_amd: progress counts resolutions and can stop") {
    auto const image = texture(1, 128, 128, 3.0, 2);
    std::vector<std::size_t> seen;
    comir::alpha_amd_options options;
    options.on_progress = [&](std::size_t done, std::size_t total) {
        seen.push_back(done);
        seen.push_back(total);
        return false;
    };
    auto const result = register_alpha_amd<rigid2>(image, image, options);
    CHECK(seen == std::vector<std::size_t>{1, 2});
    CHECK_FALSE(result.converged);
    CHECK(corner_error(result.transform, rigid2{{}, result.transform.centre}, image.shape()) < 5.0);
}
