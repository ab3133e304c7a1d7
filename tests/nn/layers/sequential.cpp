#include <cmath>
#include <support/layer_check.hpp>

#include <comir/nn/layers/activation.hpp>
#include <comir/nn/layers/batch_norm.hpp>
#include <comir/nn/layers/dropout.hpp>
#include <comir/nn/layers/pool.hpp>
#include <comir/nn/layers/sequential.hpp>
#include <comir/nn/layers/upsample.hpp>

namespace {

template <class T>
auto chain() {
    return comir::sequential(comir::batch_norm<T>{.channels = 3},
                             comir::sequential(comir::relu<T>{}, comir::max_pool<T>{}),
                             comir::dropout<T>{.probability = 0.25, .seed = 5}, comir::batch_norm<T>{.channels = 3},
                             comir::upsample_nearest<T>{});
}

}  // namespace

static_assert(comir::inferring_layer<decltype(chain<float>())>);
static_assert(!comir::layer<int>);

TEST_CASE("sequential: the same numbers as its layers called by hand") {
    auto const both = comir::sequential(comir::batch_norm<double>{.channels = 2}, comir::relu<double>{});
    auto const x = random_tensor<double>({2, 2, 3, 5}, 1), dy = random_tensor<double>({2, 2, 3, 5}, 2);
    auto const parameters = random_values<double>(4, 3);
    layer_run<std::remove_const_t<decltype(both)>> const run(both, parameters, x, dy, 1);

    comir::tensor<double> middle(x.shape()), y(x.shape()), dmiddle(x.shape()), dx(x.shape());
    comir::fill(dx.view(), 1.0);
    std::vector<double> dparameters(4, 1.0);
    comir::batch_norm<double>::state kept;
    comir::relu<double>::state none;
    both.layer_at<0>().forward(parameters, x, middle, kept, 1);
    both.layer_at<1>().forward({}, middle, y, none, 1);
    both.layer_at<1>().backward({}, middle, y, dy, none, dmiddle, {}, 1);
    both.layer_at<0>().backward(parameters, x, middle, dmiddle, kept, dx, dparameters, 1);
    CHECK(values_of(run.y) == values_of(y));
    CHECK(values_of(run.dx) == values_of(dx));
    CHECK(run.dparameters == dparameters);
}

TEST_CASE("sequential: gradients of a nested chain equal finite differences, and bits are equal for any threads") {
    auto const net = chain<double>();
    CHECK(net.parameter_count() == 12);
    CHECK(net.output_shape({2, 3, 5, 7}) == comir::shape4{2, 3, 4, 6});
    check_layer_gradient(net, {2, 3, 6, 9}, 1);
    check_layer_threads(chain<float>(), {3, 3, 6, 18}, 4);
}

TEST_CASE("sequential: a state is used again for another step and another shape") {
    auto const net = chain<double>();
    auto const parameters = random_values<double>(12, 1);
    layer_run<std::remove_const_t<decltype(net)>> used(net, parameters, random_tensor<double>({2, 3, 8, 8}, 2),
                                                       random_tensor<double>({2, 3, 8, 8}, 3), 1);
    auto const x = random_tensor<double>({1, 3, 6, 10}, 4), dy = random_tensor<double>({1, 3, 6, 10}, 5);
    layer_run<std::remove_const_t<decltype(net)>> const fresh(net, parameters, x, dy, 1);
    for (int step = 0; step < 2; ++step) {
        comir::tensor<double> y(x.shape()), dx(x.shape());
        comir::fill(dx.view(), 1.0);
        std::vector<double> dparameters(12, 1.0);
        net.forward(parameters, x, y, used.state, 1);
        net.backward(parameters, x, y, dy, used.state, dx, dparameters, 1);
        CHECK(values_of(y) == values_of(fresh.y));
        CHECK(values_of(dx) == values_of(fresh.dx));
        CHECK(dparameters == fresh.dparameters);
    }
}

TEST_CASE("sequential: running statistics lie one after another and inference uses them") {
    auto const net = chain<double>();
    REQUIRE(net.running_count() == 12);
    std::vector<double> parameters(12), running(12);
    net.layer_at<0>().initialise(net.parameters_of<0>(std::span(parameters)), net.running_of<0>(std::span(running)));
    net.layer_at<3>().initialise(net.parameters_of<3>(std::span(parameters)), net.running_of<3>(std::span(running)));
    auto const x = random_tensor<double>({2, 3, 4, 6}, 2);
    layer_run<std::remove_const_t<decltype(net)>> run(net, parameters, x, x, 1);
    net.update_running(run.state, running);
    std::vector<double> first{0, 0, 0, 1, 1, 1}, second = first;
    net.layer_at<0>().update_running(run.state.layer_state<0>(), first);
    net.layer_at<3>().update_running(run.state.layer_state<3>(), second);
    CHECK(first != second);
    first.insert(first.end(), second.begin(), second.end());
    CHECK(running == first);

    net.infer(parameters, running, x, run.y, run.state, 1);
    auto const normal = [&](double value, std::size_t at) {
        return (value - running[at]) / std::sqrt(running[at + 3] + 1e-5);
    };
    for (std::size_t c = 0; c < 3; ++c) {
        double largest = 0;
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t j = 0; j < 2; ++j)
                largest = std::max(largest, normal(x(1, c, 2 + i, 4 + j), c));
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t j = 0; j < 2; ++j)
                CHECK(run.y(1, c, 2 + i, 4 + j) == doctest::Approx(normal(largest, 6 + c)).epsilon(1e-12));
    }
}

TEST_CASE("sequential: wrong lengths and foreign states are refused") {
    auto const net = chain<float>();
    comir::tensor<float> const x({1, 3, 4, 4});
    comir::tensor<float> y(x.shape()), dx(x.shape());
    decltype(chain<float>())::state state;
    std::vector<float> values(11);
    CHECK_THROWS_WITH_AS(net.forward(values, x, y, state, 1),
                         "comir::sequential::forward: 11 parameters given, expected 12", comir::shape_error);
    values.resize(12);
    std::vector<float> derivatives(12);
    CHECK_THROWS_WITH_AS(net.backward(values, x, y, y, state, dx, derivatives, 1),
                         "comir::sequential::backward: the state does not belong to this x; call forward with the "
                         "same x and state",
                         comir::shape_error);
    CHECK_THROWS_AS(net.output_shape({1, 4, 4, 4}), comir::shape_error);
}
