#include <algorithm>
#include <cmath>
#include <limits>
#include <support/layer_check.hpp>

#include <comir/nn/layers/pool.hpp>

TEST_CASE("max_pool: odd extents and ties equal PyTorch") {
    golden_file const golden("nn/layers.txt");
    for (char const* name : {"max_pool", "max_pool_ties"}) {
        check_layer_golden(comir::max_pool<double>{}, golden, name, 1e-9);
        check_layer_golden(comir::max_pool<float>{}, golden, name, 1e-6);
    }
}

TEST_CASE("max_pool: every width equals the largest of four, and its gradient the finite difference") {
    for (std::size_t w : {2u, 3u, 7u, 8u, 9u, 16u, 33u}) {
        auto const x = random_tensor<float>({2, 2, 5, w}, w);
        comir::max_pool<float> const layer;
        comir::tensor<float> y(layer.output_shape(x.shape()));
        REQUIRE(y.shape() == comir::shape4{2, 2, 2, w / 2});
        comir::max_pool<float>::state state;
        layer.forward({}, x, y, state, 1);
        for (std::size_t n = 0; n < 2; ++n)
            for (std::size_t c = 0; c < 2; ++c)
                for (std::size_t i = 0; i < 2; ++i)
                    for (std::size_t j = 0; j < w / 2; ++j)
                        CHECK(y(n, c, i, j) == std::max({x(n, c, 2 * i, 2 * j), x(n, c, 2 * i, 2 * j + 1),
                                                         x(n, c, 2 * i + 1, 2 * j), x(n, c, 2 * i + 1, 2 * j + 1)}));
    }
    check_layer_gradient(comir::max_pool<double>{}, {2, 3, 5, 7}, 5);
    check_layer_threads(comir::max_pool<float>{}, {3, 5, 8, 18}, 6);
}

TEST_CASE("max_pool: a NaN anywhere in the window is the result") {
    for (std::size_t at = 0; at < 4; ++at) {
        std::vector<double> values{1, 2, 3, 4};
        values[at] = std::numeric_limits<double>::quiet_NaN();
        comir::tensor<float> y({1, 1, 1, 1});
        comir::max_pool<float>::state state;
        comir::max_pool<float>{}.forward({}, tensor_of<float>({1, 1, 2, 2}, values), y, state, 1);
        CHECK(std::isnan(y(0, 0, 0, 0)));
        CHECK(state.place[0] == at);
    }
}

TEST_CASE("max_pool: too small images and foreign states are refused") {
    comir::max_pool<float> const layer;
    CHECK_THROWS_WITH_AS(layer.output_shape({1, 2, 1, 8}),
                         "comir::max_pool: x is (1, 2, 1, 8), expected at least 2 rows and 2 columns",
                         comir::shape_error);
    comir::tensor<float> const x({1, 2, 4, 4}), y({1, 2, 2, 2});
    comir::tensor<float> dx(x.shape());
    comir::max_pool<float>::state const never_run;
    CHECK_THROWS_AS(layer.backward({}, x, y, y, never_run, dx, {}, 1), comir::shape_error);
}
