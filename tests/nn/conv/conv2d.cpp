#include <algorithm>
#include <cmath>
#include <support/layer_check.hpp>

#include <comir/nn/conv/conv2d.hpp>

namespace {

/// One output of a convolution with zero padding, term by term.
template <std::size_t K>
double plain(std::vector<double> const& weight, double bias, comir::tensor<double> const& x, std::size_t n,
             std::size_t co, std::size_t i, std::size_t j) {
    comir::shape4 const s = x.shape();
    double sum = bias;
    for (std::size_t c = 0; c < s.c; ++c)
        for (std::size_t ky = 0; ky < K; ++ky)
            for (std::size_t kx = 0; kx < K; ++kx) {
                std::size_t const y = i + ky - K / 2, z = j + kx - K / 2;  // wraps around below zero
                if (y < s.h && z < s.w)
                    sum += weight[((co * s.c + c) * K + ky) * K + kx] * x(n, c, y, z);
            }
    return sum;
}

template <std::size_t K>
void check_plain(comir::shape4 shape, std::size_t out, bool bias) {
    CAPTURE(comir::to_string(shape));
    CAPTURE(out);
    comir::conv2d<double, K> const layer{.in = shape.c, .out = out, .bias = bias};
    auto const parameters = random_values<double>(layer.parameter_count(), out);
    auto const x = random_tensor<double>(shape, shape.w);
    comir::tensor<double> y(layer.output_shape(shape));
    comir::fill(y.view(), -7);
    typename comir::conv2d<double, K>::state state;
    layer.forward(parameters, x, y, state, 1);
    double worst = 0;
    for (std::size_t n = 0; n < shape.n; ++n)
        for (std::size_t c = 0; c < out; ++c)
            for (std::size_t i = 0; i < shape.h; ++i)
                for (std::size_t j = 0; j < shape.w; ++j)
                    worst = std::max(
                        worst,
                        std::abs(y(n, c, i, j) -
                                 plain<K>(parameters, bias ? parameters[layer.weight_count() + c] : 0, x, n, c, i, j)));
    // Weights below 1.5 and values below 1: 100 epsilon for up to 54 terms each.
    CHECK(worst <= 100 * 2.3e-16 * 1.5 * static_cast<double>(shape.c * K * K));
}

}  // namespace

static_assert(comir::layer<comir::conv2d<float, 3>> && comir::layer<comir::conv2d<double, 1>>);

TEST_CASE("conv2d: output and gradients equal PyTorch in float and double") {
    golden_file const golden("nn/layers.txt");
    check_layer_golden(comir::conv2d<double, 3>{.in = 5, .out = 7}, golden, "conv3", 1e-9);
    check_layer_golden(comir::conv2d<float, 3>{.in = 5, .out = 7}, golden, "conv3", 1e-4);
    check_layer_golden(comir::conv2d<double, 1>{.in = 5, .out = 7}, golden, "conv1", 1e-9);
    check_layer_golden(comir::conv2d<float, 1>{.in = 5, .out = 7}, golden, "conv1", 1e-4);
}

TEST_CASE("conv2d: odd widths equal the plain loop") {
    for (std::size_t w : {1u, 2u, 3u, 7u, 8u, 9u, 15u, 17u, 31u, 127u, 129u, 131u}) {
        check_plain<3>({1, 2, 3, w}, 3, true);
        check_plain<1>({2, 3, 2, w}, 5, false);
    }
}

TEST_CASE("conv2d: every block of output channels and several tiles equal the plain loop") {
    // Few input channels go row by row, others by pairs of rows.
    for (std::size_t in : {3u, 4u, 5u})
        for (std::size_t out : {1u, 2u, 4u, 6u, 8u, 12u, 13u, 27u})
            check_plain<3>({1, in, 5, 35}, out, false);
    check_plain<3>({2, 6, 37, 141}, 2, true);
    check_plain<1>({1, 19, 33, 11}, 2, true);
}

TEST_CASE("conv2d: gradients equal finite differences") {
    check_layer_gradient(comir::conv2d<double, 3>{.in = 3, .out = 4}, {2, 3, 3, 5}, 1);
    check_layer_gradient(comir::conv2d<double, 3>{.in = 2, .out = 1, .bias = false}, {1, 2, 1, 1}, 2);
    check_layer_gradient(comir::conv2d<double, 1>{.in = 7, .out = 5}, {2, 7, 2, 3}, 3);
}

TEST_CASE("conv2d: gradients by weight over several tiles of odd extents equal the plain loop") {
    for (std::size_t out : {1u, 4u, 6u, 13u}) {
        CAPTURE(out);
        comir::shape4 const shape{2, 5, 37, 141};
        comir::conv2d<double, 3> const layer{.in = shape.c, .out = out, .bias = false};
        auto const parameters = random_values<double>(layer.parameter_count(), 1);
        auto const x = random_tensor<double>(shape, 2), dy = random_tensor<double>(layer.output_shape(shape), 3);
        layer_run const run(layer, parameters, x, dy, 1);
        auto const gradient = run.added_to_dparameters();
        double worst = 0;
        for (std::size_t index = 0; index < gradient.size(); ++index) {
            std::size_t const ky = index / 3 % 3, kx = index % 3, c = index / 9 % shape.c, o = index / (9 * shape.c);
            double sum = 0;
            for (std::size_t n = 0; n < shape.n; ++n)
                for (std::size_t i = 0; i < shape.h; ++i)
                    for (std::size_t j = 0; j < shape.w; ++j) {
                        std::size_t const y = i + ky - 1, z = j + kx - 1;  // wraps around below zero
                        if (y < shape.h && z < shape.w)
                            sum += x(n, c, y, z) * dy(n, o, i, j);
                    }
            worst = std::max(worst, std::abs(gradient[index] - sum));
        }
        // Values below 1, sums of 10434 products of either sign: 100 epsilon of their root mean square.
        CHECK(worst <= 100 * 2.3e-16 * 103);
    }
}

TEST_CASE("conv2d: rows of dx without room for whole vectors get the same gradient") {
    comir::conv2d<float, 3> const layer{.in = 5, .out = 4};
    auto const parameters = random_values<float>(layer.parameter_count(), 10);
    auto const x = random_tensor<float>({2, 5, 6, 7}, 11), dy = random_tensor<float>({2, 4, 6, 7}, 12);
    layer_run const padded(layer, parameters, x, dy, 1);
    std::vector<float> values(x.shape().size() + 1, 1.0f), dparameters(parameters.size());
    comir::tensor_view<float> const tight(values.data(), x.shape(), 5 * 42, 42, 7);
    comir::conv2d<float, 3>::state state;
    layer.backward(parameters, x, padded.y, dy, state, tight, dparameters, 1);
    CHECK(values.back() == 1.0f);
    values.pop_back();
    auto const expected = values_of(padded.dx);
    float worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        worst = std::max(worst, std::abs(values[i] - expected[i]));
    CHECK(worst <= 1e-5f);
}

TEST_CASE("conv2d: the same bits for any threads, over many tiles") {
    check_layer_threads(comir::conv2d<float, 3>{.in = 5, .out = 13}, {2, 5, 43, 149}, 4);
    check_layer_threads(comir::conv2d<float, 1>{.in = 5, .out = 3, .bias = false}, {3, 5, 17, 33}, 5);
}

TEST_CASE("conv2d: channels of a wider buffer are read and written in place") {
    comir::conv2d<float, 3> const layer{.in = 2, .out = 3};
    auto const parameters = random_values<float>(layer.parameter_count(), 6);
    auto const wide = random_tensor<float>({2, 5, 4, 7}, 7);
    comir::tensor<float> narrow({2, 2, 4, 7}), y({2, 3, 4, 7}), wide_y({2, 6, 4, 7});
    comir::copy(wide.view().channels(2, 2), narrow.view());
    comir::fill(wide_y.view(), 9);
    comir::conv2d<float, 3>::state state;
    layer.forward(parameters, narrow, y, state, 1);
    layer.forward(parameters, wide.view().channels(2, 2), wide_y.view().channels(2, 3), state, 1);
    comir::tensor<float> taken(y.shape());
    comir::copy<float>(wide_y.view().channels(2, 3), taken.view());
    CHECK(values_of(taken) == values_of(y));
    CHECK(wide_y(0, 1, 3, 6) == 9.0f);
    CHECK(wide_y(1, 5, 0, 0) == 9.0f);
}

TEST_CASE("conv2d: initial parameters reach, and stay within, one over the root of the fan-in") {
    comir::conv2d<double, 3> const layer{.in = 4, .out = 30};
    std::vector<double> parameters(layer.parameter_count());
    layer.initialise(parameters, 8);
    auto const largest = std::ranges::max(parameters), smallest = std::ranges::min(parameters);
    CHECK(largest <= 1.0 / 6);
    CHECK(largest > 0.99 / 6);
    CHECK(smallest >= -1.0 / 6);
    CHECK(smallest < -0.99 / 6);
}

TEST_CASE("conv2d: what does not fit is refused and says what to do") {
    comir::conv2d<float, 3> const layer{.in = 3, .out = 2};
    CHECK_THROWS_WITH_AS(layer.output_shape({2, 4, 8, 8}),
                         "comir::conv2d: x is (2, 4, 8, 8), expected 3 channels and at least one pixel",
                         comir::shape_error);
    CHECK_THROWS_AS(layer.output_shape({2, 3, 0, 8}), comir::shape_error);
    CHECK_THROWS_AS((comir::conv2d<float, 3>{.in = 3, .out = 0}.output_shape({1, 3, 4, 4})), comir::error);
    std::vector<float> const parameters(layer.parameter_count(), 0.0f);
    std::vector<float> packed(100);
    comir::tensor<float> const x({1, 3, 5, 5});
    comir::tensor<float> y({1, 2, 5, 5});
    comir::conv2d<float, 3>::state state;
    CHECK_THROWS_AS(layer.forward(std::span(parameters).first(3), x, y, state, 1), comir::shape_error);
    if constexpr (comir::simd_width < float >> 1) {
        comir::tensor_view<float> const tight(packed.data(), {1, 2, 5, 5}, 50, 25, 5);
        CHECK_THROWS_AS(layer.forward(parameters, x, tight, state, 1), comir::shape_error);
    }
}
