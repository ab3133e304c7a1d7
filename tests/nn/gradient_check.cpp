#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <comir/nn/gradient_check.hpp>

namespace {

double waves(std::span<double const> x) {
    double total = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        total += static_cast<double>(i + 1) * std::sin(x[i]);
    return total;
}

std::vector<double> waves_gradient(std::span<double const> x) {
    std::vector<double> out(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
        out[i] = static_cast<double>(i + 1) * std::cos(x[i]);
    return out;
}

}  // namespace

TEST_CASE("gradient_check: passes the derivative and finds the one value that is wrong") {
    std::vector<double> const x{0.3, -2, 5, 40, 0};
    auto gradient = waves_gradient(x);
    auto const good = comir::gradient_check(waves, x, gradient);
    CHECK(good.passed);
    CHECK(good.max_relative_error < 1e-7);
    double const right = gradient[3];
    gradient[3] *= 1.0001;
    auto const bad = comir::gradient_check(waves, x, gradient);
    CHECK(!bad.passed);
    CHECK(bad.index == 3);
    CHECK(bad.analytic == gradient[3]);
    CHECK(bad.numeric == doctest::Approx(right).epsilon(1e-7));
    CHECK(bad.max_relative_error == doctest::Approx(1e-4).epsilon(1e-2));
    CHECK(comir::gradient_check(waves, x, gradient, {.every = 2}).passed);
}

TEST_CASE("gradient_check: what is not a number does not pass") {
    std::vector<double> const x{1, 2}, broken{std::cos(1.0), NAN};
    auto const result = comir::gradient_check(waves, x, broken);
    CHECK(!result.passed);
    CHECK(result.index == 1);
    auto const nowhere = [](std::span<double const>) { return static_cast<double>(NAN); };
    CHECK(!comir::gradient_check(nowhere, x, x).passed);
}

TEST_CASE("gradient_check: a gradient of zero passes, another length is an error") {
    std::vector<double> const x{1, 2}, zero{0, 0}, longer{0, 0, 0};
    auto const flat = [](std::span<double const>) { return 3.0; };
    CHECK(comir::gradient_check(flat, x, zero).passed);
    CHECK_THROWS_AS(comir::gradient_check(flat, x, longer), comir::shape_error);
    CHECK_THROWS_AS(comir::gradient_check(flat, x, zero, {.step = 0}), comir::error);
}
