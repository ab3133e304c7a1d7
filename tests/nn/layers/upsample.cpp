#include <support/layer_check.hpp>

#include <comir/nn/layers/upsample.hpp>

TEST_CASE("upsample_nearest: values and gradients equal PyTorch") {
    golden_file const golden("nn/layers.txt");
    check_layer_golden(comir::upsample_nearest<double>{}, golden, "upsample", 1e-9);
    check_layer_golden(comir::upsample_nearest<float>{}, golden, "upsample", 1e-6);
}

TEST_CASE("upsample_nearest: every width repeats its pixels, and gradients equal finite differences") {
    for (std::size_t w : {1u, 3u, 7u, 8u, 9u, 17u}) {
        auto const x = random_tensor<float>({2, 2, 3, w}, w);
        comir::tensor<float> y({2, 2, 6, 2 * w});
        comir::upsample_nearest<float>::state state;
        comir::upsample_nearest<float>{}.forward({}, x, y, state, 1);
        bool equal = true;
        for (std::size_t n = 0; n < 2; ++n)
            for (std::size_t c = 0; c < 2; ++c)
                for (std::size_t i = 0; i < 6; ++i)
                    for (std::size_t j = 0; j < 2 * w; ++j)
                        equal = equal && y(n, c, i, j) == x(n, c, i / 2, j / 2);
        CHECK(equal);
    }
    check_layer_gradient(comir::upsample_nearest<double>{}, {2, 2, 3, 5}, 3);
    check_layer_threads(comir::upsample_nearest<float>{}, {3, 5, 4, 9}, 4);
}

TEST_CASE("upsample_nearest: a y of the wrong size is refused") {
    comir::tensor<float> const x({1, 1, 2, 3});
    comir::tensor<float> y({1, 1, 4, 5});
    comir::upsample_nearest<float>::state state;
    CHECK_THROWS_WITH_AS(
        comir::upsample_nearest<float>{}.forward({}, x, y, state, 1),
        "comir::upsample_nearest::forward: y is (1, 1, 4, 5), expected (1, 1, 4, 6) for x (1, 1, 2, 3)",
        comir::shape_error);
}
