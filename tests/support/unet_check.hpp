#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <support/layer_check.hpp>
#include <vector>

#include <comir/models/dense_unet.hpp>

// What every shape of network is held to: another program's numbers, finite differences, equal bits for any threads.
namespace unet_check {

/// A network and its flat arrays, initial or gathered from the named arrays of a golden file.
template <class Network>
struct state {
    using T = typename Network::value_type;
    Network network;
    std::vector<T> parameters = std::vector<T>(network.parameter_count());
    std::vector<T> running = std::vector<T>(network.running_count());
    typename Network::workspace work;

    state() { network.initialise(parameters, running, 1); }
    explicit state(golden_file const& golden) : state() {
        for (auto const& entry : network.parameter_entries()) {
            auto const& array = golden[entry.name];
            REQUIRE(array.shape == entry.shape);
            for (std::size_t i = 0; i < entry.size(); ++i)
                parameters[entry.offset + i] = static_cast<T>(array.values[i]);
        }
    }
};

template <class Network>
void check_golden(std::string const& file, double tolerance) {
    using T = typename Network::value_type;
    golden_file const golden(file);
    state<Network> s(golden);
    auto const x = tensor_of<T>(golden["x"]), dy = tensor_of<T>(golden["dy"]);
    comir::tensor<T> y(dy.shape()), dx(x.shape());
    std::vector<T> gradient(s.parameters.size());
    s.network.forward(s.parameters, s.running, x, y, 0, s.work, 2);
    s.network.backward(s.parameters, x, dy, dx, gradient, 0, s.work, 2);

    CHECK(golden_error(values_of(y), golden["y"].values) <= tolerance);
    CHECK(golden_error(values_of(dx), golden["grad.x"].values) <= tolerance);
    for (auto const& entry : s.network.parameter_entries()) {
        INFO(entry.name);
        std::vector<T> const part(gradient.begin() + static_cast<std::ptrdiff_t>(entry.offset),
                                  gradient.begin() + static_cast<std::ptrdiff_t>(entry.offset + entry.size()));
        auto expected = golden["grad." + entry.name].values;
        auto actual = part;
        if (entry.name.ends_with("conv.bias")) {
            // What only normalised readers follow has no effect: the gradient is zero but for rounding, and is judged
            // by the size of the same convolution's weight gradient.
            auto const& weight = golden["grad." + entry.name.substr(0, entry.name.size() - 4) + "weight"].values;
            double const scale = std::abs(*std::ranges::max_element(weight, {}, [](double v) { return std::abs(v); }));
            expected.push_back(scale);
            actual.push_back(static_cast<T>(scale));
        }
        CHECK(golden_error(actual, expected) <= tolerance);
    }
    for (auto const& entry : s.network.running_entries()) {
        INFO(entry.name);
        std::vector<T> const part(s.running.begin() + static_cast<std::ptrdiff_t>(entry.offset),
                                  s.running.begin() + static_cast<std::ptrdiff_t>(entry.offset + entry.size()));
        CHECK(golden_error(part, golden[entry.name].values) <= tolerance);
    }
    s.network.encode(s.parameters, s.running, x, y, s.work, 1);
    CHECK(golden_error(values_of(y), golden["y_eval"].values) <= tolerance);
}

/// Output, gradients and running statistics of a step; `extent` is that of the input.
template <class Network>
void check_threads(comir::shape4 extent) {
    using T = typename Network::value_type;
    std::vector<T> results[2];
    for (int threads : {1, 2}) {
        state<Network> s;
        auto const x = random_tensor<T>(extent, 4);
        comir::tensor<T> y({extent.n, s.network.out_channels(), extent.h, extent.w}), dx(extent);
        std::vector<T> gradient(s.parameters.size());
        s.network.forward(s.parameters, s.running, x, y, 3, s.work, threads);
        s.network.backward(s.parameters, x, y, dx, gradient, 3, s.work, threads);
        auto& r = results[threads - 1];
        for (auto const& part : {values_of(y), values_of(dx), gradient, s.running})
            r.insert(r.end(), part.begin(), part.end());
    }
    CHECK(results[0] == results[1]);
}

/// The bytes that are told beforehand are those that a call takes.
template <class Network>
void check_bytes(comir::shape4 extent) {
    state<Network> encoding, training;
    using T = typename Network::value_type;
    comir::tensor<T> const x(extent);
    comir::tensor<T> y({extent.n, encoding.network.out_channels(), extent.h, extent.w});
    encoding.network.encode(encoding.parameters, encoding.running, x, y, encoding.work, 1);
    CHECK(encoding.network.bytes(extent.n, extent.h, extent.w, false) == encoding.work.bytes());
    auto& s = training;
    std::vector<T> gradient(s.parameters.size());
    s.network.forward(s.parameters, s.running, x, y, 1, s.work, 1);
    s.network.backward(s.parameters, x, y, {}, gradient, 1, s.work, 1);
    CHECK(s.network.bytes(extent.n, extent.h, extent.w, true) == s.work.bytes());
    CHECK(s.work.bytes() > encoding.work.bytes());
}

/// Every seventh parameter's derivative of a weighted sum of the outputs against finite differences.
template <class Network>
void check_gradient(comir::shape4 extent) {
    state<Network> s;
    // The initial shifts of normalisations are zero, a kink of the ReLU behind channels that are constant.
    comir::random_stream random(7);
    for (double& parameter : s.parameters)
        parameter += random.uniform(-0.2, 0.2);
    auto const x = random_tensor<double>(extent, 5);
    comir::tensor<double> y({extent.n, s.network.out_channels(), extent.h, extent.w});
    auto const weights = random_tensor<double>(y.shape(), 6);
    auto const loss = [&](std::span<double const> parameters) {
        auto running = s.running;
        s.network.forward(parameters, running, x, y, 9, s.work, 1);
        double total = 0;
        auto const a = values_of(y), b = values_of(weights);
        for (std::size_t i = 0; i < a.size(); ++i)
            total += a[i] * b[i];
        return total;
    };
    std::vector<double> gradient(s.parameters.size());
    loss(s.parameters);
    s.network.backward(s.parameters, x, weights, {}, gradient, 9, s.work, 1);
    auto const result =
        comir::gradient_check(loss, s.parameters, gradient, {.step = 1e-6, .tolerance = 1e-4, .every = 7});
    INFO("parameter ", result.index, ": ", result.analytic, " and ", result.numeric);
    CHECK(result.passed);
}

}  // namespace unet_check
