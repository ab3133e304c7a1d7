#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include <doctest/doctest.h>

#include <comir/registration/method.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>

#include "support/message.hpp"
#include "support/textured_pair.hpp"

namespace {

comir::rigid2 const start_truth{{1.9, 14.0, -11.0}, {89.5, 89.5}};

/// The truth, that much further to the right and turned by that much.
comir::affine2 beside(double right, double turn) {
    comir::rigid2 t = start_truth;
    t.parameters[0] += turn;
    t.parameters[1] += right;
    return comir::to_affine(t);
}

double error_of_start(comir::any_transform const& found) {
    return comir::corner_distance(comir::to_affine(found), comir::to_affine(start_truth), 180, 180);
}

}  // namespace

TEST_CASE("register_any: a start near the truth is kept, is made exact and saves the search") {
    auto const p = noisy_pair(180, start_truth, 0.1f, 4);
    comir::automatic_options o;
    // No search could find it here.
    o.search.angle = -1.0;
    o.search.max_angle = 0.2;
    o.start = beside(6.0, 0.03);
    auto const found = comir::register_any({.values = p.fixed}, {.values = p.moving}, o);
    CHECK(found.kept_start);
    CHECK(found.confidence > 0.9);
    CHECK(found.kind == comir::transform_kind::rigid);
    CHECK(error_of_start(found.transform) < 0.5);
    CHECK(found.overlap > 0.5);
    for (auto const kind : {comir::transform_kind::similarity, comir::transform_kind::affine}) {
        o.kind = kind;
        auto const other = comir::register_any({.values = p.fixed}, {.values = p.moving}, o);
        CHECK(other.kind == kind);
        CHECK(error_of_start(other.transform) < 1.0);
    }
}

TEST_CASE("register_any: a start far from the truth, or at images too small to tell, is refused and searched instead") {
    auto const p = noisy_pair(180, start_truth, 0.1f, 4);
    comir::automatic_options o;
    o.start = beside(60.0, 1.0);
    auto const found = comir::register_any({.values = p.fixed}, {.values = p.moving}, o);
    CHECK(!found.kept_start);
    CHECK(found.confidence > 0.9);
    CHECK(error_of_start(found.transform) < 0.5);
    auto const plain = comir::register_any({.values = p.fixed}, {.values = p.moving});
    CHECK(comir::to_affine(found.transform).parameters == comir::to_affine(plain.transform).parameters);

    auto const small = noisy_pair(90, comir::rigid2{{0.2, 3.0, 2.0}, {44.5, 44.5}}, 0.1f, 4);
    o.start = comir::affine2{{1.0, 0.0, 0.0, 1.0, 0.0, 0.0}, {}};
    CHECK(!comir::register_any({.values = small.fixed}, {.values = small.moving}, o).kept_start);
}

TEST_CASE("register_any: a mirrored start is kept for an image that was turned over") {
    auto p = noisy_pair(180, start_truth, 0.1f, 4);
    for (std::size_t y = 0; y < 180; ++y)
        std::reverse(p.moving.row(0, y), p.moving.row(0, y) + 180);
    comir::affine2 const over{{-1.0, 0.0, 0.0, 1.0, 179.0, 0.0}, {}};
    comir::automatic_options o;
    o.start = comir::compose(over, beside(-5.0, -0.02));
    auto const found = comir::register_any({.values = p.fixed}, {.values = p.moving}, o);
    CHECK(found.kept_start);
    CHECK(found.mirrored);
    CHECK(error_of_start(comir::compose(over, comir::to_affine(found.transform))) < 0.5);
}

TEST_CASE("make_method: alpha_amd and mi begin at the start that they are given") {
    auto const p = noisy_pair(180, start_truth, 0.05f, 4);
    for (char const* name : {"alpha_amd", "mi"}) {
        comir::method_options o;
        o.start = beside(4.0, 0.04);
        CHECK(error_of_start(comir::make_method(name, o)(p.fixed, p.moving).transform) < 1.0);
        o.start = comir::compose(comir::affine2{{-1.0, 0.0, 0.0, 1.0, 179.0, 0.0}, {}}, *o.start);
        CHECK(message([&] { comir::make_method(name, o)(p.fixed, p.moving); }).find("the start is mirrored") !=
              std::string::npos);
    }
    comir::method_options o;
    o.start = beside(0.0, 0.0);
    CHECK(message([&] { comir::make_method("sift", o); }).find("takes no start") != std::string::npos);
    o.start->parameters[0] = std::nan("");
    CHECK(message([&] { comir::make_method("auto", o)(p.fixed, p.moving); }).find("the start has no inverse") !=
          std::string::npos);
}
