#include <cmath>
#include <support/layer_check.hpp>

#include <comir/nn/layers/batch_norm.hpp>

namespace {

template <class T>
std::vector<T> joined(golden_file const& golden, std::string const& first, std::string const& second) {
    auto values = golden[first].as<T>();
    auto const more = golden[second].as<T>();
    values.insert(values.end(), more.begin(), more.end());
    return values;
}

template <class T>
void check_batch_norm_against_pytorch(double tolerance) {
    golden_file const golden("nn/layers.txt");
    comir::batch_norm<T> const layer{.channels = 4};
    auto run = check_layer_golden(layer, golden, "batch_norm", tolerance);

    std::vector<T> parameters(8), running(8);
    layer.initialise(parameters, running);
    layer.update_running(run.state, running);
    for (std::size_t c = 0; c < 4; ++c) {
        CHECK(running[c] == doctest::Approx(golden["batch_norm.running_mean"].values[c]).epsilon(tolerance));
        CHECK(running[4 + c] == doctest::Approx(golden["batch_norm.running_var"].values[c]).epsilon(tolerance));
    }
    parameters = joined<T>(golden, "batch_norm.weight", "batch_norm.bias");
    layer.infer(parameters, running, tensor_of<T>(golden["batch_norm.x"]), run.y, run.state, 1);
    CHECK(golden_error(values_of(run.y), golden["batch_norm.y_eval"].values) <= tolerance);
}

}  // namespace

static_assert(comir::inferring_layer<comir::batch_norm<float>>);

TEST_CASE("batch_norm: training, running statistics and inference equal PyTorch in double") {
    check_batch_norm_against_pytorch<double>(1e-9);
}

TEST_CASE("batch_norm: training, running statistics and inference equal PyTorch in float") {
    check_batch_norm_against_pytorch<float>(1e-4);
}

TEST_CASE("batch_norm: every width has mean 0 and variance 1 with initial parameters") {
    for (std::size_t w : {1u, 3u, 7u, 8u, 9u, 31u}) {
        comir::batch_norm<double> const layer{.channels = 2, .eps = 1e-12};
        auto const x = random_tensor<double>({3, 2, 2, w}, w);
        comir::tensor<double> y(x.shape());
        comir::batch_norm<double>::state state;
        std::vector<double> parameters(4, 5.0), running(4, 5.0);
        layer.initialise(parameters, running);
        layer.forward(parameters, x, y, state, 1);
        double const count = static_cast<double>(6 * w);
        for (std::size_t c = 0; c < 2; ++c) {
            double sum = 0, squares = 0;
            for (std::size_t n = 0; n < 3; ++n)
                for (std::size_t i = 0; i < 2; ++i)
                    for (std::size_t j = 0; j < w; ++j) {
                        sum += y(n, c, i, j);
                        squares += y(n, c, i, j) * y(n, c, i, j);
                    }
            CHECK(std::abs(sum / count) < 1e-12);
            CHECK(std::abs(squares / count - 1) < 1e-9);
        }
    }
}

TEST_CASE("batch_norm: gradients equal finite differences, and bits are equal for any threads") {
    check_layer_gradient(comir::batch_norm<double>{.channels = 3}, {2, 3, 3, 9}, 1);
    check_layer_threads(comir::batch_norm<float>{.channels = 7}, {3, 7, 5, 19}, 2);
}

TEST_CASE("batch_norm: a range of channels of a wider buffer is read and written in place") {
    auto const wide = random_tensor<float>({2, 6, 3, 5}, 3);
    comir::tensor<float> narrow({2, 3, 3, 5}), y(narrow.shape()), wide_y(wide.shape());
    comir::copy(wide.view().channels(2, 3), narrow.view());
    comir::fill(wide_y.view(), 9.0f);
    comir::batch_norm<float> const layer{.channels = 3};
    auto const parameters = random_values<float>(6, 4);
    comir::batch_norm<float>::state state;
    layer.forward(parameters, narrow, y, state, 1);
    layer.forward(parameters, wide.view().channels(2, 3), wide_y.view().channels(2, 3), state, 1);
    comir::tensor<float> taken(y.shape());
    comir::copy<float>(wide_y.view().channels(2, 3), taken.view());
    CHECK(values_of(taken) == values_of(y));
    CHECK(wide_y(0, 1, 2, 4) == 9.0f);
    CHECK(wide_y(1, 5, 0, 0) == 9.0f);
}

TEST_CASE("batch_norm: what does not fit is refused and says what to do") {
    comir::batch_norm<float> const layer{.channels = 3};
    std::vector<float> const parameters(6, 1.0f);
    comir::batch_norm<float>::state state;
    comir::tensor<float> y({1, 3, 1, 1});
    CHECK_THROWS_WITH_AS(layer.forward(parameters, comir::tensor<float>({1, 3, 1, 1}), y, state, 1),
                         "comir::batch_norm::forward: x is (1, 3, 1, 1), one value per channel has no variance; give "
                         "more samples or pixels, or call infer",
                         comir::shape_error);
    CHECK_THROWS_WITH_AS(layer.output_shape({1, 4, 2, 2}), "comir::batch_norm: x is (1, 4, 2, 2), expected 3 channels",
                         comir::shape_error);
    std::vector<float> running(5);
    CHECK_THROWS_WITH_AS(layer.infer(parameters, running, y, y, state, 1),
                         "comir::batch_norm::infer: 5 running statistics given, expected 6", comir::shape_error);
    running.resize(6);
    CHECK_THROWS_AS(layer.update_running(state, running), comir::shape_error);
    CHECK_THROWS_AS(comir::batch_norm<float>({.channels = 3, .eps = 0}).output_shape({1, 3, 2, 2}), comir::error);
    // One pixel is enough for inference.
    running = {1, 2, 3, 4, 4, 4};
    layer.infer(parameters, running, comir::tensor<float>({1, 3, 1, 1}), y, state, 1);
    CHECK(y(0, 2, 0, 0) == doctest::Approx(1 - 3 / std::sqrt(4 + 1e-5)));
}
