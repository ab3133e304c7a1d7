#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include <doctest/doctest.h>

#include <comir/transform/compose.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>
#include <comir/transform/translation.hpp>

namespace {

using comir::point2;

constexpr std::array<point2, 5> points{{{0, 0}, {10, 0}, {0, -7}, {123.5, 61.25}, {-40, 900}}};
constexpr double epsilon = std::numeric_limits<double>::epsilon();
// Coordinates stay below 3000 pixels; a chain of maps rounds a few dozen times.
constexpr double tolerance = 64 * epsilon * 3000;

template <class T>
T example(double variant = 1.0);
template <>
comir::translation2 example(double v) {
    return {{3.5 * v, -2.25}, {11, 5}};
}
template <>
comir::rigid2 example(double v) {
    return {{0.7 * v, 3.5, -2.25 * v}, {31, 17.5 * v}};
}
template <>
comir::similarity2 example(double v) {
    return {{0.2 * v, -0.6, 3.5 * v, -2.25}, {31, 17.5 * v}};
}
template <>
comir::affine2 example(double v) {
    return {{1.1, 0.3 * v, -0.2, 0.9 * v, 4 * v, -9}, {31, 17.5 * v}};
}

template <class First, class Second>
void check_same_map(First const& first, Second const& second) {
    for (point2 const p : points) {
        CHECK(std::abs(first(p).x - second(p).x) <= tolerance);
        CHECK(std::abs(first(p).y - second(p).y) <= tolerance);
    }
}

}  // namespace

#define EVERY_TRANSFORM comir::translation2, comir::rigid2, comir::similarity2, comir::affine2

TEST_CASE_TEMPLATE("transform: satisfies the contract, is the identity by default", T, EVERY_TRANSFORM) {
    static_assert(comir::transform<T> && comir::affine_transform<T>);
    T t;
    t.centre = {3.25, -8};
    for (point2 const p : points)
        CHECK(t(p) == p);
}

TEST_CASE_TEMPLATE("transform: the inverse undoes it from both sides, about the same centre", T, EVERY_TRANSFORM) {
    T const t = example<T>(), back = t.inverse();
    CHECK(back.centre == t.centre);
    for (point2 const p : points) {
        point2 const q = back(t(p)), r = t(back(p));
        CHECK(std::abs(q.x - p.x) <= tolerance);
        CHECK(std::abs(q.y - p.y) <= tolerance);
        CHECK(std::abs(r.x - p.x) <= tolerance);
        CHECK(std::abs(r.y - p.y) <= tolerance);
    }
}

TEST_CASE_TEMPLATE("transform: the Jacobian equals central differences", T, EVERY_TRANSFORM) {
    T const t = example<T>();
    double const step = 1e-5;
    for (point2 const p : points) {
        auto const j = t.jacobian(p);
        for (std::size_t k = 0; k < T::parameter_count; ++k) {
            T above = t, below = t;
            above.parameters[k] += step;
            below.parameters[k] -= step;
            point2 const slope = (0.5 / step) * (above(p) - below(p));
            // Error: step^2 / 6 times a third derivative below 1500, and rounding 3000 epsilon / step.
            double const allowed = step * step / 6 * 1500 + 8 * 3000 * epsilon / step;
            CHECK(std::abs(j(0, static_cast<int>(k)) - slope.x) <= allowed);
            CHECK(std::abs(j(1, static_cast<int>(k)) - slope.y) <= allowed);
        }
    }
}

TEST_CASE_TEMPLATE("transform: linear(), centre and translation rebuild the map", T, EVERY_TRANSFORM) {
    T const t = example<T>();
    auto const m = t.linear();
    for (point2 const p : points) {
        point2 const d = p - t.centre, shift = comir::translation(t);
        CHECK(std::abs(t(p).x - (t.centre.x + m(0, 0) * d.x + m(0, 1) * d.y + shift.x)) <= tolerance);
        CHECK(std::abs(t(p).y - (t.centre.y + m(1, 0) * d.x + m(1, 1) * d.y + shift.y)) <= tolerance);
    }
}

TEST_CASE_TEMPLATE("compose: transforms of one type keep the type and inner's centre", T, EVERY_TRANSFORM) {
    T const outer = example<T>(), inner = example<T>(-1.5);
    auto const both = compose(outer, inner);
    static_assert(std::is_same_v<decltype(both), T const>);
    CHECK(both.centre == inner.centre);
    check_same_map(both, [&](point2 p) { return outer(inner(p)); });
}

TEST_CASE("compose: transforms of different types make an affine2") {
    auto const rigid = example<comir::rigid2>();
    auto const similarity = example<comir::similarity2>();
    auto const both = compose(rigid, similarity);
    static_assert(std::is_same_v<decltype(both), comir::affine2 const>);
    CHECK(both.centre == similarity.centre);
    check_same_map(both, [&](point2 p) { return rigid(similarity(p)); });
    auto const shift = example<comir::translation2>();
    check_same_map(compose(shift, rigid), [&](point2 p) { return shift(rigid(p)); });
    check_same_map(compose(rigid, shift), [&](point2 p) { return rigid(shift(p)); });
}

TEST_CASE_TEMPLATE("with_centre: the same map about another centre", T, EVERY_TRANSFORM) {
    T const t = example<T>();
    T const moved = with_centre(t, point2{-250, 99.5});
    CHECK(moved.centre == point2{-250, 99.5});
    check_same_map(moved, t);
}

TEST_CASE_TEMPLATE("to_affine: the same map about the origin", T, EVERY_TRANSFORM) {
    T const t = example<T>();
    comir::affine2 const a = to_affine(t);
    CHECK(a.centre == point2{});
    check_same_map(a, t);
}

TEST_CASE("rigid2: a positive angle turns the x axis towards the y axis, about the centre") {
    comir::rigid2 const t{{std::numbers::pi / 2, 0, 0}, {5, 7}};
    point2 const q = t({6, 7});
    CHECK(std::abs(q.x - 5) <= 8 * epsilon);
    CHECK(std::abs(q.y - 8) <= 8 * epsilon);
}

TEST_CASE("similarity2: scales by exp(log_scale) and turns as rigid2 does") {
    comir::similarity2 const t{{std::log(2.0), 0.4, 1, -3}, {5, 7}};
    comir::rigid2 const r{{0.4, 0, 0}, {5, 7}};
    for (point2 const p : points) {
        point2 const q = t(p), turned = r(p);
        CHECK(std::abs(q.x - (5 + 2 * (turned.x - 5) + 1)) <= tolerance);
        CHECK(std::abs(q.y - (7 + 2 * (turned.y - 7) - 3)) <= tolerance);
    }
}

TEST_CASE("affine2: a singular matrix has no inverse") {
    comir::affine2 t;
    t.parameters = {1, 2, 2, 4, 0, 0};
    CHECK_THROWS_WITH_AS(t.inverse(), doctest::Contains("comir::affine2::inverse: the matrix has determinant 0"),
                         comir::error);
    t.parameters[0] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(t.inverse(), comir::error);
}
