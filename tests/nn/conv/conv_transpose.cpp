#include <cmath>
#include <support/layer_check.hpp>

#include <comir/nn/conv/conv_transpose.hpp>

static_assert(comir::layer<comir::conv_transpose<float>>);

TEST_CASE("conv_transpose: output and gradients equal PyTorch in float and double") {
    golden_file const golden("nn/resampling.txt");
    check_layer_golden(comir::conv_transpose<double>{.in = 3, .out = 4}, golden, "conv_transpose", 1e-9);
    check_layer_golden(comir::conv_transpose<float>{.in = 3, .out = 4}, golden, "conv_transpose", 1e-4);
}

TEST_CASE("conv_transpose: odd widths equal the plain loop") {
    for (std::size_t w : {1u, 7u, 8u, 9u, 17u, 131u}) {
        CAPTURE(w);
        comir::conv_transpose<double> const layer{.in = 3, .out = 2, .bias = false};
        auto const weight = random_values<double>(layer.parameter_count(), w);
        auto const x = random_tensor<double>({2, 3, 3, w}, w);
        comir::tensor<double> y({2, 2, 6, 2 * w}), expected(y.shape());
        for (std::size_t n = 0; n < 2; ++n)
            for (std::size_t ci = 0; ci < 3; ++ci)
                for (std::size_t co = 0; co < 2; ++co)
                    for (std::size_t i = 0; i < 3; ++i)
                        for (std::size_t j = 0; j < w; ++j)
                            for (std::size_t ky = 0; ky < 3 && 2 * i + ky < 6; ++ky)
                                for (std::size_t kx = 0; kx < 3 && 2 * j + kx < 2 * w; ++kx)
                                    expected(n, co, 2 * i + ky, 2 * j + kx) +=
                                        x(n, ci, i, j) * weight[((ci * 2 + co) * 3 + ky) * 3 + kx];
        comir::conv_transpose<double>::state state;
        layer.forward(weight, x, y, state, 1);
        // Weights below 1.5, values below 1, at most 12 terms: 100 epsilon of their sum.
        double worst = 0;
        auto const actual = values_of(y), wanted = values_of(expected);
        for (std::size_t i = 0; i < actual.size(); ++i)
            worst = std::max(worst, std::abs(actual[i] - wanted[i]));
        CHECK(worst <= 100 * 2.3e-16 * 1.5 * 12);
    }
}

TEST_CASE("conv_transpose: gradients equal finite differences, and bits are equal for any threads") {
    check_layer_gradient(comir::conv_transpose<double>{.in = 3, .out = 2}, {2, 3, 2, 3}, 1);
    check_layer_gradient(comir::conv_transpose<double>{.in = 1, .out = 1, .bias = false}, {1, 1, 1, 1}, 2);
    check_layer_threads(comir::conv_transpose<float>{.in = 3, .out = 5}, {2, 3, 21, 139}, 3);
}

TEST_CASE("conv_transpose: what does not fit is refused and says what to do") {
    comir::conv_transpose<float> const layer{.in = 3, .out = 2};
    CHECK_THROWS_WITH_AS(layer.output_shape({2, 4, 8, 8}),
                         "comir::conv_transpose: x is (2, 4, 8, 8), expected 3 channels and at least one pixel",
                         comir::shape_error);
    CHECK_THROWS_AS((comir::conv_transpose<float>{.in = 0, .out = 2}.output_shape({1, 0, 4, 4})), comir::error);
    comir::tensor<float> const x({1, 3, 4, 4});
    comir::tensor<float> y({1, 2, 9, 9});
    comir::conv_transpose<float>::state state;
    std::vector<float> const parameters(layer.parameter_count(), 0.0f);
    CHECK_THROWS_AS(layer.forward(parameters, x, y, state, 1), comir::shape_error);
}
