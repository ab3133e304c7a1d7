#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <doctest/doctest.h>

#include <comir/core/simd.hpp>
#include <comir/registration/metrics/alpha_amd/directed_distance.hpp>
#include <comir/registration/metrics/mutual_information/measure.hpp>
#include <comir/registration/metrics/point_gradient.hpp>
#include <comir/registration/metrics/point_map.hpp>
#include <comir/transform/affine.hpp>

#include "support/image_pair.hpp"

namespace {

using comir::point2;

/// A deformation that is no affine transform: every cell of a grid of 4 x 4 control points moves the points in it, by
/// linear weights. All points are shifted too, into the middle of a moving image that is larger.
struct grid_transform {
    static constexpr std::size_t side = 4, parameter_count = 2 * side * side;
    static constexpr double spacing = 16.0, shift = 8.0;  // pixels

    std::array<double, parameter_count> parameters{};  // the shifts of all control points in x, then in y

    /// Calls body(control point, weight) for the four control points about p.
    template <class Body>
    static void for_controls(point2 p, Body const& body) {
        auto const cell = [](double x) { return std::clamp(std::floor(x), 0.0, static_cast<double>(side - 2)); };
        double const x = p.x / spacing, y = p.y / spacing, u = x - cell(x), v = y - cell(y);
        auto const first = static_cast<std::size_t>(cell(y)) * side + static_cast<std::size_t>(cell(x));
        body(first, (1 - u) * (1 - v));
        body(first + 1, u * (1 - v));
        body(first + side, (1 - u) * v);
        body(first + side + 1, u * v);
    }
    point2 operator()(point2 p) const {
        point2 moved = p + point2{shift, shift};
        for_controls(p, [&](std::size_t k, double w) {
            moved = moved + w * point2{parameters[k], parameters[side * side + k]};
        });
        return moved;
    }
    auto map(double scale = 1.0) const {
        return [this, scale](float x, float y) {
            point2 const p = (*this)({double(x), double(y)}) * scale;
            return comir::mapped_point{static_cast<float>(p.x), static_cast<float>(p.y)};
        };
    }
};

/// Adds each point's derivative to the control points that move it.
struct grid_gradient {
    std::array<double, grid_transform::parameter_count> total{}, block{};

    void add(comir::simd<float> const& px, comir::simd<float> const& py, comir::simd<float> const& dx,
             comir::simd<float> const& dy) {
        constexpr std::size_t lanes = comir::simd_width<float>;
        float x[lanes], y[lanes], by_x[lanes], by_y[lanes];
        comir::store(x, px);
        comir::store(y, py);
        comir::store(by_x, dx);
        comir::store(by_y, dy);
        for (std::size_t i = 0; i < lanes; ++i)
            grid_transform::for_controls({double(x[i]), double(y[i])}, [&](std::size_t k, double w) {
                block[k] += w * double(by_x[i]);
                block[grid_transform::side * grid_transform::side + k] += w * double(by_y[i]);
            });
    }
    void end_block(double scale) {
        for (std::size_t k = 0; k < total.size(); ++k)
            total[k] += scale * block[k];
        block = {};
    }
};

static_assert(comir::gradient_accumulator<grid_gradient>);
static_assert(comir::gradient_accumulator<comir::affine_gradient>);
static_assert(comir::gradient_accumulator<comir::no_gradient>);

grid_transform some_grid() {
    grid_transform t;
    for (std::size_t k = 0; k < t.parameters.size(); ++k)
        t.parameters[k] = 1.7 * std::sin(1.3 * static_cast<double>(k) + 0.4);
    return t;
}

/// The gradient against the measure's change where one parameter after the other changes.
template <class Measure>
void check_gradient(std::array<double, grid_transform::parameter_count> const& gradient, double factor,
                    Measure const& measure, double tolerance) {
    double size = 0.0;
    for (double const g : gradient)
        size = std::max(size, std::abs(factor * g));
    REQUIRE(size > 1e-3);
    for (std::size_t k = 0; k < gradient.size(); ++k) {
        // Coordinates and sums are float: a smaller step drowns in their rounding.
        constexpr double h = 5e-3;
        grid_transform up = some_grid(), down = up;
        up.parameters[k] += h;
        down.parameters[k] -= h;
        CAPTURE(k);
        CHECK(std::abs(factor * gradient[k] - (measure(up) - measure(down)) / (2 * h)) <= tolerance * size);
    }
}

}  // namespace

TEST_CASE("point_gradient: alpha-AMD's derivatives serve a transform with many parameters") {
    comir::alpha_cut_maps::settings s;
    s.d_max = 100.0f;
    s.points = 10000;
    comir::alpha_cut_maps const fixed(texture(1, 48, 48, 2.0, 1), 1, {}, s),
        moving(texture(1, 64, 64, 2.0, 2), 1, {}, s);
    auto const measured = [&](grid_transform const& t, auto& gradient) {
        return comir::measure_directed(fixed, {0, 10000}, moving, t.map(), comir::jacobian_at::from, gradient);
    };
    grid_gradient gradient;
    auto const here = measured(some_grid(), gradient);
    check_gradient(
        gradient.total, 1.0 / here.weight,
        [&](grid_transform const& t) {
            comir::no_gradient none;
            auto const d = measured(t, none);
            return d.value / d.weight;
        },
        0.03);
}

TEST_CASE("point_gradient: mutual information's derivatives serve a transform with many parameters") {
    constexpr std::size_t count = 4096, bins = 12;
    auto const values = texture(1, 64, 64, 2.0, 1);
    comir::mi_points const points(comir::crop(values, {8, 8, 48, 48}), {}, 1, bins, count, 1);
    comir::mi_field const field(values, {}, 1, bins);
    comir::mi_workspace work(bins, count);
    auto const measured = [&](grid_transform const& t) {
        return comir::measure_mi(points, {0, count}, field, t.map(), false, work);
    };
    auto const here = measured(some_grid());
    grid_gradient gradient;
    comir::add_mi_gradient(points, {0, count}, field, here, work, gradient);
    check_gradient(
        gradient.total, 1.0, [&](grid_transform const& t) { return measured(t).value; }, 0.03);
}

TEST_CASE("point_gradient: sums pulled back are those of every point's Jacobian") {
    comir::affine2 const t{{0.9, -0.3, 0.4, 1.1, 3.0, -2.0}, {20.0, 10.0}};
    comir::affine_gradient gradient(t.centre);
    std::array<double, 6> plain{}, pulled{};
    constexpr std::size_t lanes = comir::simd_width<float>;
    for (int block = 0; block < 3; ++block) {
        float x[lanes], y[lanes], dx[lanes], dy[lanes];
        for (std::size_t i = 0; i < lanes; ++i) {
            x[i] = static_cast<float>(i) * 3.0f + static_cast<float>(block);
            y[i] = 40.0f - static_cast<float>(i);
            dx[i] = 0.5f + 0.1f * static_cast<float>(i);
            dy[i] = static_cast<float>(block) - 1.0f;
            auto const j = t.jacobian({double(x[i]), double(y[i])});
            for (Eigen::Index k = 0; k < 6; ++k)
                plain[static_cast<std::size_t>(k)] += 2.0 * 0.5 * (j(0, k) * double(dx[i]) + j(1, k) * double(dy[i]));
        }
        gradient.add(comir::load<float>(x), comir::load<float>(y), comir::load<float>(dx), comir::load<float>(dy));
        gradient.end_block(0.5);
    }
    comir::pull_back(t, gradient.sums(), 2.0, pulled);
    for (std::size_t k = 0; k < 6; ++k)
        CHECK(pulled[k] == doctest::Approx(plain[k]).epsilon(1e-5));
}
