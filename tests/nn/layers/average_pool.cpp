#include <support/layer_check.hpp>

#include <comir/nn/layers/average_pool.hpp>

TEST_CASE("average_pool: odd extents equal PyTorch") {
    golden_file const golden("nn/resampling.txt");
    check_layer_golden(comir::average_pool<double>{}, golden, "average_pool", 1e-9);
    check_layer_golden(comir::average_pool<float>{}, golden, "average_pool", 1e-6);
}

TEST_CASE("average_pool: gradients equal finite differences, and bits are equal for any threads") {
    for (std::size_t w : {2u, 3u, 9u, 17u})
        check_layer_gradient(comir::average_pool<double>{}, {2, 2, 5, w}, w);
    check_layer_threads(comir::average_pool<float>{}, {3, 5, 8, 18}, 6);
}

TEST_CASE("average_pool: too small images are refused") {
    CHECK_THROWS_WITH_AS(comir::average_pool<float>{}.output_shape({1, 2, 8, 1}),
                         "comir::average_pool: x is (1, 2, 8, 1), expected at least 2 rows and 2 columns",
                         comir::shape_error);
}
