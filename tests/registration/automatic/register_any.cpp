#include <cmath>
#include <cstddef>
#include <cstdint>
#include <variant>

#include <doctest/doctest.h>

#include <comir/registration/automatic/register_any.hpp>

#include "support/corner_error.hpp"
#include "support/message.hpp"
#include "support/textured_pair.hpp"

namespace {

using comir::affine2;
using comir::automatic_options;
using comir::image;
using comir::image_shape;
using comir::register_any;
using comir::transform_kind;

/// Structures of several sizes, so that they are found at any scale.
image<float> many_sizes(std::size_t side, std::uint64_t seed) {
    image<float> out({1, side, side}, 0.0f);
    for (double const sigma : {2.0, 5.0, 12.0}) {
        auto const part =
            texture(image_shape{1, side, side}, seed + static_cast<std::uint64_t>(sigma), texture_look{.sigma = sigma});
        for (std::size_t i = 0; i < out.values().size(); ++i)
            out.values()[i] += static_cast<float>(sigma) * (part.values()[i] - 0.5f);
    }
    return comir::normalise(std::move(out));
}

/// Another modality of the same scene: bright is dark, and not in proportion.
void change_modality(image<float>& values) {
    for (float& v : values.values())
        v = 1.0f - v * std::sqrt(std::max(v, 0.0f));
}

/// Two modalities, the moving one `scale` times as fine.
textured_pair<affine2> two_modalities(affine2 const& truth, image_shape const& fixed, image_shape const& moving,
                                      std::uint64_t seed = 1) {
    std::size_t const side = 2 * fixed.w;
    auto pair = two_views(many_sizes(side, seed), {(side - fixed.w) / 2, (side - fixed.h) / 2, fixed.w, fixed.h}, truth,
                          moving);
    change_modality(pair.moving);
    return pair;
}

/// The map that turns and scales about the fixed image's centre, which falls beside the moving one's by the shift.
affine2 placed(double scale, double angle, comir::point2 shift, image_shape const& fixed, image_shape const& moving) {
    comir::point2 const c = comir::image_centre(fixed), m = comir::image_centre(moving);
    comir::similarity2 const t{{std::log(scale), angle, m.x - c.x + shift.x, m.y - c.y + shift.y}, c};
    return comir::to_affine(t);
}

constexpr image_shape any_field{1, 200, 200};

}  // namespace

TEST_CASE("register_any: a rigid pair stays rigid, and as register_auto has it") {
    auto const p = noisy_pair(160, comir::rigid2{{0.3, 6.0, -9.0}, {79.5, 79.5}}, 0.1f, 3);
    auto const found = register_any({.values = p.fixed}, {.values = p.moving});
    CHECK(found.kind == transform_kind::rigid);
    REQUIRE(std::holds_alternative<comir::rigid2>(found.transform));
    CHECK(found.confidence > 0.9);
    CHECK(found.converged);
    CHECK(!found.mirrored);
    CHECK(found.agreeing > 0.9);
    CHECK(found.residuals.size() >= 9);
    auto const before = comir::register_auto(p.fixed, p.moving);
    CHECK(corner_error(std::get<comir::rigid2>(found.transform), before.transform, p.fixed.shape()) < 1e-9);
}

TEST_CASE("register_any: finds the scale of two modalities, near and far from 1") {
    for (double const scale : {0.6, 0.95, 1.3, 1.9}) {
        CAPTURE(scale);
        auto const side = static_cast<std::size_t>(std::lround(200.0 * scale));
        image_shape const small{1, side, side};
        affine2 const truth = placed(scale, -0.4, {5.0, -8.0}, any_field, small);
        auto const p = two_modalities(truth, any_field, small);
        auto const found = register_any({.values = p.fixed}, {.values = p.moving});
        CHECK(found.kind == transform_kind::similarity);
        CHECK(found.confidence > 0.5);
        CHECK(corner_error(comir::to_affine(found.transform), truth, any_field) < 1.5 * scale);
    }
}

TEST_CASE("register_any: takes an affine transform where windows support one, or the kind that is asked for") {
    affine2 truth = placed(1.0, 0.2, {4.0, 6.0}, any_field, any_field);
    truth = comir::compose(truth, affine2{{1.04, 0.07, 0.0, 0.96, 0.0, 0.0}, comir::image_centre(any_field)});
    auto const p = two_modalities(truth, any_field, any_field);
    auto const found = register_any({.values = p.fixed}, {.values = p.moving});
    CHECK(found.kind == transform_kind::affine);
    CHECK(found.confidence > 0.5);
    CHECK(corner_error(comir::to_affine(found.transform), truth, any_field) < 1.5);

    automatic_options rigid;
    rigid.kind = transform_kind::rigid;
    auto const forced = register_any({.values = p.fixed}, {.values = p.moving}, rigid);
    CHECK(forced.kind == transform_kind::rigid);
    CHECK(std::holds_alternative<comir::rigid2>(forced.transform));
    CHECK(forced.agreeing < found.agreeing);
    // Its corners are 7 px off, which its middle does not make up for.
    CHECK(forced.confidence < 0.5);
}

TEST_CASE("register_any: finds mirrored images where it may look for them") {
    affine2 const truth = comir::compose(placed(1.0, 0.5, {3.0, -6.0}, any_field, any_field),
                                         affine2{{-1.0, 0.0, 0.0, 1.0, 199.0, 0.0}, {}});
    auto const p = two_modalities(truth, any_field, any_field);
    automatic_options options;
    auto const found = register_any({.values = p.fixed}, {.values = p.moving}, options);
    CHECK(found.mirrored);
    CHECK(found.confidence > 0.5);
    REQUIRE(std::holds_alternative<affine2>(found.transform));
    CHECK(corner_error(comir::to_affine(found.transform), truth, any_field) < 1.5);
    options.mirror = comir::mirror_search::no;
    CHECK(register_any({.values = p.fixed}, {.values = p.moving}, options).confidence < 0.5);
    options.mirror = comir::mirror_search::yes;
    CHECK(corner_error(comir::to_affine(register_any({.values = p.fixed}, {.values = p.moving}, options).transform),
                       truth, any_field) < 1.5);
}

TEST_CASE("register_any: is not sure of different scenes, nor of a bent one") {
    for (std::uint64_t seed = 0; seed < 2; ++seed)
        CHECK(register_any({.values = many_sizes(160, 10 + seed)}, {.values = many_sizes(160, 30 + seed)}).confidence <
              0.5);
    auto const flat = many_sizes(200, 5);
    image<float> bent(flat.shape());
    for (std::size_t y = 0; y < 200; ++y)
        for (std::size_t x = 0; x < 200; ++x) {
            double const u = static_cast<double>(x) + 9.0 * std::sin(static_cast<double>(y) / 22.0),
                         v = static_cast<double>(y) + 9.0 * std::sin(static_cast<double>(x) / 22.0);
            auto const inside = [](double t) { return static_cast<std::size_t>(std::clamp(t, 0.0, 199.0)); };
            bent(0, y, x) = flat(0, inside(v), inside(u));
        }
    auto const found = register_any({.values = flat}, {.values = bent});
    CHECK(found.confidence < 0.5);
}

TEST_CASE("register_any: large images are searched shrunk and followed to their own pixels") {
    image_shape const shape{1, 520, 560};
    affine2 const truth = placed(1.0, 0.35, {11.0, -17.0}, shape, shape);
    auto const p = two_modalities(truth, shape, shape);
    automatic_options options;
    options.working_pixels = 270 * 270;
    auto const found = register_any({.values = p.fixed}, {.values = p.moving}, options);
    CHECK(found.confidence > 0.5);
    CHECK(found.residual_step == doctest::Approx(1.0));
    CHECK(corner_error(comir::to_affine(found.transform), truth, shape) < 1.0);
}

TEST_CASE("register_any: of large images, no more than what is searched is prepared") {
    image_shape const shape{1, 520, 560};
    affine2 const truth = placed(1.0, 0.35, {11.0, -17.0}, shape, shape);
    auto const p = two_modalities(truth, shape, shape, 2);
    automatic_options options;
    options.working_pixels = 270 * 270;
    options.values_alike = true;
    std::size_t most = 0;
    auto const noting = [&most](image<float> const& raw) {
        most = std::max(most, raw.height() * raw.width());
        return raw;
    };
    auto const alike = [&](image<float> const& raw) {
        image<float> values = noting(raw);
        change_modality(values);
        return values;
    };
    options.prepare = comir::pair_preparations{alike, noting};
    auto const found = register_any({.values = p.fixed}, {.values = p.moving}, options);
    CHECK(most > 0);
    CHECK(most <= options.working_pixels);
    CHECK(found.confidence > 0.5);
    CHECK(found.residual_step == doctest::Approx(1.0));
    CHECK(corner_error(comir::to_affine(found.transform), truth, shape) < 1.0);
    options.prepare->moving = [](image<float> const& raw) { return comir::crop(raw, {0, 0, 16, 16}); };
    CHECK(message([&] {
              register_any({.values = p.fixed}, {.values = p.moving}, options);
          }).starts_with("comir::register_any: a preparation made 1 x 16 x 16 of "));
}

TEST_CASE("register_any: a scale a little below 1 is followed to the pixels of the coarser image") {
    image_shape const shape{1, 520, 520};
    affine2 const truth = placed(0.99, -0.2, {6.0, 3.0}, shape, shape);
    auto const p = two_modalities(truth, shape, shape);
    auto const found = register_any({.values = p.fixed}, {.values = p.moving});
    CHECK(found.confidence > 0.5);
    CHECK(found.residual_step == doctest::Approx(1.0 / 0.99).epsilon(0.003));
    CHECK(corner_error(comir::to_affine(found.transform), truth, shape) < 1.0);
}

TEST_CASE("register_any: the sizes of pixels that images state are the scale that is expected") {
    image_shape const fine{1, 280, 280};
    double const scale = 1.4;
    affine2 const truth = placed(scale, 0.25, {-7.0, 4.0}, any_field, fine);
    auto p = two_modalities(truth, any_field, fine);
    p.fixed.spacing = {0.7, 0.7};
    p.moving.spacing = {0.5, 0.5};
    automatic_options options;
    options.mirror = comir::mirror_search::no;
    auto const found = register_any({.values = p.fixed}, {.values = p.moving}, options);
    CHECK(found.confidence > 0.5);
    // Rigid between pixels of different size.
    CHECK(found.kind == transform_kind::similarity);
    CHECK(corner_error(comir::to_affine(found.transform), truth, any_field) < 1.5 * scale);
}

TEST_CASE("register_any: says that a place lies at the rim of what is searched, of large images, too") {
    image_shape const shape{1, 400, 400};
    affine2 const truth = placed(1.0, 0.1, {40.0, 4.0}, shape, shape);
    auto const p = two_modalities(truth, shape, shape);
    automatic_options options;
    options.search.max_angle = 0.3;
    for (std::size_t const pixels : {640 * 640, 200 * 200}) {
        CAPTURE(pixels);
        options.working_pixels = pixels;
        options.search.max_shift_x = options.search.max_shift_y = 60.0;
        auto const inside = register_any({.values = p.fixed}, {.values = p.moving}, options);
        CHECK(inside.confidence > 0.9);
        CHECK(!inside.at_rim);
        CHECK(corner_error(comir::to_affine(inside.transform), truth, shape) < 1.0);
        options.search.max_shift_x = 40.5;
        auto const at_rim = register_any({.values = p.fixed}, {.values = p.moving}, options);
        CHECK(at_rim.at_rim);
        CHECK(corner_error(comir::to_affine(at_rim.transform), truth, shape) < 1.0);
    }
}

TEST_CASE("register_any: the same bits for any number of threads") {
    affine2 const truth = placed(1.25, 2.0, {4.0, 9.0}, any_field, any_field);
    auto const p = two_modalities(truth, any_field, any_field, 7);
    auto const by = [&](int threads) {
        automatic_options options;
        options.threads = threads;
        return comir::to_affine(register_any({.values = p.fixed}, {.values = p.moving}, options).transform).parameters;
    };
    CHECK(by(1) == by(3));
}

TEST_CASE("register_any: says what it cannot take") {
    image<float> const picture = many_sizes(40, 1);
    auto const run = [&](auto const& change) {
        automatic_options options;
        change(options);
        return message([&] { register_any({.values = picture}, {.values = picture}, options); });
    };
    CHECK(run([](auto& o) { o.min_scale = 1.5; }).starts_with("comir::register_any: min_scale is 1.5"));
    CHECK(run([](auto& o) { o.scale = 0.0; }).starts_with("comir::register_any: scale is 0"));
    CHECK(run([](auto& o) { o.kind = transform_kind::translation; }).starts_with("comir::register_any: kind is"));
    CHECK(run([](auto& o) { o.working_pixels = 10; }).starts_with("comir::register_any: working_pixels is 10"));
    image<float> const tiny({1, 4, 4}, 0.0f);
    CHECK(message([&] { register_any({.values = tiny}, {.values = picture}); }).find("fixed") != std::string::npos);
    // Nothing to compare is no error.
    image<float> const flat({1, 64, 64}, 0.5f);
    CHECK(register_any({.values = flat}, {.values = flat}).confidence < 1e-6);
}
