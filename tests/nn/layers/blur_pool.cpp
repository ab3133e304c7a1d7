#include <cmath>
#include <limits>
#include <support/layer_check.hpp>

#include <comir/nn/layers/blur_pool.hpp>

TEST_CASE("blur_pool: odd and even extents and ties equal PyTorch") {
    golden_file const golden("nn/resampling.txt");
    for (char const* name : {"blur_pool", "blur_pool_even", "blur_pool_ties"}) {
        check_layer_golden(comir::blur_pool<double>{}, golden, name, 1e-9);
        check_layer_golden(comir::blur_pool<float>{}, golden, name, 1e-6);
    }
}

TEST_CASE("blur_pool: gradients equal finite differences, and bits are equal for any threads") {
    for (std::size_t w : {2u, 3u, 8u, 17u})
        check_layer_gradient(comir::blur_pool<double>{}, {2, 2, 5, w}, w);
    check_layer_gradient(comir::blur_pool<double>{}, {1, 1, 2, 2}, 1);
    check_layer_threads(comir::blur_pool<float>{}, {3, 5, 8, 18}, 6);
}

TEST_CASE("blur_pool: a constant image keeps its value inside and loses a quarter at each border") {
    comir::tensor<double> x({1, 1, 8, 8}), y({1, 1, 4, 4});
    comir::fill(x.view(), 16);
    comir::blur_pool<double>::state state;
    comir::blur_pool<double>{}.forward({}, x, y, state, 1);
    CHECK(y(0, 0, 1, 1) == 16.0);
    CHECK(y(0, 0, 3, 3) == 9.0);
    CHECK(y(0, 0, 0, 0) == 9.0);
    CHECK(y(0, 0, 0, 1) == 12.0);
}

TEST_CASE("blur_pool: a NaN reaches the outputs whose windows hold it, and no other") {
    comir::tensor<float> x({1, 1, 8, 8}), y({1, 1, 4, 4});
    x(0, 0, 0, 1) = std::numeric_limits<float>::quiet_NaN();
    comir::blur_pool<float>::state state;
    comir::blur_pool<float>{}.forward({}, x, y, state, 1);
    CHECK(std::isnan(y(0, 0, 0, 0)));
    CHECK(std::isnan(y(0, 0, 0, 1)));
    CHECK(y(0, 0, 0, 2) == 0.0f);
    CHECK(y(0, 0, 1, 0) == 0.0f);
}

TEST_CASE("blur_pool: too small images and foreign states are refused") {
    comir::blur_pool<float> const layer;
    CHECK_THROWS_WITH_AS(layer.output_shape({1, 2, 1, 8}),
                         "comir::blur_pool: x is (1, 2, 1, 8), expected at least 2 rows and 2 columns",
                         comir::shape_error);
    comir::tensor<float> const x({1, 2, 4, 4}), y({1, 2, 2, 2});
    comir::tensor<float> dx(x.shape());
    comir::blur_pool<float>::state const never_run;
    CHECK_THROWS_AS(layer.backward({}, x, y, y, never_run, dx, {}, 1), comir::shape_error);
}
