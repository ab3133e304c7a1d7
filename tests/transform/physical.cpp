#include <cmath>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <comir/transform/physical.hpp>

namespace {

using comir::any_transform;
using comir::pixel_grid;
using comir::point2;

point2 applied(any_transform const& t, point2 p) {
    return std::visit([&](auto const& held) { return held(p); }, t);
}

point2 place(pixel_grid const& g, point2 p) {
    return {g.origin[0] + g.spacing[0] * p.x, g.origin[1] + g.spacing[1] * p.y};
}

void check_same(point2 a, point2 b) {
    CHECK(a.x == doctest::Approx(b.x).epsilon(1e-12));
    CHECK(a.y == doctest::Approx(b.y).epsilon(1e-12));
}

}  // namespace

TEST_CASE("to_physical: maps the place of a pixel to the place of the mapped pixel, and to_pixels back") {
    pixel_grid const square{{0.5, 0.5}, {3, -2}}, fine{{0.25, 0.25}, {1, 7}}, oblong{{0.5, 0.3}, {0, 4}};
    any_transform const transforms[] = {comir::translation2{{3, -4}, {8, 9}}, comir::rigid2{{0.3, 3, -4}, {10, 20}},
                                        comir::similarity2{{0.2, 0.3, 3, -4}, {10, 20}},
                                        comir::affine2{{1.1, 0.2, -0.1, 0.9, 5, 6}, {7, 8}}};
    for (any_transform const& t : transforms)
        for (auto const& [fixed, moving] :
             {std::pair(square, square), std::pair(square, fine), std::pair(oblong, fine), std::pair(fine, oblong)}) {
            any_transform const physical = comir::to_physical(t, fixed, moving);
            any_transform const back = comir::to_pixels(physical, fixed, moving);
            for (point2 const p : {point2{0, 0}, {31, 7}, {-5, 100}}) {
                check_same(applied(physical, place(fixed, p)), place(moving, applied(t, p)));
                check_same(applied(back, p), applied(t, p));
            }
        }
    CHECK(std::holds_alternative<comir::rigid2>(comir::to_physical(transforms[1], square, {{0.5, 0.5}, {9, 9}})));
    CHECK(std::holds_alternative<comir::similarity2>(comir::to_physical(transforms[1], square, fine)));
    CHECK(std::holds_alternative<comir::affine2>(comir::to_physical(transforms[1], oblong, fine)));
    CHECK(std::get<comir::rigid2>(comir::to_physical(transforms[1], square, square)).centre == point2{8, 8});
    CHECK_THROWS_WITH_AS(comir::to_physical(transforms[0], square, {{0.0, 1.0}, {}}),
                         doctest::Contains("the moving image has spacing 0"), comir::error);
    CHECK_THROWS_AS(comir::to_pixels(transforms[0], {{1.0, NAN}, {}}, square), comir::error);
}

TEST_CASE("to_physical: chains map the place of a pixel to that of the mapped pixel, whatever way the images lie") {
    std::vector<point2> shifts(20);
    for (std::size_t i = 0; i < shifts.size(); ++i)
        shifts[i] = {0.1 * static_cast<double>(i % 7), 0.2 * static_cast<double>(i % 3)};
    comir::bspline2 const bend({{5, 4}, {-10, -8}, {12, 9}}, shifts);
    comir::displacement_field2 const field({{8, 6}, {-1, 2}, {0.8, -0.6, 0.6, 0.8}}, {5, 4}, shifts);
    comir::transform_chain const chains[] = {
        comir::transform_chain{{bend, comir::rigid2{{0.3, 3, -4}, {10, 20}}}},
        comir::transform_chain{{comir::affine2{{1.1, 0.2, -0.1, 0.9, 5, 6}, {7, 8}}, field, bend}},
        comir::transform_chain{{field}}, comir::transform_chain{}};
    pixel_grid const oblong{{0.5, 0.3}, {0, 4}}, turned{{0.5, 0.3}, {3, -2}, {0.8, -0.6, 0.6, 0.8}},
        mirrored{{2, 2}, {100, 7}, {-1, 0, 0, 1}};
    auto const lies = [](pixel_grid const& g, point2 p) { return comir::pixel_to_place(g)(p); };
    for (comir::transform_chain const& t : chains)
        for (auto const& [fixed, moving] : {std::pair(oblong, turned), std::pair(turned, turned),
                                            std::pair(mirrored, oblong), std::pair(pixel_grid{}, mirrored)}) {
            comir::transform_chain const physical = comir::to_physical(t, fixed, moving),
                                         back = comir::to_pixels(physical, fixed, moving);
            for (point2 const p : {point2{0, 0}, {13.5, 4}, {21, 11.25}, {-50, 100}}) {
                check_same(physical(lies(fixed, p)), lies(moving, t(p)));
                check_same(back(p), t(p));
            }
        }
}
