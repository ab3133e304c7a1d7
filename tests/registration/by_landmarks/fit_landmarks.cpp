#include <cmath>
#include <cstddef>
#include <numbers>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/by_landmarks/fit_landmarks.hpp>
#include <comir/transform/geometry.hpp>

#include "support/message.hpp"

namespace {

std::vector<comir::landmark> scattered_landmarks(comir::affine2 const& truth, std::size_t count, double noise,
                                                 unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> place(0.0, 400.0);
    std::normal_distribution<double> off(0.0, 1.0);
    std::vector<comir::landmark> landmarks;
    for (std::size_t i = 0; i < count; ++i) {
        comir::point2 const f{place(random), place(random)};
        landmarks.push_back({f, truth(f) + comir::point2{noise * off(random), noise * off(random)}});
    }
    return landmarks;
}

double squares_left(std::vector<comir::landmark> const& landmarks, auto const& t) {
    double sum = 0.0;
    for (double const e : comir::landmark_errors(landmarks, t))
        sum += e * e;
    return sum;
}

comir::affine2 map_of(comir::landmark_fit const& fit) {
    return comir::to_affine(fit.transform);
}

comir::rigid2 const turned{{0.4, 12.5, -7.25}, {150.0, 90.0}};
comir::similarity2 const zoomed{{std::log(1.7), -2.9, 40.0, 3.0}, {150.0, 90.0}};
comir::affine2 const sheared{{1.1, 0.2, -0.15, 0.9, -20.0, 31.0}, {150.0, 90.0}};

}  // namespace

TEST_CASE_TEMPLATE("fit_landmarks: no neighbour of the fit leaves less", T, comir::translation2, comir::rigid2,
                   comir::similarity2, comir::affine2) {
    // Noise that no transform explains, so that the least sum of squares is not 0.
    auto const landmarks = scattered_landmarks(sheared, 9, 6.0, 5);
    T const best = comir::fit_landmarks<T>(landmarks);
    double const least = squares_left(landmarks, best);
    CHECK(least > 1.0);
    for (std::size_t k = 0; k < T::parameter_count; ++k)
        for (double const step : {-1e-3, -1e-5, 1e-5, 1e-3}) {
            T other = best;
            other.parameters[k] += step;
            CHECK(squares_left(landmarks, other) >= least * (1.0 - 1e-12));
        }
    // Nor any of a coarse grid over angles.
    if constexpr (T::parameter_count == 3)
        for (int i = 0; i < 720; ++i) {
            T other = best;
            other.parameters[0] = i * std::numbers::pi / 360.0;
            CHECK(squares_left(landmarks, other) >= least * (1.0 - 1e-12));
        }
}

TEST_CASE("fit_landmarks: landmarks without noise give the transform they were made with") {
    auto const check = [](auto const& truth, comir::transform_kind kind, std::size_t count) {
        auto const landmarks = scattered_landmarks(comir::to_affine(truth), count, 0.0, 3);
        auto const fit = comir::fit_landmarks(landmarks, kind);
        CHECK(fit.transform.index() == static_cast<std::size_t>(kind));
        CHECK(!fit.mirrored);
        CHECK(!fit.far);
        CHECK(fit.root_mean_square < 1e-9);
        CHECK(comir::corner_distance(map_of(fit), comir::to_affine(truth), 400, 400) < 1e-8);
    };
    check(comir::translation2{{3.5, -8.0}}, comir::transform_kind::translation, 1);
    check(turned, comir::transform_kind::rigid, 2);
    check(turned, comir::transform_kind::rigid, 12);
    check(zoomed, comir::transform_kind::similarity, 2);
    check(zoomed, comir::transform_kind::similarity, 12);
    check(sheared, comir::transform_kind::affine, 3);
    check(sheared, comir::transform_kind::affine, 12);
}

TEST_CASE("fit_landmarks: landmarks of a slide that was turned over give a mirrored transform") {
    comir::affine2 const over = comir::compose(comir::affine2{{-1.0, 0.0, 0.0, 1.0, 399.0, 0.0}, {}}, turned);
    auto const landmarks = scattered_landmarks(over, 6, 0.5, 7);
    for (auto const kind :
         {comir::transform_kind::rigid, comir::transform_kind::similarity, comir::transform_kind::affine}) {
        auto const fit = comir::fit_landmarks(landmarks, kind);
        CHECK(fit.mirrored);
        CHECK(comir::is_mirrored(map_of(fit)));
        CHECK(fit.root_mean_square < 1.0);
        CHECK(comir::corner_distance(map_of(fit), over, 400, 400) < 5.0);
    }
    // Two landmarks fit both ways, and so do some on a line: they are taken as they lie.
    CHECK(!comir::fit_landmarks(std::vector(landmarks.begin(), landmarks.begin() + 2), comir::transform_kind::rigid)
               .mirrored);
    std::vector<comir::landmark> line;
    for (double const x : {0.0, 50.0, 90.0, 200.0})
        line.push_back({{x, 2.0 * x}, over({x, 2.0 * x})});
    CHECK(!comir::fit_landmarks(line, comir::transform_kind::similarity).mirrored);
}

TEST_CASE("fit_landmarks: one landmark that is far off is named, noise is not") {
    auto const kinds = {comir::transform_kind::translation, comir::transform_kind::rigid,
                        comir::transform_kind::similarity, comir::transform_kind::affine};
    for (unsigned seed = 1; seed <= 20; ++seed)
        for (auto const kind : kinds) {
            auto landmarks = scattered_landmarks(comir::affine2{{1.0, 0.0, 0.0, 1.0, 5.0, 6.0}, {}}, 8, 1.0, seed);
            CHECK(!comir::fit_landmarks(landmarks, kind).far);
            landmarks[3].moving.x += 60.0;
            auto const fit = comir::fit_landmarks(landmarks, kind);
            REQUIRE(fit.far);
            CHECK(*fit.far == 3);
        }
}

TEST_CASE("fit_landmarks: what lies off by less than people set landmarks is not named") {
    auto landmarks = scattered_landmarks(comir::to_affine(turned), 8, 0.0, 2);
    landmarks[2].moving.y += 1.5;
    CHECK(!comir::fit_landmarks(landmarks, comir::transform_kind::rigid).far);
}

TEST_CASE("fit_landmarks: too few, the same twice, on a line and not finite are errors") {
    using comir::transform_kind;
    auto const error_of = [](std::vector<comir::landmark> const& landmarks, transform_kind kind) {
        return message([&] { comir::fit_landmarks(landmarks, kind); });
    };
    std::vector<comir::landmark> const two{{{0.0, 0.0}, {1.0, 1.0}}, {{9.0, 0.0}, {10.0, 1.0}}};
    CHECK(error_of({}, transform_kind::translation).find("there are 0 landmarks, expected at least 1") !=
          std::string::npos);
    CHECK(error_of({two[0]}, transform_kind::rigid).find("expected at least 2 for the kind rigid") !=
          std::string::npos);
    CHECK(error_of(two, transform_kind::affine).find("expected at least 3 for the kind affine") != std::string::npos);
    CHECK(error_of({two[0], two[1], two[0]}, transform_kind::rigid).find("landmarks 1 and 3 are at the same place") !=
          std::string::npos);
    auto line = two;
    line.push_back({{20.0, 0.0}, {21.0, 1.0}});
    CHECK(error_of(line, transform_kind::affine).find("lie on a line in the fixed image") != std::string::npos);
    line[2].fixed.y = 30.0;
    CHECK(error_of(line, transform_kind::affine).find("lie on a line in the moving image") != std::string::npos);
    line[2].moving.y = std::nan("");
    CHECK(error_of(line, transform_kind::rigid).find("landmark 3 has a coordinate") != std::string::npos);
}
