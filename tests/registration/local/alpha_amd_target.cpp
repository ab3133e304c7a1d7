#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/local_detail.hpp>
#include <comir/image/warp.hpp>
#include <comir/registration/local/alpha_amd.hpp>

namespace {

using comir::image;
using comir::image_mask;
using comir::point2;
using comir::rigid2;
namespace detail = comir::detail;

image<float> random_image(comir::image_shape shape, std::uint64_t seed) {
    image<float> out(shape);
    comir::random_stream random(seed);
    for (float& value : out.values())
        value = static_cast<float>(random.uniform(-0.1, 1.1));
    return out;
}

/// Smooth random texture that fills 0..1.
image<float> texture(std::size_t c, std::size_t h, std::size_t w, double sigma, std::uint64_t seed) {
    image<float> out = comir::gaussian_blur(random_image({c, h, w}, seed), sigma, 1);
    float const gain = static_cast<float>(2.2 * sigma);
    for (float& value : out.values())
        value = std::clamp(0.5f + gain * (value - 0.5f), 0.0f, 1.0f);
    return out;
}

struct pair {
    image<float> fixed, moving;
};

/// Two views on one texture, so that nothing is missing beyond the edges.
pair make_pair(rigid2 const& truth, comir::image_shape fixed, comir::image_shape moving, std::uint64_t seed = 1) {
    constexpr std::size_t margin = 60;
    auto const canvas = texture(fixed.c, fixed.h + 2 * margin, fixed.w + 2 * margin, 3.0, seed);
    rigid2 to_canvas = truth.inverse();
    to_canvas.parameters[1] += margin;
    to_canvas.parameters[2] += margin;
    return {comir::crop(canvas, {margin, margin, fixed.w, fixed.h}), comir::warp(canvas, to_canvas, moving)};
}

double corner_error(rigid2 const& a, rigid2 const& b, comir::image_shape const& s) {
    return corner_distance(a, b, s.h, s.w);
}

/// One image of the measure, from its definition.
struct plain_side {
    image<float> values;
    image_mask mask;
    double d_max;
    int levels;

    bool counts(long y, long x) const {
        return mask.empty() || mask(0, static_cast<std::size_t>(y), static_cast<std::size_t>(x)) != 0;
    }
    int level(std::size_t c, long y, long x) const {
        double const v = static_cast<double>(values(c, static_cast<std::size_t>(y), static_cast<std::size_t>(x)));
        return static_cast<int>(std::floor(std::clamp(v, 0.0, 1.0) * levels + 0.5));
    }
    /// Mean over the cuts of the distance from pixel (y, x) to the cut, or its complement, that a point of level q is
    /// in.
    double distance(std::size_t c, long y, long x, int q) const {
        double total = 0.0;
        for (int i = 1; i <= levels; ++i) {
            double nearest = d_max;
            for (long v = 0; v < static_cast<long>(values.height()); ++v)
                for (long u = 0; u < static_cast<long>(values.width()); ++u)
                    if (counts(v, u) && (level(c, v, u) >= i) == (q >= i))
                        nearest = std::min(nearest, std::hypot(double(u - x), double(v - y)));
            total += nearest;
        }
        return total / levels;
    }
};

/// The mean distance from the source's points to the target's cuts, read linearly; the transform as any callable.
template <class Map>
double plain_direction(plain_side const& source, plain_side const& target, Map const& map) {
    double total = 0.0;
    std::size_t count = 0;
    double const right = static_cast<double>(target.values.width()) - 1.0;
    double const bottom = static_cast<double>(target.values.height()) - 1.0;
    for (long y = 0; y < static_cast<long>(source.values.height()); ++y)
        for (long x = 0; x < static_cast<long>(source.values.width()); ++x) {
            if (!source.counts(y, x))
                continue;
            point2 const p = map(point2{double(x), double(y)});
            if (p.x < 0.0 || p.x > right || p.y < 0.0 || p.y > bottom ||
                !target.counts(std::lround(p.y), std::lround(p.x)))
                continue;
            long const ix = std::min(static_cast<long>(p.x), static_cast<long>(right) - 1);
            long const iy = std::min(static_cast<long>(p.y), static_cast<long>(bottom) - 1);
            double const u = p.x - double(ix), v = p.y - double(iy);
            ++count;
            for (std::size_t c = 0; c < source.values.channels(); ++c) {
                int const q = source.level(c, y, x);
                total += (1 - v) * ((1 - u) * target.distance(c, iy, ix, q) + u * target.distance(c, iy, ix + 1, q)) +
                         v * ((1 - u) * target.distance(c, iy + 1, ix, q) + u * target.distance(c, iy + 1, ix + 1, q));
            }
        }
    return total / static_cast<double>(count);
}

template <class Transform>
double plain_measure(plain_side const& fixed, plain_side const& moving, Transform const& t, bool symmetric) {
    double const there = plain_direction(fixed, moving, t);
    return symmetric ? 0.5 * (there + plain_direction(moving, fixed, t.inverse())) : there;
}

detail::amd_level make_level(plain_side const& side) {
    detail::amd_level::settings s;
    s.alpha_levels = side.levels;
    s.d_max = static_cast<float>(side.d_max);
    s.points = 1000;
    return detail::amd_level(side.values, 1, side.mask, s);
}

constexpr detail::amd_sample everything{0, 1000};

image_mask holes(std::size_t h, std::size_t w) {
    image_mask mask({1, h, w}, 1);
    for (std::size_t y = 2; y < 5; ++y)
        for (std::size_t x = 0; x < 6; ++x)
            mask(0, y, x) = 0;
    return mask;
}

template <class Transform>
Transform some_transform() {
    Transform t;
    t.centre = {5.0, 4.0};
    if constexpr (std::is_same_v<Transform, rigid2>)
        t.parameters = {0.31, 1.3717, -0.8329};
    else
        // No point may fall on a pixel of the other image: the derivative jumps there.
        t.parameters = {0.93117, -0.28259, 0.35041, 1.09373, 1.3717, -0.8329};
    return t;
}

template <class F>
std::string message(F const& f) {
    try {
        f();
    } catch (comir::error const& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("alpha_amd: the measure equals its definition, with channels, masks, and a cut-off") {
    for (bool const masked : {false, true})
        for (bool const symmetric : {false, true})
            for (double const d_max : {2.5, 40.0}) {
                plain_side const fixed{random_image({2, 9, 11}, 1), masked ? holes(9, 11) : image_mask{}, d_max, 3};
                plain_side const moving{random_image({2, 8, 13}, 2), masked ? holes(8, 13) : image_mask{}, d_max, 3};
                auto const t = some_transform<rigid2>();
                auto const e =
                    detail::evaluate_amd(make_level(fixed), everything, make_level(moving), everything, t, symmetric);
                // Distances are float, their weights come from coordinates with an error of a few 1e-7 pixels.
                CHECK(e.value == doctest::Approx(plain_measure(fixed, moving, t, symmetric)).epsilon(1e-5));
            }
}

TEST_CASE_TEMPLATE("alpha_amd: the gradient equals the measure's change by perturbation", Transform, rigid2,
                   comir::affine2) {
    plain_side const fixed{random_image({1, 9, 11}, 3), holes(9, 11), 40.0, 4};
    plain_side const moving{random_image({1, 8, 13}, 4), {}, 40.0, 4};
    auto const t = some_transform<Transform>();
    for (bool const symmetric : {false, true}) {
        auto const e =
            detail::evaluate_amd(make_level(fixed), everything, make_level(moving), everything, t, symmetric);
        double size = 0.0;
        for (double const g : e.gradient)
            size = std::max(size, std::abs(g));
        REQUIRE(size > 0.01);
        for (std::size_t k = 0; k < e.gradient.size(); ++k) {
            constexpr double h = 1e-6;
            Transform up = t, down = t;
            up.parameters[k] += h;
            down.parameters[k] -= h;
            double const numeric =
                (plain_measure(fixed, moving, up, symmetric) - plain_measure(fixed, moving, down, symmetric)) / (2 * h);
            CAPTURE(k);
            CHECK(std::abs(e.gradient[k] - numeric) <= 2e-5 * size);
        }
    }
}

TEST_CASE("alpha_amd: distances and gradients of a subsampled level are in pixels of the full image") {
    image<float> edge({1, 8, 12});
    for (std::size_t y = 0; y < 8; ++y)
        for (std::size_t x = 6; x < 12; ++x)
            edge(0, y, x) = 1.0f;
    detail::amd_level::settings s;
    s.alpha_levels = 1;
    s.d_max = 1000.0f;
    s.points = 96;
    detail::amd_level const one(edge, 1, {}, s), four(edge, 4, {}, s);
    for (std::size_t q = 0; q < 2; ++q)
        for (std::size_t i = 0; i < 96; ++i)
            CHECK(four.map(0, q)[i] == 4.0f * one.map(0, q)[i]);
    CHECK(one.map(0, 1)[0] == 6.0f);
    CHECK(one.map(0, 0)[11] == 6.0f);

    rigid2 by_two;
    by_two.parameters = {0.0, 2.0, 0.0};
    auto const e1 = detail::evaluate_amd(one, everything, one, everything, by_two, true);
    by_two.parameters = {0.0, 8.0, 0.0};
    auto const e4 = detail::evaluate_amd(four, everything, four, everything, by_two, true);
    CHECK(e4.value == doctest::Approx(4.0 * e1.value));
    CHECK(e4.gradient[1] == doctest::Approx(e1.gradient[1]));
    CHECK(e1.gradient[1] > 0.1);
}

TEST_CASE("alpha_amd: the measure is zero for an image on itself and infinite without overlap") {
    plain_side const side{random_image({1, 20, 20}, 5), {}, 30.0, 7};
    auto const level = make_level(side);
    rigid2 t;
    CHECK(detail::evaluate_amd(level, everything, level, everything, t, true).value == 0.0);
    t.parameters[1] = 100.0;
    auto const away = detail::evaluate_amd(level, everything, level, everything, t, true);
    CHECK(std::isinf(away.value));
    CHECK(away.overlap == 0.0);
}

TEST_CASE("alpha_amd: a sample goes on at the beginning and all samples together are the whole") {
    auto const fixed = make_level({random_image({1, 12, 14}, 6), {}, 30.0, 7});
    auto const moving = make_level({random_image({1, 12, 14}, 7), {}, 30.0, 7});
    auto const map = detail::to_amd_map(some_transform<rigid2>());
    auto const sums = [&](std::size_t first, std::size_t count) {
        return detail::directed_sums(fixed, {first, count}, moving, map, detail::amd_moment::source, {});
    };
    CHECK(sums(100, 168).value == doctest::Approx(sums(0, 168).value).epsilon(1e-6));
    CHECK(sums(160, 20).value == doctest::Approx(sums(160, 8).value + sums(0, 12).value).epsilon(1e-6));
}

TEST_CASE("register_alpha_amd: recovers rotation and shift, for equal and for unlike sizes") {
    struct example {
        comir::image_shape fixed, moving;
        double angle, tx, ty, tolerance;
    };
    for (example const& e : {example{{1, 96, 96}, {1, 96, 96}, 0.5, 8.0, -10.0, 0.1},
                             example{{1, 96, 96}, {1, 96, 96}, -0.15, -3.0, 11.0, 0.1},
                             example{{2, 128, 110}, {2, 100, 140}, -0.45, 9.0, 4.0, 0.1},
                             example{{1, 40, 50}, {1, 40, 50}, 0.1, 2.0, -1.5, 0.3}}) {
        auto const width = static_cast<double>(e.moving.w) - static_cast<double>(e.fixed.w);
        auto const height = static_cast<double>(e.moving.h) - static_cast<double>(e.fixed.h);
        rigid2 const truth{{e.angle, e.tx + 0.5 * width, e.ty + 0.5 * height},
                           {0.5 * (static_cast<double>(e.fixed.w) - 1), 0.5 * (static_cast<double>(e.fixed.h) - 1)}};
        auto const images = make_pair(truth, e.fixed, e.moving);
        auto const result = comir::register_alpha_amd<rigid2>(images.fixed, images.moving);
        CAPTURE(e.angle);
        CHECK(result.converged);
        CHECK(result.overlap > 0.5);
        CHECK(corner_error(result.transform, truth, e.fixed) < e.tolerance);
    }
}

TEST_CASE("register_alpha_amd: masked pixels, NaN among them, do not matter") {
    rigid2 const truth{{0.2, 4.0, -3.0}, {47.5, 47.5}};
    auto images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    image_mask fixed_mask({1, 96, 96}, 1), moving_mask({1, 96, 96}, 1);
    for (std::size_t y = 0; y < 96; ++y)
        for (std::size_t x = 0; x < 30; ++x) {
            images.fixed(0, y, x) = std::numeric_limits<float>::quiet_NaN();
            fixed_mask(0, y, x) = 0;
            images.moving(0, x, y) = y % 2 ? 1.0f : 0.0f;
            moving_mask(0, x, y) = 0;
        }
    auto const result = comir::register_alpha_amd<rigid2>(images.fixed, images.moving, {}, fixed_mask, moving_mask);
    CHECK(result.converged);
    CHECK(corner_error(result.transform, truth, images.fixed.shape()) < 0.2);
}

TEST_CASE("register_alpha_amd: every gradient, distance and optimizer recovers a displacement") {
    rigid2 const truth{{0.35, 6.0, -7.0}, {47.5, 47.5}};
    auto const images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    auto const run = [&](auto change) {
        comir::alpha_amd_options options;
        change(options);
        return comir::register_alpha_amd<rigid2>(images.fixed, images.moving, options);
    };
    auto const plain = run([](auto&) {});
    for (auto const& result : {run([](auto& o) { o.gradient = comir::amd_gradient::published; }),
                               run([](auto& o) { o.optimizer = comir::amd_optimizer::adam; }),
                               run([](auto& o) { o.squared = true; }), run([](auto& o) { o.symmetric = false; })}) {
        CHECK(result.converged);
        CHECK(corner_error(result.transform, truth, {1, 96, 96}) < 0.2);
        CHECK(result.transform.parameters != plain.transform.parameters);
    }
    auto const patient = run([](auto& o) {
        o.stop_at_rest = false;
        o.abandon = 0.0;
    });
    CHECK(corner_error(patient.transform, truth, {1, 96, 96}) < 0.2);
    CHECK(plain.iterations < patient.iterations);
}

TEST_CASE("register_alpha_amd: faint images are stretched to the levels, both alike") {
    rigid2 const truth{{0.3, 5.0, -6.0}, {47.5, 47.5}};
    auto images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    for (auto* which : {&images.fixed, &images.moving})
        for (float& value : which->values())
            value = 0.4f + 0.02f * value;
    auto const result = comir::register_alpha_amd<rigid2>(images.fixed, images.moving);
    CHECK(result.converged);
    CHECK(corner_error(result.transform, truth, {1, 96, 96}) < 0.1);
}

TEST_CASE("register_alpha_amd: details are registered where whole regions disagree in brightness") {
    std::size_t with = 0, without = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        rigid2 const truth{{seed % 2 == 0 ? 0.3 : -0.25, 9.0, -12.0}, {63.5, 63.5}};
        pair p = make_pair(truth, {1, 128, 128}, {1, 128, 128}, seed);
        auto const own = comir::gaussian_blur(random_image(p.fixed.shape(), 50 + seed), 20.0, 1),
                   other = comir::gaussian_blur(random_image(p.fixed.shape(), 90 + seed), 20.0, 1);
        for (std::size_t i = 0; i < own.values().size(); ++i) {
            p.fixed.values()[i] = 0.3f * p.fixed.values()[i] + 0.35f + 20.0f * (own.values()[i] - 0.5f);
            p.moving.values()[i] = 0.3f * p.moving.values()[i] + 0.35f + 20.0f * (other.values()[i] - 0.5f);
        }
        auto options = comir::comir_alpha_amd_options();
        auto const found = comir::register_alpha_amd<rigid2>(p.fixed, p.moving, options);
        if (corner_error(found.transform, truth, p.fixed.shape()) < 1.0) {
            CHECK(found.confidence > 0.5);
            ++with;
        }
        options.details = 0.0;
        auto const bright = comir::register_alpha_amd<rigid2>(p.fixed, p.moving, options);
        without += corner_error(bright.transform, truth, p.fixed.shape()) < 1.0 ? 1 : 0;
    }
    CHECK(with == 4);
    CHECK(without < with);
}

TEST_CASE("register_alpha_amd: weights choose the points that count") {
    // The left and the right half move differently; only the weights say which to follow.
    rigid2 const left{{0.0, 5.0, -3.0}, {47.5, 47.5}}, right{{0.0, -4.0, 2.0}, {47.5, 47.5}};
    auto const a = make_pair(left, {1, 96, 96}, {1, 96, 96}, 1), b = make_pair(right, {1, 96, 96}, {1, 96, 96}, 2);
    auto both = a;
    image<float> on_left({1, 96, 96}), on_right({1, 96, 96});
    for (std::size_t y = 0; y < 96; ++y)
        for (std::size_t x = 0; x < 96; ++x) {
            (x < 48 ? on_left : on_right)(0, y, x) = 2.0f;
            if (x >= 48) {
                both.fixed(0, y, x) = b.fixed(0, y, x);
                both.moving(0, y, x) = b.moving(0, y, x);
            }
        }
    auto const run = [&](image<float> const& weights) {
        return comir::register_alpha_amd<rigid2>(both.fixed, both.moving, {}, {}, {}, weights, weights);
    };
    auto const shift_error = [](auto const& found, rigid2 const& truth, point2 p) {
        point2 const d = found.transform(p) - truth(p);
        return std::hypot(d.x, d.y);
    };
    CHECK(shift_error(run(on_left), left, {24, 48}) < 1.0);
    CHECK(shift_error(run(on_right), right, {72, 48}) < 1.0);
}

TEST_CASE("register_alpha_amd: the same bits for 1 and 2 threads, and for a prepared target") {
    rigid2 const truth{{0.3, 4.0, -3.0}, {47.5, 31.5}};
    auto const images = make_pair(truth, {1, 64, 96}, {1, 64, 96});
    comir::alpha_amd_options one, two;
    one.threads = 1;
    two.threads = 2;
    auto const a = comir::register_alpha_amd<rigid2>(images.fixed, images.moving, one);
    auto const b = comir::register_alpha_amd<rigid2>(images.fixed, images.moving, two);
    comir::alpha_amd_target<rigid2> const target(images.fixed, one);
    target.register_to(images.fixed);
    auto const c = target.register_to(images.moving);
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(a.transform.parameters == c.transform.parameters);
    CHECK(a.value == b.value);
    CHECK(a.iterations == b.iterations);

    comir::alpha_amd_options other = one;
    other.seed = 2;
    auto const d = comir::register_alpha_amd<rigid2>(images.fixed, images.moving, other);
    CHECK(d.transform.parameters != a.transform.parameters);
    CHECK(corner_error(d.transform, a.transform, images.fixed.shape()) < 0.1);
}

TEST_CASE("register_alpha_amd: starts reach what the default angles do not") {
    rigid2 const truth{{2.6, 3.0, -4.0}, {47.5, 47.5}};
    auto const images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    comir::alpha_amd_target<rigid2> const target(images.fixed);
    auto const result = target.register_to(images.moving, {}, {rigid2{{2.4, 0.0, 0.0}, {47.5, 47.5}}});
    CHECK(result.converged);
    CHECK(corner_error(result.transform, truth, images.fixed.shape()) < 0.1);
}

TEST_CASE("register_alpha_amd: the settings for CoMIRs reach far, with noise, and the same bits for 1 and 2 threads") {
    std::size_t plain = 0, own = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        comir::random_stream random(seed, 77);
        double const side = seed % 2 == 0 ? 1.0 : -1.0;
        rigid2 const truth{
            {side * random.uniform(0.2, 0.5), side * random.uniform(24.0, 28.0), random.uniform(-28.0, 28.0)},
            {79.5, 79.5}};
        pair p = make_pair(truth, {1, 160, 160}, {1, 160, 160}, seed);
        for (float& v : p.moving.values())
            v += static_cast<float>(random.uniform(-0.2, 0.2));
        auto options = comir::comir_alpha_amd_options();
        options.threads = 1;
        auto const one = comir::register_alpha_amd<rigid2>(p.fixed, p.moving, options);
        options.threads = 2;
        auto const two = comir::register_alpha_amd<rigid2>(p.fixed, p.moving, options);
        CHECK(one.transform.parameters == two.transform.parameters);
        own += corner_error(one.transform, truth, p.fixed.shape()) < 1.0 ? 1 : 0;
        auto const published = comir::register_alpha_amd<rigid2>(p.fixed, p.moving);
        plain += corner_error(published.transform, truth, p.fixed.shape()) < 1.0 ? 1 : 0;
    }
    CHECK(own == 6);
    CHECK(plain < own);
}

TEST_CASE("register_alpha_amd: an affine transform recovers a rotation") {
    rigid2 const truth{{0.25, 3.0, -4.0}, {47.5, 47.5}};
    auto const images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    auto const result = comir::register_alpha_amd<comir::affine2>(images.fixed, images.moving);
    CHECK(result.converged);
    for (point2 const p : {point2{0, 0}, {95, 0}, {95, 95}, {0, 95}}) {
        point2 const d = result.transform(p) - truth(p);
        CHECK(std::hypot(d.x, d.y) < 0.15);
    }
}

TEST_CASE("register_alpha_amd: what cannot be registered has not converged") {
    image<float> const flat({1, 48, 48}, 0.3f), other({1, 48, 48}, 0.8f);
    CHECK_FALSE(comir::register_alpha_amd<rigid2>(flat, flat).converged);
    CHECK_FALSE(comir::register_alpha_amd<rigid2>(flat, other).converged);
    CHECK_FALSE(comir::register_alpha_amd<rigid2>(flat, texture(1, 48, 48, 2.0, 1)).converged);
    CHECK_FALSE(comir::register_alpha_amd<rigid2>(texture(1, 48, 48, 2.0, 1), flat).converged);

    auto const image = texture(1, 48, 48, 2.0, 1);
    comir::alpha_amd_target<rigid2> const target(image);
    auto const away = target.register_to(image, {}, {rigid2{{0.0, 500.0, 0.0}, {}}});
    CHECK_FALSE(away.converged);
    CHECK(away.overlap == 0.0);
    CHECK(std::isinf(away.value));
}

TEST_CASE("register_alpha_amd: confidence tells images of one scene from images of two") {
    for (std::uint64_t seed = 1; seed < 5; ++seed) {
        rigid2 const truth{{0.3, 7.0, -5.0}, {63.5, 63.5}};
        auto const same = make_pair(truth, {1, 128, 128}, {1, 128, 128}, seed);
        auto const other = make_pair(truth, {1, 128, 128}, {1, 128, 128}, seed + 100);
        for (auto const& options : {comir::alpha_amd_options{}, comir::comir_alpha_amd_options()}) {
            CHECK(comir::register_alpha_amd<rigid2>(same.fixed, same.moving, options).confidence > 0.9);
            CHECK(comir::register_alpha_amd<rigid2>(same.fixed, other.moving, options).confidence < 0.2);
        }
    }
    image<float> const flat({1, 48, 48}, 0.3f);
    for (auto const& options : {comir::alpha_amd_options{}, comir::comir_alpha_amd_options()})
        CHECK(comir::register_alpha_amd<rigid2>(flat, flat, options).confidence == 0.0);
}

TEST_CASE("register_alpha_amd: progress counts resolutions and can stop") {
    auto const image = texture(1, 128, 128, 3.0, 2);
    std::vector<std::size_t> seen;
    comir::alpha_amd_options options;
    options.on_progress = [&](std::size_t done, std::size_t total) {
        seen.push_back(done);
        seen.push_back(total);
        return false;
    };
    auto const result = comir::register_alpha_amd<rigid2>(image, image, options);
    CHECK(seen == std::vector<std::size_t>{1, 2});
    CHECK_FALSE(result.converged);
    CHECK(corner_error(result.transform, rigid2{{}, result.transform.centre}, image.shape()) < 5.0);
}

TEST_CASE("alpha_amd_pyramid: small images keep their pixels and huge ones have bounded maps") {
    auto const factors = [](std::size_t side) {
        std::vector<std::size_t> out;
        for (auto const& step : comir::alpha_amd_pyramid({1, side, side}))
            out.push_back(step.factor);
        return out;
    };
    CHECK(factors(40) == std::vector<std::size_t>{1, 1});
    CHECK(factors(96) == std::vector<std::size_t>{2, 1});
    CHECK(factors(256) == std::vector<std::size_t>{4, 2, 1});
    CHECK(factors(4096) == std::vector<std::size_t>{16, 8, 4, 2});
}

TEST_CASE("register_alpha_amd: bad input is refused with a sentence that says what to do") {
    auto const good = texture(1, 32, 32, 2.0, 3);
    auto const run = [&](image<float> const& fixed, image<float> const& moving, auto change, image_mask const& a = {},
                         image_mask const& b = {}) {
        comir::alpha_amd_options options;
        change(options);
        return message([&] { comir::register_alpha_amd<rigid2>(fixed, moving, options, a, b); });
    };
    auto const keep = [](comir::alpha_amd_options&) {};
    auto broken = good;
    broken(0, 3, 5) = std::numeric_limits<float>::quiet_NaN();
    CHECK(run(broken, good, keep) ==
          "comir::register_alpha_amd: the fixed image is not finite at channel 0, x = 5, y = 3; mask such pixels or "
          "replace them");
    CHECK(run(good, broken, keep).find("the moving image is not finite") != std::string::npos);
    CHECK(run(image<float>({1, 1, 1}), good, keep).find("fixed image is 1 x 1 x 1, expected at least 8 rows") !=
          std::string::npos);
    CHECK(run(good, {}, keep).find("moving image is 0 x 0 x 0") != std::string::npos);
    CHECK(run(good, texture(2, 32, 32, 2.0, 3), keep).find("2 channels, the fixed image 1") != std::string::npos);
    CHECK(run(good, good, keep, image_mask({1, 32, 32})).find("the fixed image leaves no pixel") != std::string::npos);
    CHECK(run(good, good, keep, {}, image_mask({1, 32, 31}, 1)).find("expected 1 x 32 x 32") != std::string::npos);
    auto const weigh = [&](image<float> const& weights) {
        return message([&] { comir::register_alpha_amd<rigid2>(good, good, {}, {}, {}, {}, weights); });
    };
    CHECK(weigh(image<float>({1, 32, 31}, 1.0f)).find("weights of the moving image are 1 x 32 x 31") !=
          std::string::npos);
    CHECK(weigh(image<float>({1, 32, 32}, -1.0f)).find("hold -1, expected numbers from 0") != std::string::npos);
    CHECK(weigh(image<float>({1, 32, 32})).find("leave no point") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.abandon = 0.5; }).find("abandon is 0.5") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.details = -1.0; }).find("details is -1 and stretch on") != std::string::npos);
    CHECK(run(good, good, [](auto& o) {
              o.details = 4.0;
              o.stretch = false;
          }).find("stretch off, expected 0, or at most 1000 pixels with stretch on") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.alpha_levels = 0; }).find("levels is 0, expected 1 to 250") !=
          std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.momentum = 1.0; }).find("momentum is 1") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.start_angles = {}; }).find("there is no start") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.pyramid = {{.factor = 0}}; }).find("factor 0") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.pyramid = {{.factor = 64}}; }).find("factor 64 but") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.max_distance = std::nan(""); }).find("max_distance") != std::string::npos);
}
