#include <cmath>
#include <variant>

#include <doctest/doctest.h>

#include <comir/io/transform_file.hpp>

#include "support/temporary_folder.hpp"

namespace {

using comir::any_transform;
using comir::pixel_grid;
using comir::point2;

point2 apply(any_transform const& t, point2 p) {
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
                check_same(apply(physical, place(fixed, p)), place(moving, apply(t, p)));
                check_same(apply(back, p), apply(t, p));
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

TEST_CASE("write_transform: ITK and elastix files are in the length unit, JSON in pixels, and all read back") {
    temporary_folder const folder;
    pixel_grid const fixed{{0.5, 0.5}, {3, -2}}, moving{{0.25, 0.25}, {1, 7}};
    comir::rigid2 const t{{0.3, 3, -4}, {10, 20}};
    for (char const* name : {"t.tfm", "t.txt", "t.json"}) {
        comir::write_transform(folder / name, t, {{64, 48}, fixed, moving});
        any_transform const back = comir::read_transform(folder / name, {fixed, moving});
        any_transform const raw = comir::read_transform(folder / name);
        bool const json = std::string(name) == "t.json";
        point2 const p{17, 33};
        check_same(apply(back, p), t(p));
        check_same(json ? apply(raw, p) : apply(raw, place(fixed, p)), json ? t(p) : place(moving, t(p)));
    }
    std::string const text = read_all(folder / "t.txt");
    CHECK(text.find("\n(Size 64 48)\n(Index 0 0)\n(Spacing 0.5 0.5)\n(Origin 3 -2)\n") != std::string::npos);
}
