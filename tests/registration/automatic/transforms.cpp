#include <cmath>

#include <doctest/doctest.h>

#include <comir/registration/automatic/cascade.hpp>

#include "support/textured_pair.hpp"

using comir::affine2;
using comir::rigid2;
using comir::similarity2;

TEST_CASE("register_auto: refines the rigid pose of a search to a similarity") {
    similarity2 const truth{{std::log(1.03), 0.8, 4.0, -3.0}, {63.5, 63.5}};
    auto const p = two_views(texture({1, 256, 256}, 4, {.gain = 6.0f}), {64, 64, 128, 128}, truth, {1, 128, 128});
    auto const found = comir::register_auto<similarity2>(p.fixed, p.moving);
    CHECK(found.converged);
    CHECK(comir::corner_distance(found.transform, truth, 128, 128) < 0.7);
    CHECK(comir::corner_distance(comir::to_affine(comir::register_auto(p.fixed, p.moving).transform),
                                 comir::to_affine(truth), 128, 128) > 1.5);
}

TEST_CASE("global_search: finds the same map as a transform of any kind, either way round") {
    auto const p = placed_pair({1, 80, 90}, {1, 70, 64}, {-2.0, 5.0, 3.0}, 5);
    auto const check = [](comir::image<float> const& fixed, comir::image<float> const& moving) {
        auto const rigid = comir::to_affine(comir::global_search(fixed, moving).transform);
        auto const distance = [&](auto const& t) {
            return comir::corner_distance(comir::to_affine(t), rigid, fixed.height(), fixed.width());
        };
        CHECK(distance(comir::global_search<similarity2>(fixed, moving).transform) < 1e-9);
        CHECK(distance(comir::global_search<affine2>(fixed, moving).transform) < 1e-9);
    };
    check(p.fixed, p.moving);
    check(p.moving, p.fixed);
}
