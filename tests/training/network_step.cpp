#include <cstddef>
#include <cstdint>
#include <set>

#include <doctest/doctest.h>

#include <comir/training/network_step.hpp>

#include "support/linear_network.hpp"

namespace {

/// A step of three patches of 4 px with values of their own.
struct prepared {
    comir::network_step<linear_network> step{linear_network{}};
    linear_network::workspace work;
    comir::network_state state = step.initial_state(3, false);

    prepared() {
        step.reserve(3, 4);
        comir::random_stream values(1, 0);
        for (std::size_t n = 0; n < 3; ++n)
            for (std::size_t y = 0; y < 4; ++y)
                for (std::size_t x = 0; x < 4; ++x)
                    step.patches().row(n, 0, y)[x] = static_cast<float>(values.uniform(-1, 1));
    }
    void forward(std::uint64_t turns) {
        comir::random_stream random(turns, 0);
        step.forward<comir::c4>(random, state, 0, work, 1);
    }
};

}  // namespace

TEST_CASE("network_step: representations lie as their patches, whatever turns the network saw") {
    prepared p;
    auto const check = [&] {
        auto const x = p.step.patches();
        auto const y = p.step.representations();
        for (std::size_t n = 0; n < 3; ++n)
            for (std::size_t h = 0; h < 4; ++h)
                for (std::size_t w = 0; w < 4; ++w)
                    CHECK(y.row(n, 0, h)[w] == p.state.parameters[0] * x.row(n, 0, h)[w] + p.state.parameters[1]);
    };
    std::set<float> first_pixels;  // which the network saw of the first patch, by its running mean
    for (std::uint64_t turns = 0; turns < 12; ++turns) {
        p.state = p.step.initial_state(3, false);
        p.forward(turns);
        check();
        first_pixels.insert(p.state.running[0]);
    }
    CHECK(first_pixels.size() == 4);
    p.step.encode(p.state, p.work, 1);
    check();
}

TEST_CASE("network_step: the gradient by the parameters is that of what was forwarded") {
    prepared p;
    p.forward(2);
    float by_weight = 0, by_bias = 0;
    for (std::size_t n = 0; n < 3; ++n)
        for (std::size_t h = 0; h < 4; ++h)
            for (std::size_t w = 0; w < 4; ++w) {
                float const d = static_cast<float>(1 + w) * 0.25f;
                p.step.gradients().row(n, 0, h)[w] = d;
                by_weight += d * p.step.patches().row(n, 0, h)[w];
                by_bias += d;
            }
    for (int twice = 0; twice < 2; ++twice) {
        p.step.backward(p.state, 0, p.work, 1);
        // 48 additions, in another order.
        CHECK(p.step.parameter_gradient()[0] == doctest::Approx(by_weight).epsilon(1e-5));
        CHECK(p.step.parameter_gradient()[1] == doctest::Approx(by_bias).epsilon(1e-5));
    }
}

TEST_CASE("network_step: recompute mixes the batch in once, undo not at all") {
    prepared p;
    auto const before = p.state;
    p.forward(2);
    auto const after = p.state;
    CHECK_FALSE(after == before);
    p.step.recompute(p.state, 0, p.work, 1);
    CHECK(p.state == after);
    p.step.undo(p.state);
    CHECK(p.state == before);
}
