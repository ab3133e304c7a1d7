#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include <doctest/doctest.h>

#include <comir/registration/metrics/alpha_amd/measure.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>

#include "support/image_pair.hpp"

namespace {

using comir::image;
using comir::image_mask;
using comir::point2;
using comir::rigid2;

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

/// The mean distance from one image's points to the other's cuts, read linearly; the transform as any callable.
template <class Map>
double plain_direction(plain_side const& from, plain_side const& to, Map const& map) {
    double total = 0.0;
    std::size_t count = 0;
    double const right = static_cast<double>(to.values.width()) - 1.0;
    double const bottom = static_cast<double>(to.values.height()) - 1.0;
    for (long y = 0; y < static_cast<long>(from.values.height()); ++y)
        for (long x = 0; x < static_cast<long>(from.values.width()); ++x) {
            if (!from.counts(y, x))
                continue;
            point2 const p = map(point2{double(x), double(y)});
            if (p.x < 0.0 || p.x > right || p.y < 0.0 || p.y > bottom || !to.counts(std::lround(p.y), std::lround(p.x)))
                continue;
            long const ix = std::min(static_cast<long>(p.x), static_cast<long>(right) - 1);
            long const iy = std::min(static_cast<long>(p.y), static_cast<long>(bottom) - 1);
            double const u = p.x - double(ix), v = p.y - double(iy);
            ++count;
            for (std::size_t c = 0; c < from.values.channels(); ++c) {
                int const q = from.level(c, y, x);
                total += (1 - v) * ((1 - u) * to.distance(c, iy, ix, q) + u * to.distance(c, iy, ix + 1, q)) +
                         v * ((1 - u) * to.distance(c, iy + 1, ix, q) + u * to.distance(c, iy + 1, ix + 1, q));
            }
        }
    return total / static_cast<double>(count);
}

template <class Transform>
double plain_measure(plain_side const& fixed, plain_side const& moving, Transform const& t, bool symmetric) {
    double const there = plain_direction(fixed, moving, t);
    return symmetric ? 0.5 * (there + plain_direction(moving, fixed, t.inverse())) : there;
}

comir::alpha_cut_maps make_level(plain_side const& side) {
    comir::alpha_cut_maps::settings s;
    s.alpha_levels = side.levels;
    s.d_max = static_cast<float>(side.d_max);
    s.points = 1000;
    return comir::alpha_cut_maps(side.values, 1, side.mask, s);
}

constexpr comir::point_sample everything{0, 1000};

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

}  // namespace

TEST_CASE("alpha_amd: the measure equals its definition, with channels, masks, and a cut-off") {
    for (bool const masked : {false, true})
        for (bool const symmetric : {false, true})
            for (double const d_max : {2.5, 40.0}) {
                plain_side const fixed{noise({2, 9, 11}, 1), masked ? holes(9, 11) : image_mask{}, d_max, 3};
                plain_side const moving{noise({2, 8, 13}, 2), masked ? holes(8, 13) : image_mask{}, d_max, 3};
                auto const t = some_transform<rigid2>();
                auto const e =
                    comir::evaluate_amd(make_level(fixed), everything, make_level(moving), everything, t, symmetric);
                // Distances are float, their weights come from coordinates with an error of a few 1e-7 pixels.
                CHECK(e.value == doctest::Approx(plain_measure(fixed, moving, t, symmetric)).epsilon(1e-5));
            }
}

TEST_CASE_TEMPLATE("alpha_amd: the gradient equals the measure's change by perturbation", Transform, rigid2,
                   comir::affine2) {
    plain_side const fixed{noise({1, 9, 11}, 3), holes(9, 11), 40.0, 4};
    plain_side const moving{noise({1, 8, 13}, 4), {}, 40.0, 4};
    auto const t = some_transform<Transform>();
    for (bool const symmetric : {false, true}) {
        auto const e = comir::evaluate_amd(make_level(fixed), everything, make_level(moving), everything, t, symmetric);
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
    comir::alpha_cut_maps::settings s;
    s.alpha_levels = 1;
    s.d_max = 1000.0f;
    s.points = 96;
    comir::alpha_cut_maps const one(edge, 1, {}, s), four(edge, 4, {}, s);
    for (std::size_t q = 0; q < 2; ++q)
        for (std::size_t i = 0; i < 96; ++i)
            CHECK(four.map(0, q)[i] == 4.0f * one.map(0, q)[i]);
    CHECK(one.map(0, 1)[0] == 6.0f);
    CHECK(one.map(0, 0)[11] == 6.0f);

    rigid2 by_two;
    by_two.parameters = {0.0, 2.0, 0.0};
    auto const e1 = comir::evaluate_amd(one, everything, one, everything, by_two, true);
    by_two.parameters = {0.0, 8.0, 0.0};
    auto const e4 = comir::evaluate_amd(four, everything, four, everything, by_two, true);
    CHECK(e4.value == doctest::Approx(4.0 * e1.value));
    CHECK(e4.gradient[1] == doctest::Approx(e1.gradient[1]));
    CHECK(e1.gradient[1] > 0.1);
}

TEST_CASE("alpha_amd: the measure is zero for an image on itself and infinite without overlap") {
    plain_side const side{noise({1, 20, 20}, 5), {}, 30.0, 7};
    auto const level = make_level(side);
    rigid2 t;
    CHECK(comir::evaluate_amd(level, everything, level, everything, t, true).value == 0.0);
    t.parameters[1] = 100.0;
    auto const away = comir::evaluate_amd(level, everything, level, everything, t, true);
    CHECK(std::isinf(away.value));
    CHECK(away.overlap == 0.0);
}

TEST_CASE("alpha_amd: a sample goes on at the beginning and all samples together are the whole") {
    auto const fixed = make_level({noise({1, 12, 14}, 6), {}, 30.0, 7});
    auto const moving = make_level({noise({1, 12, 14}, 7), {}, 30.0, 7});
    comir::affine_point_map const map(comir::to_affine_map(some_transform<rigid2>()));
    auto const sums = [&](std::size_t first, std::size_t count) {
        comir::no_gradient none;
        return comir::measure_directed(fixed, {first, count}, moving, map, comir::jacobian_at::from, none);
    };
    CHECK(sums(100, 168).value == doctest::Approx(sums(0, 168).value).epsilon(1e-6));
    CHECK(sums(160, 20).value == doctest::Approx(sums(160, 8).value + sums(0, 12).value).epsilon(1e-6));
}
