#include <cmath>
#include <cstddef>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <comir/transform/chain.hpp>

namespace {

using comir::point2;
using comir::transform_chain;

/// c_k = (0.1 k, 0.1 (k + 20)), as it was given to ITK 5.2.1 and elastix 5.0.1.
comir::bspline2 known_spline() {
    std::vector<point2> shifts;
    for (int k = 0; k < 20; ++k)
        shifts.push_back({0.1 * k, 0.1 * (k + 20)});
    return {{{5, 4}, {8, 17}, {2, 3}}, shifts};
}

void check_close(point2 a, point2 b, double tolerance) {
    CHECK(std::abs(a.x - b.x) < tolerance);
    CHECK(std::abs(a.y - b.y) < tolerance);
}

}  // namespace

TEST_CASE("transform_chain: parts are applied in their order") {
    comir::affine2 const affine{{2, 0, 0, 2, 1, 3}, {4, 5}};
    comir::translation2 const shift{{1, 0}, {}};
    CHECK(transform_chain{{shift, affine}}({3, 5}) == point2{5, 8});
    CHECK(transform_chain{{affine, shift}}({3, 5}) == point2{4, 8});
    check_close(transform_chain{{known_spline(), affine}}({11, 21.5}), {20.8, 46.8}, 1e-12);
    CHECK(transform_chain{}({3, 5}) == point2{3, 5});
    transform_chain const twice = comir::compose(transform_chain{{affine}}, transform_chain{{shift}});
    CHECK(twice({3, 5}) == point2{5, 8});
}

TEST_CASE("as_linear: a chain without bends is one transform of the narrowest kind") {
    comir::translation2 const shift{{1, 2}, {}};
    comir::rigid2 const rigid{{0.3, 3, -4}, {10, 20}};
    comir::similarity2 const similar{{0.2, -0.4, 3, -4}, {1, 2}};
    comir::affine2 const affine{{1.1, 0.2, -0.1, 0.9, 5, 6}, {7, 8}};
    auto const check = [](transform_chain const& chain, std::size_t kind) {
        auto const one = comir::as_linear(chain);
        REQUIRE(one.has_value());
        CHECK(one->index() == kind);
        for (point2 const p : {point2{0, 0}, {31, 7}, {-5, 100}})
            check_close(std::visit([&](auto const& t) { return t(p); }, *one), chain(p), 1e-11);
        CHECK(comir::merge_linear(chain).parts.size() == (chain.parts.empty() ? 0 : 1));
    };
    check(transform_chain{}, 0);
    check(transform_chain{{shift, shift}}, 0);
    check(transform_chain{{rigid, shift}}, 1);
    check(transform_chain{{shift, rigid, similar}}, 2);
    check(transform_chain{{similar, affine, shift, rigid}}, 3);
    CHECK(std::get<comir::rigid2>(*comir::as_linear(transform_chain{{rigid}})).parameters == rigid.parameters);
    transform_chain const bent{{shift, rigid, known_spline(), affine, shift}};
    CHECK_FALSE(comir::as_linear(bent).has_value());
    CHECK_FALSE(comir::is_linear(bent));
    CHECK(comir::merge_linear(bent).parts.size() == 3);
    check_close(comir::merge_linear(bent)({8, 17}), bent({8, 17}), 1e-11);
}

TEST_CASE("is_within_bends: every bend is asked about the point that it gets") {
    comir::translation2 const shift{{100, 0}, {}}, back{{-100, 0}, {}};
    CHECK(comir::is_within_bends(transform_chain{{known_spline()}}, {11, 21}));
    CHECK_FALSE(comir::is_within_bends(transform_chain{{known_spline()}}, {9.9, 21}));
    CHECK_FALSE(comir::is_within_bends(transform_chain{{shift, known_spline()}}, {11, 21}));
    CHECK(comir::is_within_bends(transform_chain{{back, known_spline()}}, {111, 21}));
    CHECK(comir::is_within_bends(transform_chain{{shift}}, {9, 9}));
}

TEST_CASE("invert: chains are undone within their bound, through bends and steep linear parts") {
    std::vector<point2> waves;
    for (int j = 0; j < 12; ++j)
        for (int i = 0; i < 12; ++i)
            waves.push_back({6 * std::sin(0.7 * j), 6 * std::cos(0.6 * i)});
    comir::bspline2 const bend({{12, 12}, {-40, -40}, {16, 16}}, waves);
    comir::displacement_field2 const field({{16, 16}, {-30, -30}, {1, 0, 0, 1}}, {12, 12}, waves);
    transform_chain const chain{{bend, comir::affine2{{0.02, 0.01, -0.01, 0.9, 50, 60}, {7, 8}}, field}};
    for (double x = 0; x < 100; x += 13)
        for (double y = 0; y < 100; y += 11) {
            auto const back = comir::invert(chain, chain({x, y}));
            CAPTURE(x);
            CAPTURE(y);
            CHECK(back.converged);
            CHECK(back.error < 0.01);
            CHECK(std::hypot(back.point.x - x, back.point.y - y) <= back.error + 1e-11);
        }
    CHECK_THROWS_AS(comir::invert(transform_chain{{comir::affine2{{1, 1, 1, 1, 0, 0}, {}}}}, {1, 2}), comir::error);
}
