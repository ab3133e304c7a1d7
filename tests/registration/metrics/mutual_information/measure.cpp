#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/registration/metrics/mutual_information/measure.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>
#include <comir/transform/translation.hpp>

namespace {

using comir::image;
using comir::image_mask;
using comir::point2;
namespace detail = comir::detail;

image<float> random_image(std::size_t h, std::size_t w, std::uint64_t seed) {
    image<float> out({1, h, w});
    comir::random_stream random(seed);
    for (float& value : out.values())
        value = static_cast<float>(random.uniform(-0.3, 1.7));
    return out;
}

image_mask mask_with_hole(std::size_t h, std::size_t w) {
    image_mask mask({1, h, w}, 1);
    for (std::size_t y = 3; y < 6; ++y)
        for (std::size_t x = 0; x < 5; ++x)
            mask(0, y, x) = 0;
    return mask;
}

bool counts(image_mask const& mask, std::size_t y, std::size_t x) {
    return mask.empty() || (mask(0, y, x) && mask(0, y, x + 1) && mask(0, y + 1, x) && mask(0, y + 1, x + 1));
}

/// Linear interpolation between four pixels.
double read(image<float> const& values, double x, double y) {
    auto const ix = std::min(static_cast<std::size_t>(x), values.width() - 2);
    auto const iy = std::min(static_cast<std::size_t>(y), values.height() - 2);
    double const u = x - double(ix), v = y - double(iy);
    auto const at = [&](std::size_t j, std::size_t i) { return double(values(0, iy + j, ix + i)); };
    return (1 - v) * ((1 - u) * at(0, 0) + u * at(0, 1)) + v * ((1 - u) * at(1, 0) + u * at(1, 1));
}

/// The cubic B-spline.
double spline(double t) {
    double const a = std::abs(t);
    return a < 1.0 ? (4.0 - 6.0 * a * a + 3.0 * a * a * a) / 6.0 : a < 2.0 ? std::pow(2.0 - a, 3) / 6.0 : 0.0;
}

struct limits {
    double low = 1e9, high = -1e9;
    limits(image<float> const& values, image_mask const& mask) {
        for (std::size_t i = 0; i < values.values().size(); ++i)
            if (mask.empty() || mask.values()[i]) {
                low = std::min(low, double(values.values()[i]));
                high = std::max(high, double(values.values()[i]));
            }
    }
};

struct problem {
    image<float> fixed, moving;
    image_mask fixed_mask, moving_mask;
    std::size_t factor = 1, bins = 9;
    bool normalised = false;
};

comir::mi_points make_points(problem const& p, std::size_t count) {
    return comir::mi_points(p.fixed, p.fixed_mask, p.factor, p.bins, count, 1);
}

double entropy(std::vector<double> const& p) {
    double total = 0.0;
    for (double const v : p)
        total -= v > 0.0 ? v * std::log(v) : 0.0;
    return total;
}

/// The measure from its definition, at the places of the points in [first, first + count), going on at the beginning.
template <class Transform>
double plain_measure(problem const& p, comir::mi_points const& points, comir::point_sample const& sample,
                     Transform const& t) {
    limits const fixed(p.fixed, p.fixed_mask), moving(p.moving, p.moving_mask);
    std::size_t const bins = p.bins;
    double const factor = double(p.factor);
    std::vector<double> joint(bins * bins), rows(bins), columns(bins);
    double total = 0.0;
    for (std::size_t i = 0; i < sample.count; ++i) {
        std::size_t const k = (sample.first + i) % points.count();
        point2 const from{double(points.x()[k]), double(points.y()[k])};
        point2 const to = t(from) * (1.0 / factor);
        if (to.x < 0.0 || to.y < 0.0 || to.x > double(p.moving.width() - 1) || to.y > double(p.moving.height() - 1) ||
            !counts(p.moving_mask, static_cast<std::size_t>(to.y), static_cast<std::size_t>(to.x)))
            continue;
        double const f = (read(p.fixed, from.x / factor, from.y / factor) - fixed.low) / (fixed.high - fixed.low);
        double const m = (read(p.moving, to.x, to.y) - moving.low) / (moving.high - moving.low);
        auto const row = std::min(static_cast<std::size_t>(f * double(bins)), bins - 1);
        for (std::size_t b = 0; b < bins; ++b)
            joint[row * bins + b] += spline(double(b) - (1.0 + m * double(bins - 3)));
        total += 1.0;
    }
    for (std::size_t r = 0; r < bins; ++r)
        for (std::size_t b = 0; b < bins; ++b) {
            joint[r * bins + b] /= total;
            rows[r] += joint[r * bins + b];
            columns[b] += joint[r * bins + b];
        }
    double const both = entropy(rows) + entropy(columns);
    return p.normalised ? both / entropy(joint) : both - entropy(joint);
}

template <class Transform>
Transform nearby_transform() {
    Transform t;
    t.centre = {7.0, 6.0};
    if constexpr (Transform::parameter_count == 2)
        t.parameters = {1.3717, -0.8329};
    else if constexpr (Transform::parameter_count == 3)
        t.parameters = {0.31, 1.3717, -0.8329};
    else if constexpr (Transform::parameter_count == 4)
        t.parameters = {0.12, 0.31, 1.3717, -0.8329};
    else
        t.parameters = {0.93117, -0.28259, 0.35041, 1.09373, 1.3717, -0.8329};
    return t;
}

problem make_problem(bool masked, bool normalised, std::size_t factor = 1) {
    return {random_image(13, 17, 1),
            random_image(12, 19, 2),
            masked ? mask_with_hole(13, 17) : image_mask{},
            masked ? mask_with_hole(12, 19) : image_mask{},
            factor,
            9,
            normalised};
}

template <class Transform>
auto evaluate(problem const& p, comir::mi_points const& points, comir::point_sample const& sample, Transform const& t) {
    comir::mi_field const field(p.moving, p.moving_mask, p.factor, p.bins);
    comir::mi_workspace work(p.bins, points.count());
    return comir::evaluate_mi(points, sample, field, t, p.normalised, work);
}

}  // namespace

TEST_CASE("mutual_information: the measure equals its definition, with masks, as difference and as ratio") {
    for (bool const masked : {false, true})
        for (bool const normalised : {false, true}) {
            problem const p = make_problem(masked, normalised);
            auto const points = make_points(p, 512);
            auto const t = nearby_transform<comir::rigid2>();
            // The second sample passes the end.
            for (comir::point_sample const sample : {comir::point_sample{0, 512}, {384, 256}}) {
                auto const e = evaluate(p, points, sample, t);
                // Positions among the bins are float.
                CHECK(e.value == doctest::Approx(plain_measure(p, points, sample, t)).epsilon(1e-5));
                CHECK(e.overlap > 0.3);
                CHECK(e.overlap < 1.0);
            }
        }
}

TEST_CASE_TEMPLATE("mutual_information: the gradient equals the measure's change by perturbation", Transform,
                   comir::translation2, comir::rigid2, comir::similarity2, comir::affine2) {
    for (bool const normalised : {false, true})
        for (std::size_t const factor : {std::size_t{1}, std::size_t{2}}) {
            problem const p = make_problem(true, normalised, factor);
            auto const points = make_points(p, 512);
            auto const t = nearby_transform<Transform>();
            comir::point_sample const all{0, 512};
            auto const e = evaluate(p, points, all, t);
            double size = 0.0;
            for (double const g : e.gradient)
                size = std::max(size, std::abs(g));
            REQUIRE(size > 0.002);
            for (std::size_t k = 0; k < e.gradient.size(); ++k) {
                constexpr double h = 1e-6;
                Transform up = t, down = t;
                up.parameters[k] += h;
                down.parameters[k] -= h;
                double const numeric =
                    (plain_measure(p, points, all, up) - plain_measure(p, points, all, down)) / (2 * h);
                CAPTURE(k);
                CHECK(std::abs(e.gradient[k] - numeric) <= 1e-4 * size);
            }
        }
}

TEST_CASE("mutual_information: an image says of itself what its histogram holds, and nothing of a constant one") {
    problem p = make_problem(false, false);
    p.moving = p.fixed;
    auto const points = make_points(p, 4096);
    comir::translation2 const none;
    auto const itself = evaluate(p, points, {0, 4096}, none);
    auto other = p;
    other.moving = random_image(13, 17, 9);
    CHECK(itself.value > 3.0 * evaluate(other, points, {0, 4096}, none).value);
    CHECK(itself.overlap == 1.0);

    for (bool const normalised : {false, true}) {
        other.normalised = normalised;
        other.moving = image<float>({1, 13, 17}, 0.4f);
        auto const constant = evaluate(other, points, {0, 4096}, none);
        CHECK(constant.value == doctest::Approx(normalised ? 1.0 : 0.0).epsilon(1e-6));
        CHECK(constant.gradient[0] == 0.0);
    }
}

TEST_CASE("mutual_information: without overlap there is no value, and no points without pixels that count") {
    problem p = make_problem(false, false);
    auto const points = make_points(p, 64);
    comir::translation2 far;
    far.parameters = {1000.0, 0.0};
    auto const e = evaluate(p, points, {0, 64}, far);
    CHECK(std::isinf(e.value));
    CHECK(e.value < 0.0);
    CHECK(e.overlap == 0.0);
    p.fixed_mask = image_mask({1, 13, 17});
    CHECK(make_points(p, 64).count() == 0);
    CHECK(std::isinf(evaluate(p, make_points(p, 64), {0, 64}, comir::translation2{}).value));
}

TEST_CASE("mutual_information: points cover the image, lie off the pixels, and keep out of masked ones") {
    problem const p = make_problem(true, false);
    auto const points = make_points(p, 4000);
    CHECK(points.count() == 4032);
    limits const range(p.fixed, p.fixed_mask);
    double left = 1e9, right = -1e9;
    for (std::size_t i = 0; i < points.count(); ++i) {
        double const x = double(points.x()[i]), y = double(points.y()[i]);
        REQUIRE(counts(p.fixed_mask, static_cast<std::size_t>(y), static_cast<std::size_t>(x)));
        left = std::min(left, x);
        right = std::max(right, x);
        double const bin = (read(p.fixed, x, y) - range.low) / (range.high - range.low) * double(p.bins);
        // A value within rounding of an edge between bins may fall on either side.
        double const row = double(points.row()[i]) / double(p.bins);
        CHECK(std::abs(bin - (row + 0.5)) <= 0.5 + 1e-4);
    }
    CHECK(left < 0.1);
    CHECK(right > 15.9);
}
