#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/features/ransac.hpp>

#include "support/message.hpp"

namespace {

using comir::affine2;
using comir::point2;
using comir::point_match;
using comir::ransac_options;
using comir::rigid2;
using comir::similarity2;
using comir::translation2;

template <class T>
T example();
template <>
translation2 example() {
    return {{12.5, -7.0}, {}};
}
template <>
rigid2 example() {
    return {{2.1, 14.0, -9.0}, {100.0, 80.0}};
}
template <>
similarity2 example() {
    return {{0.3, -1.2, 5.0, 20.0}, {90.0, 70.0}};
}
template <>
affine2 example() {
    return {{1.1, 0.2, -0.15, 0.85, 9.0, -4.0}, {80.0, 80.0}};
}

template <class T>
std::vector<point_match> make_matches(T const& truth, std::size_t inliers, std::size_t outliers, double noise,
                                      std::uint64_t seed) {
    comir::random_stream random(seed);
    std::vector<point_match> matches;
    for (std::size_t i = 0; i < inliers + outliers; ++i) {
        point_match m;
        m.fixed = {random.uniform(0.0, 200.0), random.uniform(0.0, 160.0)};
        // Inliers and outliers mixed.
        bool const good = i * inliers / (inliers + outliers) != (i + 1) * inliers / (inliers + outliers);
        m.moving = good ? truth(m.fixed) + point2{noise * random.normal(), noise * random.normal()}
                        : point2{random.uniform(0.0, 200.0), random.uniform(0.0, 160.0)};
        matches.push_back(m);
    }
    return matches;
}

template <class A, class B>
double corner_distance(A const& a, B const& b) {
    double worst = 0.0;
    for (point2 const p : {point2{0.0, 0.0}, point2{200.0, 0.0}, point2{0.0, 160.0}, point2{200.0, 160.0}}) {
        point2 const d = a(p) - b(p);
        worst = std::max(worst, std::hypot(d.x, d.y));
    }
    return worst;
}

double sum_of_squares(std::vector<point_match> const& matches, auto const& t) {
    double total = 0.0;
    for (point_match const& m : matches) {
        point2 const d = t(m.fixed) - m.moving;
        total += d.x * d.x + d.y * d.y;
    }
    return total;
}

}  // namespace

TEST_CASE_TEMPLATE("fit_transform: clean pairs give the transform, as few as determine it", T, translation2, rigid2,
                   similarity2, affine2) {
    T const truth = example<T>();
    for (std::size_t const count : {comir::fit_size<T>, std::size_t{7}, std::size_t{50}}) {
        auto const matches = make_matches(truth, count, 0, 0.0, count);
        auto const fitted = comir::fit_transform<T>(matches);
        REQUIRE(fitted.has_value());
        CHECK(corner_distance(*fitted, truth) < 1e-8);
        CHECK_FALSE(comir::fit_transform<T>(std::span(matches).first(comir::fit_size<T> - 1)).has_value());
    }
}

TEST_CASE_TEMPLATE("fit_transform: no small change of a parameter lowers the sum of squares", T, translation2, rigid2,
                   similarity2, affine2) {
    auto const matches = make_matches(example<T>(), 40, 0, 2.0, 9);
    T const fitted = *comir::fit_transform<T>(matches);
    double const least = sum_of_squares(matches, fitted);
    for (std::size_t i = 0; i < T::parameter_count; ++i)
        for (double const sign : {-1.0, 1.0}) {
            T other = fitted;
            other.parameters[i] += sign * (i + 2 >= T::parameter_count ? 1e-2 : 1e-4);
            CHECK(sum_of_squares(matches, other) > least);
        }
}

TEST_CASE("fit_transform: degenerate points determine nothing") {
    std::vector<point_match> place(5), line;
    for (int i = 0; i < 6; ++i) {
        double const t = i;
        line.push_back({{3.0 * t + 1.0, 2.0 * t}, {-2.0 * t, 3.0 * t + 4.0}});
    }
    CHECK_FALSE(comir::fit_transform<rigid2>(place).has_value());
    CHECK_FALSE(comir::fit_transform<similarity2>(place).has_value());
    CHECK_FALSE(comir::fit_transform<affine2>(place).has_value());
    CHECK_FALSE(comir::fit_transform<affine2>(line).has_value());
    CHECK(comir::fit_transform<translation2>(place).has_value());
    auto const rigid = comir::fit_transform<rigid2>(line);
    REQUIRE(rigid.has_value());
    CHECK(sum_of_squares(line, *rigid) < 1e-12);
}

TEST_CASE_TEMPLATE("ransac: finds the transform among outliers", T, translation2, rigid2, similarity2, affine2) {
    T const truth = example<T>();
    std::size_t const outliers = std::is_same_v<T, affine2> ? 120 : 240;
    for (std::uint64_t const seed : {1u, 2u, 3u}) {
        auto const matches = make_matches(truth, 60, outliers, 0.5, seed);
        auto const result = comir::ransac<T>(matches, {.seed = seed});
        CHECK(result.converged);
        CHECK(corner_distance(result.transform, truth) < 1.2);
        CHECK(result.inliers.size() >= 58);
        CHECK(result.inliers.size() <= 75);
        CHECK(result.ratio == doctest::Approx(static_cast<double>(result.inliers.size()) / (60.0 + double(outliers))));
        CHECK(result.residual > 0.4);
        CHECK(result.residual < 1.2);
        CHECK(std::ranges::is_sorted(result.inliers));
        for (std::size_t const i : result.inliers) {
            point2 const d = result.transform(matches[i].fixed) - matches[i].moving;
            CHECK(std::hypot(d.x, d.y) <= 3.0);
        }
        // The least-squares refit of its own inliers.
        std::vector<point_match> chosen;
        for (std::size_t const i : result.inliers)
            chosen.push_back(matches[i]);
        CHECK(corner_distance(*comir::fit_transform<T>(chosen), result.transform) < 0.3);
    }
}

TEST_CASE("ransac: a seed gives the same result, and clean matches need few trials") {
    auto const mixed = make_matches(example<rigid2>(), 30, 100, 0.5, 4);
    auto const a = comir::ransac<rigid2>(mixed, {.seed = 5}), b = comir::ransac<rigid2>(mixed, {.seed = 5});
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(a.inliers == b.inliers);
    CHECK(a.trials == b.trials);
    CHECK(a.trials > 20);
    CHECK(comir::ransac<rigid2>(make_matches(example<rigid2>(), 100, 0, 0.5, 4)).trials < 20);
    CHECK(comir::ransac<rigid2>(make_matches(example<rigid2>(), 5, 300, 0.5, 4), {.max_trials = 77}).trials == 77);
}

TEST_CASE("ransac: turns and zooms that disagree make outliers") {
    rigid2 const truth = example<rigid2>();
    auto matches = make_matches(truth, 40, 0, 0.0, 1);
    for (std::size_t i = 0; i < matches.size(); ++i) {
        matches[i].turn = truth.parameters[0] - 2.0 * std::numbers::pi + (i < 10 ? 0.8 : 0.2);
        matches[i].zoom = i >= 30 ? 2.5 : 1.2;
    }
    CHECK(comir::ransac<rigid2>(matches).inliers.size() == 40);
    auto const turned = comir::ransac<rigid2>(matches, {.max_turn_error = 0.5});
    CHECK(turned.inliers.size() == 30);
    CHECK(turned.inliers.front() == 10);
    auto const zoomed = comir::ransac<rigid2>(matches, {.max_turn_error = 0.5, .max_zoom_error = 2.0});
    CHECK(zoomed.inliers.size() == 20);
    CHECK(zoomed.inliers.back() == 29);
}

TEST_CASE("ransac: implausible scales and stretches are refused") {
    similarity2 const large{{std::log(6.0), 0.0, 0.0, 0.0}, {}};
    affine2 const flat{{1.0, 0.0, 0.0, 0.2, 0.0, 0.0}, {}};
    affine2 const mirrored{{-1.0, 0.0, 0.0, 1.0, 200.0, 0.0}, {}};
    auto const scaled = make_matches(large, 30, 0, 0.0, 1);
    CHECK_FALSE(comir::ransac<similarity2>(scaled).converged);
    CHECK(comir::ransac<similarity2>(scaled, {.max_scale = 8.0}).converged);
    CHECK_FALSE(comir::ransac<affine2>(make_matches(mirrored, 30, 0, 0.0, 1)).converged);
    auto const squeezed = make_matches(flat, 30, 0, 0.0, 1);
    CHECK_FALSE(comir::ransac<affine2>(squeezed).converged);
    CHECK(comir::ransac<affine2>(squeezed, {.max_scale = 6.0, .max_stretch = 6.0}).converged);
}

TEST_CASE_TEMPLATE("ransac: degenerate matches do not converge", T, rigid2, similarity2, affine2) {
    CHECK_FALSE(comir::ransac<T>({}).converged);
    std::vector<point_match> matches(1);
    CHECK_FALSE(comir::ransac<T>(matches).converged);
    matches.assign(50, {{10.0, 20.0}, {30.0, 5.0}});
    auto const same = comir::ransac<T>(matches);
    CHECK_FALSE(same.converged);
    CHECK(std::ranges::all_of(same.transform.parameters, [](double p) { return std::isfinite(p); }));
    CHECK_FALSE(comir::ransac<T>(make_matches(example<T>(), 4, 0, 0.0, 1)).converged);
    std::vector<point_match> line;
    for (int i = 0; i < 40; ++i)
        line.push_back({{5.0 * i, 20.0}, {5.0 * i, 30.0}});
    auto const straight = comir::ransac<T>(line);
    CHECK(straight.converged == !std::is_same_v<T, affine2>);
}

TEST_CASE("ransac: wrong input is named") {
    auto matches = make_matches(example<rigid2>(), 10, 0, 0.0, 1);
    auto const text = [&](ransac_options const& o) { return message([&] { comir::ransac<rigid2>(matches, o); }); };
    CHECK(text({.tolerance = 0.0}).find("comir::ransac: tolerance is 0") != std::string::npos);
    CHECK(text({.max_turn_error = -1.0}).find("max_turn_error is -1") != std::string::npos);
    CHECK(text({.max_zoom_error = 0.5}).find("max_zoom_error is 0.5") != std::string::npos);
    CHECK(text({.certainty = 1.0}).find("certainty is 1") != std::string::npos);
    matches[3].moving.x = std::numeric_limits<double>::quiet_NaN();
    CHECK(text({}).find("match 3 has a position") != std::string::npos);
}
