#include <doctest/doctest.h>

#include <comir/transform/compose_any.hpp>
#include <comir/transform/geometry.hpp>

namespace {

comir::any_transform const composed_kinds[] = {comir::translation2{{3.0, -2.0}, {}},
                                               comir::rigid2{{0.3, 1.0, 2.0}, {10.0, 20.0}},
                                               comir::similarity2{{0.1, -0.2, 4.0, 5.0}, {7.0, 8.0}},
                                               comir::affine2{{-1.0, 0.1, 0.2, 0.9, 6.0, -3.0}, {2.0, 1.0}}};

}  // namespace

TEST_CASE("compose_any: any two kinds give the map of both, and two of one kind stay of it") {
    for (auto const& outer : composed_kinds)
        for (auto const& inner : composed_kinds) {
            auto const both = comir::compose_any(outer, inner);
            CHECK(both.index() == (outer.index() == inner.index() ? outer.index() : 3));
            for (comir::point2 const p : {comir::point2{0.0, 0.0}, {31.0, -4.0}, {5.0, 90.0}}) {
                comir::point2 const expected = comir::to_affine(outer)(comir::to_affine(inner)(p)),
                                    found = comir::to_affine(both)(p);
                CHECK(found.x == doctest::Approx(expected.x).epsilon(1e-12));
                CHECK(found.y == doctest::Approx(expected.y).epsilon(1e-12));
            }
        }
}

TEST_CASE("geometry: the part of the fixed image that is inside the moving one, and mirrored maps") {
    comir::extent2 const size{64, 32};
    CHECK(comir::shared_part(comir::translation2{}, size, size) == 1.0);
    CHECK(comir::shared_part(comir::translation2{{32.0, 0.0}, {}}, size, size) == doctest::Approx(0.5).epsilon(0.04));
    CHECK(comir::shared_part(comir::translation2{{32.0, 16.0}, {}}, size, size) == doctest::Approx(0.25).epsilon(0.08));
    CHECK(comir::shared_part(comir::translation2{{70.0, 0.0}, {}}, size, size) == 0.0);
    CHECK(comir::is_mirrored(comir::affine2{{-1.0, 0.0, 0.0, 1.0, 0.0, 0.0}, {}}));
    CHECK(!comir::is_mirrored(comir::rigid2{{3.0, 0.0, 0.0}, {}}));
}
