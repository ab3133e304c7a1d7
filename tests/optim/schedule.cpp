#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/optim/schedule.hpp>

#include "support/golden.hpp"

TEST_CASE("cosine_schedule: without warm-up equals PyTorch's cosine annealing") {
    golden_file const golden("optim/optim.txt");
    auto const& expected = golden["cosine_rates"].values;
    std::vector<double> rates;
    for (std::size_t step = 0; step < expected.size(); ++step)
        rates.push_back(comir::cosine_schedule{.peak = 0.1, .floor = 0.01}(step, expected.size()));
    CHECK(golden_error(rates, expected) < 1e-12);
}

TEST_CASE("cosine_schedule: rises in equal parts, then falls to the floor") {
    comir::cosine_schedule const schedule{.peak = 1, .floor = 0.2, .warm_up = 4};
    CHECK(schedule(0, 20) == 0.25);
    CHECK(schedule(3, 20) == 1);
    CHECK(schedule(4, 20) == 1);
    CHECK(schedule(12, 20) == doctest::Approx(0.6));
    for (std::size_t step = 5; step < 20; ++step)
        CHECK(schedule(step, 20) < schedule(step - 1, 20));
    CHECK(schedule(20, 20) == doctest::Approx(0.2));
    CHECK(schedule(99, 20) == doctest::Approx(0.2));
    CHECK(schedule(4, 3) == doctest::Approx(0.2));
    CHECK(schedule(1, 3) == 0.5);
}

TEST_CASE("linear_schedule and constant_schedule: go straight, and keep the final value") {
    comir::linear_schedule const schedule{.from = 2, .to = 1};
    CHECK(schedule(0, 4) == 2);
    CHECK(schedule(1, 4) == 1.75);
    CHECK(schedule(4, 4) == 1);
    CHECK(schedule(9, 4) == 1);
    CHECK(schedule(0, 0) == 1);
    CHECK(comir::constant_schedule{3}(7, 9) == 3);
}
