#include <support/layer_check.hpp>

#include <comir/nn/layers/pixel_shuffle.hpp>

TEST_CASE("pixel_shuffle: values and gradients equal PyTorch") {
    golden_file const golden("nn/resampling.txt");
    check_layer_golden(comir::pixel_shuffle<double>{}, golden, "pixel_shuffle", 1e-9);
    check_layer_golden(comir::pixel_shuffle<float>{}, golden, "pixel_shuffle", 1e-6);
}

TEST_CASE("pixel_shuffle: gradients equal finite differences, and bits are equal for any threads") {
    check_layer_gradient(comir::pixel_shuffle<double>{}, {2, 8, 3, 5}, 1);
    check_layer_threads(comir::pixel_shuffle<float>{}, {3, 12, 4, 17}, 2);
}

TEST_CASE("pixel_shuffle: channels that do not make squares are refused") {
    CHECK_THROWS_WITH_AS(comir::pixel_shuffle<float>{}.output_shape({1, 6, 4, 4}),
                         "comir::pixel_shuffle: x is (1, 6, 4, 4), expected a multiple of 4 channels",
                         comir::shape_error);
}
