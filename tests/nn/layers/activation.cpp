#include <cmath>
#include <limits>
#include <support/layer_check.hpp>

#include <comir/nn/layers/activation.hpp>

TEST_CASE("relu: values and gradients equal PyTorch") {
    golden_file const golden("nn/layers.txt");
    check_layer_golden(comir::relu<double>{}, golden, "relu", 1e-9);
    check_layer_golden(comir::relu<float>{}, golden, "relu", 1e-6);
}

TEST_CASE("relu: gradients equal finite differences, and bits are equal for any threads") {
    check_layer_gradient(comir::relu<double>{}, {2, 3, 3, 5}, 1);
    check_layer_threads(comir::relu<float>{}, {3, 5, 7, 17}, 2);
}

TEST_CASE("relu: zero passes no gradient and a NaN is not hidden") {
    std::vector<double> const values{0.0, -0.0, std::numeric_limits<double>::quiet_NaN(), 2.0};
    auto const x = tensor_of<float>({1, 1, 1, 4}, values);
    layer_run<comir::relu<float>> const run({}, {}, x, tensor_of<float>({1, 1, 1, 4}, std::vector<double>(4, 5.0)), 1);
    CHECK(run.y(0, 0, 0, 0) == 0.0f);
    CHECK(run.y(0, 0, 0, 1) == 0.0f);
    CHECK(std::isnan(run.y(0, 0, 0, 2)));
    CHECK(run.added_to_dx()[0] == 0.0f);
    CHECK(run.added_to_dx()[1] == 0.0f);
    CHECK(run.added_to_dx()[3] == 5.0f);
}

TEST_CASE("relu: views of other shapes are refused with both shapes") {
    comir::tensor<float> const x({1, 2, 3, 4});
    comir::tensor<float> y({1, 2, 3, 5});
    comir::relu<float>::state state;
    CHECK_THROWS_WITH_AS(comir::relu<float>{}.forward({}, x, y, state, 1),
                         "comir::relu::forward: y is (1, 2, 3, 5), expected (1, 2, 3, 4) for x (1, 2, 3, 4)",
                         comir::shape_error);
}
