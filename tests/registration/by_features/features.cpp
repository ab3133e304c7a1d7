#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/by_features/features.hpp>

#include "support/corner_error.hpp"
#include "support/message.hpp"
#include "support/textured_pair.hpp"

namespace {

using comir::affine2;
using comir::feature_options;
using comir::image;
using comir::image_mask;
using comir::point2;
using comir::rigid2;
using comir::similarity2;

/// Smooth random texture that fills 0..1.
image<float> grain(std::size_t c, std::size_t h, std::size_t w, std::uint64_t seed) {
    return texture({c, h, w}, seed, {-0.1, 1.1, 2.0, 4.5f});
}

/// Two views on one texture, so that nothing is missing beyond the edges.
template <class T>
textured_pair<T> grain_pair(T const& truth, comir::image_shape fixed, comir::image_shape moving,
                            std::uint64_t seed = 1) {
    constexpr std::size_t margin = 90;
    return two_views(grain(fixed.c, fixed.h + 2 * margin, fixed.w + 2 * margin, seed),
                     {margin, margin, fixed.w, fixed.h}, truth, moving, comir::interpolation::cubic);
}

}  // namespace

TEST_CASE("register_features: any angle is found to a fraction of a pixel") {
    comir::image_shape const fixed{1, 100, 120}, moving{1, 110, 104};
    for (double const angle : {0.0, 0.4, -1.3, 2.0, 3.1}) {
        rigid2 const truth{{angle, -3.0, 4.5}, {59.5, 49.5}};
        auto const p = grain_pair(truth, fixed, moving);
        auto const result = comir::register_features<rigid2>(p.fixed, p.moving);
        CHECK(result.converged);
        CHECK(corner_error(result.transform, truth, fixed) < 0.3);
        CHECK(result.transform.centre == truth.centre);
        CHECK(result.confidence > 0.5);
        CHECK(result.residual < 1.0);
        CHECK(result.value == result.residual);
        CHECK(result.uncertainty < 0.3);
        CHECK(result.overlap > 0.6);
        CHECK(result.overlap <= 1.0);
        CHECK(result.inliers.size() > 10);
        CHECK(result.matches.size() >= result.inliers.size());
        CHECK(result.fixed_keypoints > 30);
        CHECK(result.moving_keypoints > 30);
        CHECK(result.seconds > 0.0);
        for (std::size_t const i : result.inliers) {
            point2 const d = result.transform(result.matches[i].fixed) - result.matches[i].moving;
            CHECK(std::hypot(d.x, d.y) <= 3.0 + 1e-9);
        }
    }
}

TEST_CASE("register_features: similar and affine images") {
    comir::image_shape const shape{1, 110, 110};
    similarity2 const scaled{{std::log(1.4), 0.9, 6.0, -4.0}, {54.5, 54.5}};
    auto const p = grain_pair(scaled, shape, {1, 130, 130});
    auto const similar = comir::register_features<similarity2>(p.fixed, p.moving);
    CHECK(similar.converged);
    CHECK(corner_error(similar.transform, scaled, shape) < 0.6);

    affine2 const sheared{{1.05, 0.15, -0.1, 0.92, 5.0, 2.0}, {54.5, 54.5}};
    auto const q = grain_pair(sheared, shape, shape);
    auto const affine = comir::register_features<affine2>(q.fixed, q.moving);
    CHECK(affine.converged);
    CHECK(corner_error(affine.transform, sheared, shape) < 0.6);
}

TEST_CASE("register_features: images of other kinds, ranges and extra noise") {
    comir::image_shape const shape{1, 100, 100};
    rigid2 const truth{{0.7, 3.0, -2.0}, {49.5, 49.5}};
    auto const p = grain_pair(truth, shape, shape);
    image<std::uint16_t> fixed(shape);
    image<double> moving(shape);
    comir::random_stream random(9);
    for (std::size_t i = 0; i < 100 * 100; ++i) {
        fixed.values()[i] = static_cast<std::uint16_t>(800.0f + 900.0f * p.fixed.values()[i]);
        moving.values()[i] = 1e-3 * (static_cast<double>(p.moving.values()[i]) + 0.02 * random.normal());
    }
    auto const result = comir::register_features<rigid2>(fixed, moving);
    CHECK(result.converged);
    CHECK(corner_error(result.transform, truth, shape) < 0.5);
}

TEST_CASE("register_features: faint texture beside a strong edge suffices") {
    comir::image_shape const shape{1, 120, 120};
    rigid2 const truth{{1.2, 2.0, 5.0}, {59.5, 59.5}};
    auto p = grain_pair(truth, shape, shape);
    for (image<float>* view : {&p.fixed, &p.moving})
        for (std::size_t y = 0; y < 120; ++y)
            for (std::size_t x = 0; x < 120; ++x)
                view->row(0, y)[x] = x < 10 ? 1.0f : 0.015f * view->row(0, y)[x];
    feature_options once;
    once.least_keypoints = 0;
    CHECK_FALSE(comir::register_features<rigid2>(p.fixed, p.moving, once).converged);
    auto const result = comir::register_features<rigid2>(p.fixed, p.moving);
    CHECK(result.converged);
    CHECK(corner_error(result.transform, truth, shape) < 0.7);
}

TEST_CASE("register_features: a part is found in the whole") {
    rigid2 const truth{{-2.2, -60.0, -40.0}, {99.5, 79.5}};
    comir::image_shape const whole{1, 160, 200};
    auto const p = grain_pair(truth, whole, {1, 64, 64});
    auto const result = comir::register_features<rigid2>(p.fixed, p.moving);
    CHECK(result.converged);
    CHECK(corner_error(result.transform, truth, {1, 160, 200}) < 2.0);
    CHECK(result.overlap < 0.3);
}

TEST_CASE("register_features: unlike images do not converge") {
    int wrong = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        auto const result = comir::register_features<rigid2>(grain(1, 100, 100, seed), grain(1, 100, 100, seed + 50));
        wrong += result.converged ? 1 : 0;
        CHECK(result.confidence < 0.5);
    }
    CHECK(wrong == 0);
}

TEST_CASE("register_features: degenerate images do not converge, and do no harm") {
    rigid2 const centred{{0.0, 10.0, -5.0}, {31.5, 31.5}};
    image<float> const plain({1, 64, 64}, 0.5f), good = grain(1, 64, 64, 3);
    auto const none = comir::register_features<rigid2>(plain, image<float>({1, 54, 84}, 0.5f));
    CHECK_FALSE(none.converged);
    CHECK(none.confidence == 0.0);
    CHECK(none.transform.parameters == centred.parameters);
    CHECK(none.transform.centre == centred.centre);
    CHECK_FALSE(comir::register_features<rigid2>(plain, good).converged);
    CHECK_FALSE(comir::register_features<affine2>(good, plain).converged);
    for (std::size_t const n : {1u, 2u, 7u, 16u}) {
        image<float> const tiny = grain(1, n, n, n);
        auto const result = comir::register_features<similarity2>(tiny, tiny);
        for (double const v : result.transform.parameters)
            CHECK(std::isfinite(v));
        CHECK((result.confidence >= 0.0 && result.confidence <= 1.0));
    }
    // All texture on one line: the rotation is known, but a stretch across the line is not.
    image<float> line({1, 120, 120}, 0.5f);
    image<float> const coarse = grain(1, 120, 120, 8);
    for (std::size_t y = 57; y < 63; ++y)
        for (std::size_t x = 0; x < 120; ++x)
            line(0, y, x) = coarse(0, y, x);
    auto const straight = comir::register_features<affine2>(line, line);
    CHECK((!straight.converged || straight.uncertainty < 3.0));
}

TEST_CASE("register_features: masks and channels") {
    comir::image_shape const shape{2, 100, 100};
    rigid2 const truth{{0.5, 2.0, 3.0}, {49.5, 49.5}};
    auto p = grain_pair(truth, shape, shape);
    feature_options options;
    options.sift.channels = comir::sift_channels::joined;
    auto const joined = comir::register_features<rigid2>(p.fixed, p.moving, options);
    CHECK(joined.converged);
    CHECK(corner_error(joined.transform, truth, shape) < 0.5);
    CHECK(message([&] {
              comir::register_features<rigid2>(p.fixed, grain(1, 100, 100, 1), options);
          }).find("the fixed descriptors have 256 numbers, the moving ones 128") != std::string::npos);

    // A pattern that stays with the camera is masked out in both.
    image_mask mask({1, 100, 100}, 1);
    for (std::size_t y = 0; y < 100; ++y)
        for (std::size_t x = 0; x < 60; ++x)
            mask(0, y, x) = 0;
    image<float> const dirt = grain(2, 100, 60, 77);
    for (image<float>* view : {&p.fixed, &p.moving})
        for (std::size_t c = 0; c < 2; ++c)
            for (std::size_t y = 0; y < 100; ++y)
                std::copy_n(dirt.row(c, y), 60, view->row(c, y));
    auto const misled = comir::register_features<rigid2>(p.fixed, p.moving);
    CHECK(corner_error(misled.transform, rigid2{}, shape) < 1.0);
    auto const masked =
        comir::register_features<rigid2>({.values = p.fixed, .mask = mask}, {.values = p.moving, .mask = mask});
    CHECK(masked.converged);
    CHECK(corner_error(masked.transform, truth, shape) < 3.0);
}

TEST_CASE("feature_target: the fixed image is reused, results have the same bits for 1 and 2 threads") {
    comir::image_shape const shape{1, 90, 90};
    rigid2 const truth{{1.5, 2.0, 3.0}, {44.5, 44.5}};
    auto const p = grain_pair(truth, shape, shape);
    comir::feature_target<rigid2> const one(p.fixed, {.threads = 1}), two(p.fixed, {.threads = 2});
    CHECK(one.features().descriptors == two.features().descriptors);
    auto const a = one.register_to(p.moving), b = two.register_to(p.moving);
    auto const c = comir::register_features<rigid2>(p.fixed, p.moving);
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(a.transform.parameters == c.transform.parameters);
    CHECK(a.confidence == b.confidence);
    CHECK(a.inliers == b.inliers);
    // What every method returns.
    comir::registration_result<rigid2> const plain = a;
    CHECK(plain.transform.parameters == a.transform.parameters);
}

TEST_CASE("register_features: progress is told, and stops the work") {
    auto const p = grain_pair(rigid2{{0.2, 0.0, 0.0}, {39.5, 39.5}}, {1, 80, 80}, {1, 80, 80});
    feature_options options;
    std::vector<std::size_t> told;
    options.on_progress = [&](std::size_t done, std::size_t total) {
        CHECK(total == 3);
        told.push_back(done);
        return true;
    };
    CHECK(comir::register_features<rigid2>(p.fixed, p.moving, options).converged);
    CHECK(told == std::vector<std::size_t>{1, 2, 3});
    for (std::size_t const last : {1u, 2u, 3u}) {
        options.on_progress = [&](std::size_t done, std::size_t) { return done < last; };
        CHECK_FALSE(comir::register_features<rigid2>(p.fixed, p.moving, options).converged);
    }
}

TEST_CASE("register_features: the settings of the CoMIR experiments register, too") {
    comir::image_shape const shape{1, 140, 140};
    rigid2 const truth{{-0.5, 4.0, -6.0}, {69.5, 69.5}};
    auto const p = grain_pair(truth, shape, shape);
    auto const result = comir::register_features<rigid2>(p.fixed, p.moving, comir::comir_feature_options());
    CHECK(result.converged);
    CHECK(corner_error(result.transform, truth, shape) < 1.0);
}
