#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/optim/adam.hpp>
#include <comir/optim/sgd.hpp>

#include "support/golden.hpp"

namespace {

template <template <class> class State, class T, class Optimizer>
void check_trajectory(Optimizer const& optimizer, std::string const& name, double tolerance) {
    static golden_file const golden("optim/optim.txt");
    INFO(name);
    auto parameters = golden["start"].as<T>();
    auto const gradients = golden["gradients"].as<T>();
    auto const& expected = golden[name];
    std::size_t const size = parameters.size();
    State<T> state;
    for (std::size_t step = 0; step < expected.shape[0]; ++step) {
        optimizer.step(parameters, std::span(gradients).subspan(step * size, size), state);
        CHECK(golden_error(parameters, std::span(expected.values).subspan(step * size, size)) < tolerance);
    }
}

template <template <class> class State, class Optimizer>
void check_trajectory(Optimizer const& optimizer, std::string const& name) {
    check_trajectory<State, double>(optimizer, name, 1e-12);
    check_trajectory<State, float>(optimizer, name, 1e-5);
}

/// Three steps on random numbers.
template <class T, template <class> class State, class Optimizer>
std::vector<T> run(Optimizer optimizer, std::size_t size, int threads, std::span<T const> scales = {}) {
    optimizer.threads = threads;
    comir::random_stream random(size);
    std::vector<T> parameters(size), gradient(size);
    State<T> state;
    for (T& p : parameters)
        p = static_cast<T>(random.normal());
    for (int step = 0; step < 3; ++step) {
        for (T& g : gradient)
            g = static_cast<T>(random.normal());
        optimizer.step(parameters, gradient, state, scales);
    }
    return parameters;
}

}  // namespace

TEST_CASE("sgd: trajectories equal PyTorch's") {
    check_trajectory<comir::sgd_state>(comir::sgd{.learning_rate = 0.1}, "sgd");
    check_trajectory<comir::sgd_state>(comir::sgd{.learning_rate = 0.1, .momentum = 0.9}, "sgd_momentum");
    check_trajectory<comir::sgd_state>(comir::sgd{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.05},
                                       "sgd_decay");
    check_trajectory<comir::sgd_state>(
        comir::sgd{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.05, .nesterov = true}, "sgd_nesterov");
}

TEST_CASE("adam: trajectories equal PyTorch's") {
    check_trajectory<comir::adam_state>(comir::adam{.learning_rate = 0.02}, "adam");
    check_trajectory<comir::adam_state>(
        comir::adam{.learning_rate = 0.02, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1},
        "adam_decay");
    check_trajectory<comir::adam_state>(comir::adam{.learning_rate = 0.02, .weight_decay = 0.1, .decoupled = true},
                                        "adam_decoupled");
}

TEST_CASE("sgd and adam: the same bits on 1 and 2 threads, beyond one chunk") {
    comir::sgd const descent{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01};
    comir::adam const adaptive{.learning_rate = 0.1, .weight_decay = 0.01};
    CHECK(run<float, comir::sgd_state>(descent, 10007, 1) == run<float, comir::sgd_state>(descent, 10007, 2));
    CHECK(run<float, comir::adam_state>(adaptive, 10007, 1) == run<float, comir::adam_state>(adaptive, 10007, 2));
}

TEST_CASE("sgd and adam: scales multiply each parameter's own step") {
    comir::sgd const descent{.learning_rate = 0.1, .momentum = 0.9};
    comir::adam const adaptive{.learning_rate = 0.1};
    std::vector<double> const scales{1, 0.01, 0}, ones{1, 1, 1};
    auto const check = [&](auto const& scaled, auto const& plain) {
        comir::random_stream random(3);
        for (std::size_t i = 0; i < 3; ++i) {
            double const start = random.normal();
            CHECK(scaled[i] - start == doctest::Approx(scales[i] * (plain[i] - start)));
            CHECK(plain[i] != start);
        }
    };
    check(run<double, comir::sgd_state>(descent, 3, 1, scales), run<double, comir::sgd_state>(descent, 3, 1));
    check(run<double, comir::adam_state>(adaptive, 3, 1, scales), run<double, comir::adam_state>(adaptive, 3, 1));
}

TEST_CASE("adam: a state that was copied goes on as the original does") {
    comir::adam const adaptive{.learning_rate = 0.05};
    std::vector<double> p{1, -2, 3, 4, 5};
    std::vector<double> const g{0.5, 0.25, -1, 2, 0};
    comir::adam_state<double> state;
    adaptive.step(p, g, state);
    CHECK(state.steps == 1);
    auto q = p;
    comir::adam_state<double> loaded{.mean = state.mean, .square = state.square, .steps = state.steps};
    adaptive.step(p, g, state);
    adaptive.step(q, g, loaded);
    CHECK(p == q);
}

TEST_CASE("sgd and adam: wrong input says who, what and what to do") {
    std::vector<float> p(4), g(3);
    comir::sgd_state<float> state;
    comir::adam_state<float> moments;
    CHECK_THROWS_WITH_AS(comir::sgd{}.step(p, g, state), doctest::Contains("3 values, expected 4"), comir::shape_error);
    CHECK_THROWS_WITH_AS(comir::adam{}.step(p, g, moments), doctest::Contains("3 values, expected 4"),
                         comir::shape_error);
    g.resize(4);
    CHECK_THROWS_AS(comir::sgd{.learning_rate = -1}.step(p, g, state), comir::error);
    CHECK_THROWS_AS(comir::sgd{.learning_rate = NAN}.step(p, g, state), comir::error);
    CHECK_THROWS_AS(comir::sgd{.nesterov = true}.step(p, g, state), comir::error);
    CHECK_THROWS_AS(comir::adam{.beta2 = 1}.step(p, g, moments), comir::error);
    std::vector<float> const scales(2, 1.0f);
    CHECK_THROWS_AS(comir::sgd{}.step(p, g, state, scales), comir::shape_error);
    CHECK_THROWS_AS(comir::adam{}.step(p, g, moments, scales), comir::shape_error);
    state.velocity.resize(5);
    CHECK_THROWS_AS(comir::sgd{.momentum = 0.5}.step(p, g, state), comir::shape_error);
    moments.mean.resize(4);
    CHECK_THROWS_AS(comir::adam{}.step(p, g, moments), comir::shape_error);
}
