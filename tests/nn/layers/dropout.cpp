#include <algorithm>
#include <cmath>
#include <support/layer_check.hpp>

#include <comir/nn/layers/dropout.hpp>

namespace {

comir::tensor<float> ones(comir::shape4 shape) {
    comir::tensor<float> t(shape);
    comir::fill(t.view(), 1.0f);
    return t;
}

comir::tensor<float> mask_of(comir::dropout<float> const& layer, comir::shape4 shape) {
    comir::tensor<float> y(shape);
    comir::dropout<float>::state state;
    layer.forward({}, ones(shape), y, state, 1);
    return y;
}

double dropped_share(comir::tensor<float> const& mask) {
    auto const values = values_of(mask);
    return static_cast<double>(std::count(values.begin(), values.end(), 0.0f)) / static_cast<double>(values.size());
}

}  // namespace

static_assert(comir::inferring_layer<comir::dropout<float>>);

TEST_CASE("dropout: the share of zeros is the probability and the others are scaled up") {
    comir::shape4 const shape{4, 5, 40, 50};
    for (double p : {0.1, 0.5, 0.8}) {
        auto const mask = mask_of({.probability = p, .seed = 3}, shape);
        // Five standard deviations of a binomial share.
        double const deviation = std::sqrt(p * (1 - p) / static_cast<double>(shape.size()));
        CHECK(std::abs(dropped_share(mask) - p) < 5 * deviation);
        bool two_values = true;
        for (float const value : values_of(mask))
            two_values = two_values && (value == 0.0f || value == static_cast<float>(1 / (1 - p)));
        CHECK(two_values);
    }
    CHECK(dropped_share(mask_of({.probability = 0.0}, shape)) == 0.0);
    CHECK(dropped_share(mask_of({.probability = 1.0}, shape)) == 1.0);
}

TEST_CASE("dropout: neighbours, rows, channels, samples and seeds are independent") {
    comir::shape4 const shape{2, 2, 64, 64};
    auto const mask = mask_of({.probability = 0.5, .seed = 3}, shape);
    auto const other = mask_of({.probability = 0.5, .seed = 4}, shape);
    // Of independent fair coins half agree; 5 standard deviations of 63 * 63 of them are 0.04.
    auto const agreement = [&](auto const& a, auto const& b, std::size_t n, std::size_t c, std::size_t i,
                               std::size_t j) {
        std::size_t equal = 0;
        for (std::size_t y = 0; y < 63; ++y)
            for (std::size_t x = 0; x < 63; ++x)
                equal += a(0, 0, y, x) == b(n, c, y + i, x + j) ? 1u : 0u;
        return static_cast<double>(equal) / (63.0 * 63.0);
    };
    CHECK(std::abs(agreement(mask, mask, 0, 0, 0, 1) - 0.5) < 0.04);
    CHECK(std::abs(agreement(mask, mask, 0, 0, 1, 0) - 0.5) < 0.04);
    CHECK(std::abs(agreement(mask, mask, 0, 1, 0, 0) - 0.5) < 0.04);
    CHECK(std::abs(agreement(mask, mask, 1, 0, 0, 0) - 0.5) < 0.04);
    CHECK(std::abs(agreement(mask, other, 0, 0, 0, 0) - 0.5) < 0.04);
}

TEST_CASE("dropout: channelwise drops whole planes, each sample its own") {
    comir::shape4 const shape{40, 50, 3, 5};
    auto const mask = mask_of({.probability = 0.2, .channelwise = true, .seed = 9}, shape);
    bool whole = true;
    for (std::size_t n = 0; n < shape.n; ++n)
        for (std::size_t c = 0; c < shape.c; ++c)
            for (std::size_t i = 0; i < shape.h; ++i)
                for (std::size_t j = 0; j < shape.w; ++j)
                    whole = whole && mask(n, c, i, j) == mask(n, c, 0, 0);
    CHECK(whole);
    CHECK(std::abs(dropped_share(mask) - 0.2) < 5 * std::sqrt(0.2 * 0.8 / 2000));
}

TEST_CASE("dropout: backward draws the mask of forward, also when the layer's seed has moved on") {
    for (bool channelwise : {false, true}) {
        comir::dropout<float> layer{.probability = 0.4, .channelwise = channelwise, .seed = 7};
        auto const x = ones({2, 6, 4, 9});
        comir::tensor<float> y(x.shape()), dx(x.shape());
        comir::dropout<float>::state state;
        layer.forward({}, x, y, state, 1);
        layer.seed = 8;
        layer.backward({}, x, y, x, state, dx, {}, 1);
        CHECK(values_of(dx) == values_of(y));
        CHECK(values_of(mask_of(layer, x.shape())) != values_of(y));
    }
    check_layer_gradient(comir::dropout<double>{.probability = 0.3, .seed = 5}, {2, 3, 3, 5}, 1);
    check_layer_threads(comir::dropout<float>{.probability = 0.3, .seed = 5}, {3, 4, 5, 17}, 2);
}

TEST_CASE("dropout: inference is the identity") {
    auto const x = random_tensor<float>({2, 3, 4, 5}, 1);
    comir::tensor<float> y(x.shape());
    comir::dropout<float>::state state;
    comir::dropout<float>{}.infer({}, {}, x, y, state, 1);
    CHECK(values_of(y) == values_of(x));
}

TEST_CASE("dropout: a probability outside 0 to 1 is refused") {
    auto const x = ones({1, 1, 2, 2});
    comir::tensor<float> y(x.shape());
    comir::dropout<float>::state state;
    CHECK_THROWS_WITH_AS((comir::dropout<float>{.probability = 1.5}.forward({}, x, y, state, 1)),
                         "comir::dropout: the probability is 1.5, expected 0 to 1", comir::error);
}
