#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/windows/supported_kind.hpp>
#include <comir/registration/windows/verdict.hpp>

#include "support/corner_error.hpp"
#include "support/textured_pair.hpp"

namespace {

using comir::affine2;
using comir::image_shape;
using comir::point2;
using comir::transform_kind;
using comir::detail::window_scores;

constexpr image_shape window_field{1, 250, 250};

/// Windows on a grid, each with a round peak where the truth moves its middle.
std::vector<window_scores> peaked(affine2 const& truth) {
    std::vector<window_scores> all;
    for (std::size_t i = 0; i < 25; ++i) {
        window_scores w;
        w.number = i;
        w.colour = (i % 5 + i / 5) % 2;
        w.middle = {25.0 + 50.0 * static_cast<double>(i % 5), 25.0 + 50.0 * static_cast<double>(i / 5)};
        w.reach = 8;
        point2 const d = truth(w.middle) - w.middle;
        // No two windows are alike, as in images.
        double const height = 1.0 + 0.1 * std::sin(static_cast<double>(3 * i));
        for (std::ptrdiff_t y = -8; y <= 8; ++y)
            for (std::ptrdiff_t x = -8; x <= 8; ++x) {
                double const u = static_cast<double>(x) - d.x, v = static_cast<double>(y) - d.y;
                w.scores.push_back(static_cast<float>(height * std::exp(-0.1 * (u * u + v * v)) - 0.05));
            }
        all.push_back(std::move(w));
    }
    return all;
}

affine2 about_centre(double a, double b, double c, double d, point2 shift) {
    return {{a, b, c, d, shift.x, shift.y}, comir::image_centre(window_field)};
}

}  // namespace

TEST_CASE("window_scores: read what they hold, between steps by cubic convolution, the least beyond") {
    auto const w = peaked(affine2{}).front();
    CHECK(w({0.0, 0.0}) == doctest::Approx(static_cast<double>(w.at(0, 0))));
    CHECK(w({2.0, -3.0}) == doctest::Approx(static_cast<double>(w.at(2, -3))));
    double const height = static_cast<double>(w.at(0, 0)) + 0.05;
    CHECK(w({0.5, 0.25}) == doctest::Approx(height * std::exp(-0.1 * 0.3125) - 0.05).epsilon(0.01));
    CHECK(w({20.0, 0.0}) <= static_cast<double>(w.at(8, 8)));
}

TEST_CASE("fit_windows: the map that windows agree on, by the numbers that its kind has") {
    affine2 const truth = about_centre(1.02, -0.01, 0.02, 0.99, {1.5, -2.25});
    auto const windows = peaked(truth);
    auto const fit = comir::detail::fit_windows(windows, transform_kind::affine);
    CHECK(corner_error(fit.map.as_affine(), truth, window_field) < 0.15);
    CHECK(fit.z_score > 5.0);
    CHECK(comir::detail::agreement_of(windows, fit.map) == doctest::Approx(1.0));
    CHECK(comir::detail::fit_windows({}, transform_kind::affine).score == 0.0);
}

TEST_CASE("nearest_of_kind: keeps a transform of its kind, and what is nearest of a richer one") {
    comir::similarity2 const s{{0.1, -0.7, 3.0, 4.0}, {10.0, 20.0}};
    auto const same = comir::detail::nearest_of_kind<comir::similarity2>(comir::to_affine(s), {50.0, 60.0});
    CHECK(corner_error(same, s, window_field) < 1e-9);
    CHECK(same.centre == point2{50.0, 60.0});
    auto const turn = comir::detail::nearest_of_kind<comir::rigid2>(comir::to_affine(s), {50.0, 60.0});
    CHECK(turn.parameters[0] == doctest::Approx(-0.7));
}

TEST_CASE("supported_kind: no richer than windows support") {
    auto const kind_of = [](affine2 const& truth) {
        auto const windows = peaked(truth);
        return comir::detail::supported_kind(windows, affine2{}, window_field);
    };
    double const c = std::cos(0.02), s = std::sin(0.02);
    CHECK(kind_of(about_centre(c, -s, s, c, {1.0, 2.0})) == transform_kind::rigid);
    CHECK(kind_of(about_centre(1.03, 0.0, 0.0, 1.03, {1.0, 0.5})) == transform_kind::similarity);
    CHECK(kind_of(about_centre(1.03, 0.02, -0.01, 0.98, {0.0, 1.0})) == transform_kind::affine);
}

TEST_CASE("judge: corrects a pose and tells a right one from a wrong one") {
    auto const p = noisy_pair(200, comir::rigid2{{0.2, 5.0, -4.0}, {99.5, 99.5}}, 0.1f, 9);
    comir::prepared_image const fixed(comir::registration_image{p.fixed}), moving(comir::registration_image{p.moving});
    comir::global_search_options const o{};
    affine2 near = comir::to_affine(p.truth);
    near.parameters[4] += 3.0;
    near.parameters[0] *= 1.02;
    auto const right = comir::detail::judge(fixed, moving, near, o);
    CHECK(right.agreement > 0.9);
    CHECK(right.agrees());
    CHECK(corner_error(right.transform, p.truth, p.fixed.shape()) < 0.5);
    affine2 far = comir::to_affine(p.truth);
    far.parameters[4] += 60.0;
    auto const wrong = comir::detail::judge(fixed, moving, far, o);
    CHECK(wrong.agreement < 0.4);
    CHECK(!wrong.agrees());
}
