#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/convert.hpp>
#include <comir/registration/local/mutual_information.hpp>
#include <comir/transform/translation.hpp>

#include "support/image_pair.hpp"

namespace {

using comir::image;
using comir::image_mask;
using comir::mutual_information_options;
using comir::point2;
using comir::register_mutual_information;
using comir::rigid2;

point2 centre(std::size_t h, std::size_t w) {
    return {0.5 * (double(w) - 1.0), 0.5 * (double(h) - 1.0)};
}

/// Fewer starts, for what does not need them.
mutual_information_options quick() {
    mutual_information_options options;
    options.start_angles = {0.0};
    options.start_shift = 0.0;
    return options;
}

template <class Transform>
void check_recovers(std::array<double, Transform::parameter_count> const& parameters, double tolerance) {
    Transform const truth{parameters, centre(128, 112)};
    auto const images = make_grey_pair(truth, {1, 128, 112}, {1, 128, 112}, true);
    auto const result = register_mutual_information<Transform>(images.fixed, images.moving, quick());
    CHECK(result.converged);
    CHECK(corner_distance(result.transform, truth, 128, 112) < tolerance);
}

}  // namespace

TEST_CASE("register_mutual_information: recovers every kind of transform between modalities") {
    check_recovers<comir::translation2>({5.3, -4.2}, 0.1);
    check_recovers<rigid2>({0.12, 4.0, -5.0}, 0.15);
    check_recovers<comir::similarity2>({0.05, 0.1, 4.0, -5.0}, 0.2);
    check_recovers<comir::affine2>({1.04, -0.08, 0.06, 0.97, 4.0, -5.0}, 0.3);
}

TEST_CASE("register_mutual_information: starts reach far, for unlike sizes, normalised or not") {
    for (bool const normalised : {false, true})
        for (double const angle : {0.5, -0.35}) {
            rigid2 const truth{{angle, 12.0, -9.0}, centre(128, 140)};
            auto const images = make_grey_pair(truth, {1, 128, 140}, {1, 120, 160}, true);
            mutual_information_options options;
            options.normalised = normalised;
            auto const result = register_mutual_information<rigid2>(images.fixed, images.moving, options);
            CAPTURE(angle);
            CHECK(result.converged);
            CHECK(result.overlap > 0.5);
            CHECK(corner_distance(result.transform, truth, 128, 140) < 0.2);
        }
}

TEST_CASE("register_mutual_information: masked pixels, NaN among them, do not matter") {
    rigid2 const truth{{0.1, 4.0, -3.0}, centre(128, 128)};
    auto images = make_grey_pair(truth, {1, 128, 128}, {1, 128, 128}, true);
    image_mask fixed_mask({1, 128, 128}, 1), moving_mask({1, 128, 128}, 1);
    for (std::size_t y = 0; y < 128; ++y)
        for (std::size_t x = 0; x < 30; ++x) {
            images.fixed(0, y, x) = std::numeric_limits<float>::quiet_NaN();
            fixed_mask(0, y, x) = 0;
            images.moving(0, x, y) = y % 2 ? 100.0f : 0.0f;
            moving_mask(0, x, y) = 0;
        }
    auto const result = register_mutual_information<rigid2>({.values = images.fixed, .mask = fixed_mask},
                                                            {.values = images.moving, .mask = moving_mask}, quick());
    CHECK(result.converged);
    CHECK(corner_distance(result.transform, truth, 128, 128) < 0.2);
}

TEST_CASE("register_mutual_information: the same bits for 1 and 2 threads, and for a prepared target") {
    rigid2 const truth{{0.2, 4.0, -3.0}, centre(64, 96)};
    auto const images = make_grey_pair(truth, {1, 64, 96}, {1, 64, 96}, true);
    mutual_information_options one, two;
    one.start_angles = two.start_angles = {0.0, 0.2};
    one.threads = 1;
    two.threads = 2;
    auto const a = register_mutual_information<rigid2>(images.fixed, images.moving, one);
    auto const b = register_mutual_information<rigid2>(images.fixed, images.moving, two);
    comir::mutual_information_target<rigid2> const target(images.fixed, one);
    target.register_to(images.fixed);
    auto const c = target.register_to(images.moving);
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(a.transform.parameters == c.transform.parameters);
    CHECK(a.value == b.value);
    CHECK(a.iterations == b.iterations);

    one.seed = 2;
    auto const d = register_mutual_information<rigid2>(images.fixed, images.moving, one);
    CHECK(d.transform.parameters != a.transform.parameters);
    CHECK(corner_distance(d.transform, a.transform, 64, 96) < 0.2);
}

TEST_CASE("register_mutual_information: several channels count as their principal component") {
    rigid2 const truth{{0.1, 4.0, -3.0}, centre(96, 96)};
    auto const images = make_grey_pair(truth, {1, 96, 96}, {1, 96, 96}, false);
    image<float> colours({3, 96, 96});
    for (std::size_t i = 0; i < 96 * 96; ++i) {
        float const v = images.moving.values()[i];
        colours.channel(0)[i] = 0.9f * v;
        colours.channel(1)[i] = -0.4f * v;
        colours.channel(2)[i] = 0.1f;
    }
    auto const grey = comir::principal_component(colours);
    auto const a = register_mutual_information<rigid2>(images.fixed, colours, quick());
    auto const b = register_mutual_information<rigid2>(images.fixed, grey, quick());
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(corner_distance(a.transform, truth, 96, 96) < 0.2);

    // Masked pixels do not turn the component.
    image_mask mask({1, 96, 96}, 1);
    for (std::size_t i = 0; i < 500; ++i) {
        mask.values()[i] = 0;
        colours.channel(2)[i] = 1e6f;
    }
    auto const masked =
        register_mutual_information<rigid2>({.values = images.fixed}, {.values = colours, .mask = mask}, quick());
    CHECK(corner_distance(masked.transform, truth, 96, 96) < 0.2);
}

TEST_CASE("register_mutual_information: starts given reach what the default angles do not") {
    rigid2 const truth{{2.6, 3.0, -4.0}, centre(96, 96)};
    auto const images = make_grey_pair(truth, {1, 96, 96}, {1, 96, 96}, false);
    comir::mutual_information_target<rigid2> const target(images.fixed);
    auto const result = target.register_to(images.moving, {rigid2{{2.5, 0.0, 0.0}, centre(96, 96)}});
    CHECK(result.converged);
    CHECK(corner_distance(result.transform, truth, 96, 96) < 0.2);
}

TEST_CASE("register_mutual_information: what cannot be registered has not converged") {
    image<float> const flat({1, 48, 48}, 0.3f);
    auto const image = grey_texture(48, 48, 1);
    CHECK_FALSE(register_mutual_information<rigid2>(flat, flat, quick()).converged);
    CHECK_FALSE(register_mutual_information<rigid2>(image, flat, quick()).converged);
    CHECK_FALSE(register_mutual_information<rigid2>(flat, image, quick()).converged);

    comir::mutual_information_target<rigid2> const target(image);
    auto const away = target.register_to(image, {rigid2{{0.0, 500.0, 0.0}, {}}});
    CHECK_FALSE(away.converged);
    CHECK(away.overlap == 0.0);
    CHECK(std::isinf(away.value));

    // A single pixel has no neighbours to interpolate between.
    image_mask mask({1, 48, 48});
    mask(0, 7, 7) = 1;
    CHECK_FALSE(
        register_mutual_information<rigid2>({.values = image, .mask = mask}, {.values = image}, quick()).converged);
    CHECK_FALSE(
        register_mutual_information<rigid2>({.values = image}, {.values = image, .mask = mask}, quick()).converged);
}

TEST_CASE("register_mutual_information: confidence tells images of one scene from images of two") {
    for (std::uint64_t const seed : {1u, 2u, 3u}) {
        rigid2 const truth{{0.1, 4.0, -5.0}, centre(128, 112)};
        auto const images = make_grey_pair(truth, {1, 128, 112}, {1, 128, 112}, true);
        mutual_information_options options;
        options.seed = seed;
        auto const same = register_mutual_information<rigid2>(images.fixed, images.moving, options);
        CHECK(same.confidence > 0.9);
        CHECK(same.confidence <= 1.0);
        auto const other =
            register_mutual_information<rigid2>(grey_texture(128, 112, 40 + seed), images.moving, options);
        CHECK(other.confidence < 0.5);
        // The true place is out of reach.
        auto const wrong = comir::mutual_information_target<rigid2>(images.fixed, quick())
                               .register_to(images.moving, {rigid2{{2.0, 0.0, 0.0}, centre(128, 112)}});
        CHECK(wrong.confidence < 0.5);
    }
    image<float> const flat({1, 64, 64}, 0.5f);
    CHECK(register_mutual_information<rigid2>(flat, flat, quick()).confidence == 0.0);
}

TEST_CASE("register_mutual_information: starts beyond all numbers do not converge") {
    auto const image = grey_texture(48, 48, 1);
    comir::mutual_information_target<comir::similarity2> const similar(image);
    CHECK_FALSE(similar.register_to(image, {comir::similarity2{{1e4, 0.0, 0.0, 0.0}, {}}}).converged);
    CHECK_FALSE(similar.register_to(image, {comir::similarity2{{0.0, 0.0, 1e300, 0.0}, {}}}).converged);
    comir::mutual_information_target<comir::affine2> const affine(image);
    CHECK_FALSE(affine.register_to(image, {comir::affine2{{1e300, 0.0, 0.0, 1e300, 0.0, 0.0}, {}}}).converged);
}

TEST_CASE("register_mutual_information: a patch is found in a larger image, either way round") {
    rigid2 const truth{{0.1, -33.0, -28.0}, centre(160, 160)};
    auto const images = make_grey_pair(truth, {1, 160, 160}, {1, 96, 96}, true);
    auto const there = register_mutual_information<rigid2>(images.fixed, images.moving, quick());
    CHECK(there.converged);
    CHECK(corner_distance(there.transform, truth, 160, 160) < 0.3);
    auto const back = register_mutual_information<rigid2>(images.moving, images.fixed, quick());
    CHECK(back.converged);
    CHECK(corner_distance(back.transform, truth.inverse(), 96, 96) < 0.3);
}

TEST_CASE("register_mutual_information: the smallest images are registered or say that they are not") {
    auto const image = grey_texture(8, 9, 1);
    auto const result = register_mutual_information<rigid2>(image, image);
    for (double const p : result.transform.parameters)
        CHECK(std::isfinite(p));
}

TEST_CASE("register_mutual_information: progress counts resolutions and can stop") {
    auto const image = grey_texture(64, 64, 2);
    std::vector<std::size_t> seen;
    auto options = quick();
    options.on_progress = [&](std::size_t done, std::size_t total) {
        seen.push_back(done);
        seen.push_back(total);
        return done < 2;
    };
    auto const result = register_mutual_information<rigid2>(image, image, options);
    CHECK(seen == std::vector<std::size_t>{1, 4, 2, 4});
    CHECK_FALSE(result.converged);
    CHECK(corner_distance(result.transform, rigid2{{}, result.transform.centre}, 64, 64) < 3.0);
}
