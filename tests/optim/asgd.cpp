#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/optim/asgd.hpp>

#include "support/message.hpp"

TEST_CASE("asgd: time stands still for unrelated gradients, and runs between its limits") {
    comir::asgd const settings{.sigmoid_min = -0.7, .sigmoid_max = 0.9, .sigmoid_scale = 0.01};
    CHECK(settings.time_step(0.0) == doctest::Approx(0.0));
    CHECK(settings.time_step(-10.0) == doctest::Approx(0.9));
    CHECK(settings.time_step(10.0) == doctest::Approx(-0.7));
    CHECK(settings.time_step(1e9) == doctest::Approx(-0.7));
    // f(x) = f_min + (f_max - f_min) / (1 - f_max / f_min exp(-x / omega)) at x = omega.
    CHECK(settings.time_step(-0.01) == doctest::Approx(-0.7 + 1.6 / (1.0 + 0.9 / 0.7 * 0.36787944117144233)));
}

TEST_CASE("asgd: steps equal the recursion written out, with scales") {
    comir::asgd const settings{.a = 3.0, .offset = 5.0, .alpha = 0.6, .sigmoid_min = -0.5, .sigmoid_scale = 0.2};
    std::array<double, 2> const scales{0.25, 4.0};
    std::vector<double> parameters{1.0, -2.0};
    double x = 1.0, y = -2.0, time = 0.0, last_x = 0.0, last_y = 0.0;
    comir::asgd_state state;
    comir::random_stream random(3);
    for (int i = 0; i < 20; ++i) {
        double const gx = random.normal(), gy = 0.1 * random.normal();
        if (i > 0) {
            double const product = -(0.25 * gx * last_x + 4.0 * gy * last_y);
            time += -0.5 + 1.5 / (1.0 + 2.0 * std::exp(-product / 0.2));
            time = time < 0.0 ? 0.0 : time;
        }
        double const rate = 3.0 / std::pow(time + 6.0, 0.6);
        x -= rate * 0.25 * gx;
        y -= rate * 4.0 * gy;
        last_x = gx;
        last_y = gy;
        settings.step(parameters, std::array{gx, gy}, state, scales);
        CHECK(state.time == doctest::Approx(time));
        CHECK(parameters[0] == doctest::Approx(x));
        CHECK(parameters[1] == doctest::Approx(y));
    }
    CHECK(state.time > 0.5);
}

TEST_CASE("asgd: a noisy bowl is descended to its bottom") {
    comir::asgd const settings{.a = 8.0, .sigmoid_scale = 0.1};
    std::vector<double> p{4.0, -3.0};
    comir::asgd_state state;
    comir::random_stream random(5);
    for (int i = 0; i < 2000; ++i)
        settings.step(p, std::array{p[0] + 0.5 * random.normal(), p[1] + 0.5 * random.normal()}, state);
    CHECK(std::hypot(p[0], p[1]) < 0.3);
}

TEST_CASE("make_asgd: settings follow from reach, gradient and noise") {
    comir::asgd_reach const reach{.trace_c = 2.0, .trace_cc = 4.0, .largest_j = 1.0, .largest_jcj = 9.0};
    auto const s = comir::make_asgd(reach, 8.0, 24.0, 0.5);
    // sigma1^2 = 4, sigma3^2 = 12, noise factor 1/4; a = 1/4 * 0.5 * 21 / (2 * 3); omega = 0.1 * 12 * 2.
    CHECK(s.a == doctest::Approx(0.4375));
    CHECK(s.sigmoid_scale == doctest::Approx(2.4));
    CHECK(s.sigmoid_min == doctest::Approx(-0.745));
    CHECK(s.sigmoid_max == 1.0);
    // Without noise the first step has the length max_step for the farthest point.
    auto const exact = comir::make_asgd(reach, 8.0, 0.0, 0.5);
    CHECK(exact.step_size(0.0) * std::sqrt(8.0 / 2.0 * 9.0) == doctest::Approx(0.5));
    CHECK(comir::make_asgd(reach, 0.0, 1.0, 0.5).a == 0.0);
    CHECK(comir::make_asgd({}, 1.0, 1.0, 0.5).a == 0.0);
}

TEST_CASE("asgd: bad settings and lengths are refused") {
    std::vector<double> p(2), g(2), other(3);
    comir::asgd_state state;
    CHECK(message([&] { comir::asgd{.a = -1.0}.step(p, g, state); }).find("a -1, offset 20") != std::string::npos);
    CHECK(message([&] { comir::asgd{.sigmoid_min = 0.0}.step(p, g, state); }).find("sigmoid_min 0") !=
          std::string::npos);
    CHECK(message([&] { comir::asgd{}.step(p, other, state); }).find("3 values, expected 2") != std::string::npos);
    CHECK(message([&] { comir::asgd{}.step(p, g, state, other); }).find("3 scales, expected none or 2") !=
          std::string::npos);
    comir::asgd{}.step(p, g, state);
    CHECK(message([&] { comir::asgd{}.step(other, other, state); }).find("state is of 2 parameters") !=
          std::string::npos);
    CHECK(message([&] { comir::make_asgd({}, -1.0, 0.0, 1.0); }).find("gradient_square -1") != std::string::npos);
}
