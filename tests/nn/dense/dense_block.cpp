#include <support/layer_check.hpp>

#include <comir/nn/dense/dense_block.hpp>

namespace {

/// The named arrays of a golden block's three layers, one after another.
template <class T>
std::vector<T> gathered(golden_file const& golden, std::vector<std::string> const& names) {
    std::vector<T> values;
    for (char const* layer : {"0.", "1.", "2."})
        for (auto const& name : names) {
            auto const part = golden["dense.layers." + std::string(layer) + name].template as<T>();
            values.insert(values.end(), part.begin(), part.end());
        }
    return values;
}

template <class T>
void check_dense_block_against_pytorch(double tolerance) {
    golden_file const golden("nn/layers.txt");
    comir::dense_block<T> const layer{.channels = 5, .layers = 3, .growth = 4};
    auto const parameters = gathered<T>(golden, {"batchnorm.weight", "batchnorm.bias", "conv.weight", "conv.bias"});
    REQUIRE(parameters.size() == layer.parameter_count());
    auto const x = tensor_of<T>(golden["dense.x"]);
    layer_run<comir::dense_block<T>> run(layer, parameters, x, tensor_of<T>(golden["dense.dy"]), 1);
    CHECK(golden_error(values_of(run.y), golden["dense.y"].values) <= tolerance);
    CHECK(golden_error(run.added_to_dx(), golden["dense.dx"].values) <= tolerance);
    CHECK(golden_error(run.added_to_dparameters(), gathered<double>(golden, {"batchnorm.dweight", "batchnorm.dbias",
                                                                             "conv.dweight", "conv.dbias"})) <=
          tolerance);

    std::vector<T> running(layer.running_count()), initial(parameters.size());
    layer.initialise(initial, running, 1);
    layer.update_running(run.state, running);
    CHECK(golden_error(running, gathered<double>(golden, {"batchnorm.running_mean", "batchnorm.running_var"})) <=
          tolerance);
    layer.infer(parameters, running, x, run.y, run.state, 1);
    CHECK(golden_error(values_of(run.y), golden["dense.y_eval"].values) <= tolerance);
}

}  // namespace

static_assert(comir::inferring_layer<comir::dense_block<float>>);

TEST_CASE("dense_block: training, running statistics and inference equal PyTorch in double") {
    check_dense_block_against_pytorch<double>(1e-9);
}

TEST_CASE("dense_block: training, running statistics and inference equal PyTorch in float") {
    check_dense_block_against_pytorch<float>(1e-4);
}

TEST_CASE("dense_block: gradients equal finite differences") {
    check_layer_gradient(comir::dense_block<double>{.channels = 2, .layers = 2, .growth = 3}, {2, 2, 3, 5}, 1);
    check_layer_gradient(comir::dense_block<double>{.channels = 3, .layers = 1, .growth = 1, .keep_input = false},
                         {1, 3, 2, 7}, 2);
    check_layer_gradient(comir::dense_block<double>{.channels = 2, .layers = 2, .growth = 2, .dropout = 0.4, .seed = 3},
                         {2, 2, 3, 4}, 3);
}

TEST_CASE("dense_block: the same bits for any threads, over many tiles") {
    check_layer_threads(comir::dense_block<float>{.channels = 3, .layers = 2, .growth = 5, .dropout = 0.1},
                        {2, 3, 21, 139}, 4);
}

TEST_CASE("dense_block: without its input it gives the other channels, whatever the width") {
    for (std::size_t w : {1u, 7u, 9u, 17u}) {
        comir::dense_block<double> layer{.channels = 3, .layers = 2, .growth = 2};
        auto const parameters = random_values<double>(layer.parameter_count(), 5);
        auto const x = random_tensor<double>({2, 3, 3, w}, 6);
        auto dy = random_tensor<double>({2, 7, 3, w}, 7);
        comir::fill(dy.view().channels(0, 3), 0);
        comir::tensor<double> added({2, 4, 3, w});
        comir::copy<double>(dy.view().channels(3, 4), added.view());
        layer_run<comir::dense_block<double>> const all(layer, parameters, x, dy, 1);
        layer.keep_input = false;
        layer_run<comir::dense_block<double>> const fresh(layer, parameters, x, added, 1);
        comir::copy(all.y.view().channels(3, 4), added.view());
        CHECK(values_of(fresh.y) == values_of(added));
        CHECK(values_of(fresh.dx) == values_of(all.dx));
        CHECK(fresh.dparameters == all.dparameters);
        CHECK(all.y(1, 2, 2, w - 1) == x(1, 2, 2, w - 1));
    }
}

TEST_CASE("dense_block: inference ignores dropout and needs no second value") {
    comir::dense_block<double> layer{.channels = 2, .layers = 1, .growth = 2, .dropout = 0.9};
    std::vector<double> parameters(layer.parameter_count()), running(layer.running_count());
    layer.initialise(parameters, running, 4);
    auto const x = random_tensor<double>({1, 2, 1, 1}, 8);
    comir::tensor<double> y({1, 4, 1, 1}), plain(y.shape());
    comir::dense_block<double>::state state;
    CHECK_THROWS_AS(layer.forward(parameters, x, y, state, 1), comir::shape_error);
    layer.infer(parameters, running, x, y, state, 1);
    layer.dropout = 0;
    layer.infer(parameters, running, x, plain, state, 1);
    CHECK(values_of(y) == values_of(plain));
    CHECK(y(0, 3, 0, 0) != 0.0);
}

TEST_CASE("dense_block: what does not fit is refused and says what to do") {
    comir::dense_block<float> const layer{.channels = 3, .layers = 2, .growth = 2};
    CHECK_THROWS_WITH_AS(layer.output_shape({1, 2, 4, 4}),
                         "comir::dense_block: x is (1, 2, 4, 4), expected 3 channels and at least one pixel",
                         comir::shape_error);
    CHECK_THROWS_AS((comir::dense_block<float>{.channels = 3, .layers = 2, .growth = 0}.output_shape({1, 3, 4, 4})),
                    comir::error);
    CHECK_THROWS_AS(
        (comir::dense_block<float>{.channels = 3, .layers = 2, .growth = 1, .dropout = 1}.output_shape({1, 3, 4, 4})),
        comir::error);
    std::vector<float> parameters(layer.parameter_count()), running(layer.running_count());
    comir::tensor<float> const x({1, 3, 4, 4}), dy({1, 7, 4, 4});
    comir::tensor<float> y(dy.shape()), dx(x.shape());
    comir::dense_block<float>::state state;
    CHECK_THROWS_AS(layer.update_running(state, running), comir::shape_error);
    CHECK_THROWS_AS(layer.infer(parameters, {}, x, y, state, 1), comir::shape_error);
    layer.infer(parameters, running, x, y, state, 1);
    CHECK_THROWS_WITH_AS(layer.backward(parameters, x, y, dy, state, dx, parameters, 1),
                         "comir::dense_block::backward: the state does not belong to this x; call forward with the "
                         "same x and state",
                         comir::shape_error);
}
