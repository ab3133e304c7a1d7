#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <support/golden.hpp>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>
#include <comir/nn/concepts.hpp>
#include <comir/nn/gradient_check.hpp>

// What every layer is held to: another program's numbers, finite differences, and equal bits for any threads.

template <class T>
comir::tensor<T> tensor_of(comir::shape4 shape, std::span<double const> values) {
    comir::tensor<T> t(shape);
    std::size_t i = 0;
    comir::for_each_row(t.view(), [&](T* row, std::size_t w) {
        for (std::size_t x = 0; x < w; ++x)
            row[x] = static_cast<T>(values[i++]);
    });
    return t;
}

template <class T>
comir::tensor<T> tensor_of(golden_array const& array) {
    REQUIRE(array.shape.size() == 4);
    return tensor_of<T>({array.shape[0], array.shape[1], array.shape[2], array.shape[3]}, array.values);
}

template <class T>
std::vector<T> values_of(comir::tensor<T> const& t) {
    std::vector<T> values;
    comir::for_each_row(t.view(), [&](T const* row, std::size_t w) { values.insert(values.end(), row, row + w); });
    return values;
}

template <class T>
comir::tensor<T> random_tensor(comir::shape4 shape, std::uint64_t seed) {
    comir::random_stream random(seed);
    std::vector<double> values(shape.size());
    for (double& value : values)
        value = random.uniform(-1, 1);
    return tensor_of<T>(shape, values);
}

template <class T>
std::vector<T> random_values(std::size_t count, std::uint64_t seed) {
    comir::random_stream random(seed);
    std::vector<T> values(count);
    for (T& value : values)
        value = static_cast<T>(random.uniform(0.5, 1.5));
    return values;
}

/// One forward and backward. The gradients start at 1, so that a layer which overwrites them is caught.
template <comir::layer Layer>
struct layer_run {
    using T = typename Layer::value_type;
    comir::tensor<T> y, dx;
    std::vector<T> dparameters;
    typename Layer::state state;

    layer_run(Layer const& layer, std::vector<T> const& parameters, comir::tensor<T> const& x,
              comir::tensor<T> const& dy, int threads)
        : y(layer.output_shape(x.shape())), dx(x.shape()), dparameters(parameters.size(), T(1)) {
        comir::fill(y.view(), T(-7));
        comir::fill(dx.view(), T(1));
        layer.forward(parameters, x, y, state, threads);
        layer.backward(parameters, x, y, dy, state, dx, dparameters, threads);
    }
    std::vector<T> added_to_dx() const { return without_start(values_of(dx)); }
    std::vector<T> added_to_dparameters() const { return without_start(dparameters); }

private:
    static std::vector<T> without_start(std::vector<T> values) {
        for (T& value : values)
            value -= T(1);
        return values;
    }
};

/// The arrays prefix.x, .dy, .y and .dx, and .weight, .bias, .dweight and .dbias if the layer has parameters.
template <comir::layer Layer>
layer_run<Layer> check_layer_golden(Layer const& layer, golden_file const& golden, std::string const& prefix,
                                    double tolerance) {
    using T = typename Layer::value_type;
    auto const joined = [&](std::string const& first, std::string const& second) {
        std::vector<T> values;
        if (golden.contains(prefix + first))
            for (auto const& name : {first, second})
                for (double const value : golden[prefix + name].values)
                    values.push_back(static_cast<T>(value));
        return values;
    };
    layer_run<Layer> run(layer, joined(".weight", ".bias"), tensor_of<T>(golden[prefix + ".x"]),
                         tensor_of<T>(golden[prefix + ".dy"]), 1);
    CHECK(golden_error(values_of(run.y), golden[prefix + ".y"].values) <= tolerance);
    CHECK(golden_error(run.added_to_dx(), golden[prefix + ".dx"].values) <= tolerance);
    CHECK(golden_error(run.added_to_dparameters(), joined(".dweight", ".dbias")) <= tolerance);
    return run;
}

/// Derivatives of a weighted sum of the outputs by parameters and input, against finite differences.
template <comir::layer Layer>
void check_layer_gradient(Layer const& layer, comir::shape4 shape, std::uint64_t seed) {
    static_assert(std::same_as<typename Layer::value_type, double>);
    auto const parameters = random_values<double>(layer.parameter_count(), seed);
    auto const x = random_tensor<double>(shape, seed + 1);
    auto const dy = random_tensor<double>(layer.output_shape(shape), seed + 2);
    layer_run<Layer> const run(layer, parameters, x, dy, 1);
    auto point = parameters, gradient = run.added_to_dparameters();
    auto const input = values_of(x), dx = run.added_to_dx(), weights = values_of(dy);
    point.insert(point.end(), input.begin(), input.end());
    gradient.insert(gradient.end(), dx.begin(), dx.end());
    auto const loss = [&](std::span<double const> p) {
        comir::tensor<double> y(dy.shape());
        typename Layer::state state;
        layer.forward(p.first(parameters.size()), tensor_of<double>(shape, p.subspan(parameters.size())), y, state, 1);
        auto const values = values_of(y);
        double total = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
            total += weights[i] * values[i];
        return total;
    };
    auto const result = comir::gradient_check(loss, point, gradient);
    CAPTURE(result.index);
    CAPTURE(result.analytic);
    CAPTURE(result.numeric);
    CHECK(result.passed);
}

/// The same bits from one, two and three threads.
template <comir::layer Layer>
void check_layer_threads(Layer const& layer, comir::shape4 shape, std::uint64_t seed) {
    using T = typename Layer::value_type;
    auto const parameters = random_values<T>(layer.parameter_count(), seed);
    auto const x = random_tensor<T>(shape, seed + 1);
    auto const dy = random_tensor<T>(layer.output_shape(shape), seed + 2);
    layer_run<Layer> const one(layer, parameters, x, dy, 1);
    for (int threads : {2, 3}) {
        layer_run<Layer> const many(layer, parameters, x, dy, threads);
        CHECK(values_of(many.y) == values_of(one.y));
        CHECK(values_of(many.dx) == values_of(one.dx));
        CHECK(many.dparameters == one.dparameters);
    }
}
