#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/convert.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/registration/deformable/register_deformable.hpp>
#include <comir/transform/bspline_inverse.hpp>

namespace {

using comir::affine2;
using comir::image;
using comir::point2;

/// A texture that can be read anywhere: noise of some pixels' width.
image<float> noise_texture(std::size_t side, unsigned seed) {
    image<float> noise({1, side, side});
    unsigned state = seed;
    for (float& v : noise.values()) {
        state = state * 1664525u + 1013904223u;
        v = static_cast<float>(state >> 8) / 16777216.0f;
    }
    return comir::normalise(comir::gaussian_blur(noise, 2.0));
}

/// Two images of a texture; the moving one is `to_texture` bent and inverted in a way that is no line.
struct bent_pair {
    image<float> fixed, moving;
};

template <class Bend>
bent_pair make_bent_pair(std::size_t side, Bend const& bend) {
    image<float> const texture = noise_texture(side + 64, 7);
    bent_pair pair{image<float>({1, side, side}), image<float>({1, side, side})};
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x) {
            point2 const p{static_cast<double>(x), static_cast<double>(y)}, off{32.0, 32.0};
            comir::sampling_options const o{.method = comir::interpolation::cubic};
            float v = 0.0f;
            comir::sample(texture, p + off, std::span(&v, 1), o);
            pair.fixed(0, y, x) = v;
            comir::sample(texture, bend(p) + off, std::span(&v, 1), o);
            pair.moving(0, y, x) = (v - 0.45f) * (v - 0.45f);
        }
    return pair;
}

/// From the moving image's pixels to the fixed one's, up to 4 px.
point2 waves(point2 p) {
    double const w = 2.0 * std::numbers::pi / 170.0;
    return p + point2{4.0 * std::sin(w * p.y + 0.5), 4.0 * std::sin(w * p.x + 1.0)};
}

std::vector<double> errors_of(comir::bspline2 const& bend, std::size_t side) {
    std::vector<double> errors;
    for (double y = 12.0; y < static_cast<double>(side) - 12.0; y += 8.0)
        for (double x = 12.0; x < static_cast<double>(side) - 12.0; x += 8.0) {
            auto const found = comir::invert(bend, {x, y});
            point2 const d = found.point - waves({x, y});
            errors.push_back(std::hypot(d.x, d.y));
        }
    std::ranges::sort(errors);
    return errors;
}

comir::deformable_options two_modalities() {
    comir::deformable_options o;
    o.search.metric = comir::search_metric::mutual_information;
    return o;
}

}  // namespace

TEST_CASE("register_deformable: finds a smooth bend between two modalities, with the same bits on any threads") {
    constexpr std::size_t side = 160;
    bent_pair const pair = make_bent_pair(side, waves);
    auto options = two_modalities();
    options.threads = 1;
    auto const found = comir::register_deformable({.values = pair.fixed}, {.values = pair.moving}, affine2{}, options);
    REQUIRE(found.bent);
    auto const errors = errors_of(found.map.bend, side);
    CHECK(errors[errors.size() / 2] < 0.5);
    CHECK(errors[errors.size() * 9 / 10] < 1.5);
    CHECK(found.agreeing > 0.8);
    CHECK(found.largest_displacement == doctest::Approx(5.6).epsilon(0.3));
    // What is reported is what the map has.
    auto const least = comir::minimum_jacobian(found.map.bend, {side, side});
    CHECK(least.determinant == found.least_jacobian.determinant);
    CHECK(least.determinant > 0.1);
    options.threads = 2;
    auto const again = comir::register_deformable({.values = pair.fixed}, {.values = pair.moving}, affine2{}, options);
    CHECK(std::ranges::equal(found.map.bend.displacements(), again.map.bend.displacements()));
}

TEST_CASE("register_deformable: images that are not bent stay so") {
    bent_pair const pair = make_bent_pair(160, [](point2 p) { return p + point2{0.3, -0.2}; });
    auto const found =
        comir::register_deformable({.values = pair.fixed}, {.values = pair.moving}, affine2{}, two_modalities());
    CHECK_FALSE(found.bent);
    CHECK(found.largest_displacement == 0.0);
    CHECK(found.map({20.0, 30.0}) == point2{20.0, 30.0});
    CHECK(found.agreeing > 0.8);
}

TEST_CASE("register_deformable: never folds, however different the images and weak the stiffness") {
    auto options = two_modalities();
    options.stiffness = 1e-4;
    options.least_gain = 0.0;
    options.most_displacement = 10.0;
    image<float> const one = noise_texture(128, 1), other = noise_texture(128, 99);
    auto const found = comir::register_deformable({.values = one}, {.values = other}, affine2{}, options);
    CHECK(comir::minimum_jacobian(found.map.bend, {128, 128}).determinant > 0.1);
    CHECK(found.held_out_agreement < 0.3);
}

TEST_CASE("register_deformable: images without texture, and options and starts that cannot be") {
    image<float> const flat({1, 128, 128}, 0.5f), texture = noise_texture(128, 3);
    auto const found = comir::register_deformable({.values = flat}, {.values = texture}, affine2{}, two_modalities());
    CHECK_FALSE(found.bent);
    CHECK(found.residuals.empty());
    auto options = two_modalities();
    options.stiffness = 0.0;
    CHECK_THROWS_AS(comir::register_deformable({.values = texture}, {.values = texture}, affine2{}, options),
                    comir::error);
    options = two_modalities();
    options.spacing = 2.0;
    CHECK_THROWS_AS(comir::register_deformable({.values = texture}, {.values = texture}, affine2{}, options),
                    comir::error);
    affine2 singular;
    singular.parameters = {1.0, 1.0, 1.0, 1.0, 0.0, 0.0};
    CHECK_THROWS_AS(comir::register_deformable({.values = texture}, {.values = texture}, singular, two_modalities()),
                    comir::error);
}
