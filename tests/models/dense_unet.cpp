#include <string>
#include <support/unet_check.hpp>
#include <vector>

using namespace unet_check;

namespace {

constexpr comir::unet_shape compact_mini{
    .in = 3, .out = 2, .first = 4, .down = {1, 2}, .bottleneck = 2, .up = {2, 1}, .growth = 3};
constexpr comir::unet_shape paper_mini{.in = 1,
                                       .out = 1,
                                       .first = 8,
                                       .down = {2, 2, 1},
                                       .bottleneck = 2,
                                       .up = {1, 2, 2},
                                       .growth = 3,
                                       .compression_percent = 75};

}  // namespace

TEST_CASE("dense_unet: the compact kind equals PyTorch in float and double") {
    check_golden<comir::dense_unet<compact_mini, float>>("nn/compact_mini.txt", 1e-4);
    check_golden<comir::dense_unet<compact_mini, double>>("nn/compact_mini.txt", 1e-9);
}

TEST_CASE("dense_unet: the paper's kind equals PyTorch in float and double") {
    check_golden<comir::dense_unet<paper_mini, float>>("nn/paper_mini.txt", 1e-4);
    check_golden<comir::dense_unet<paper_mini, double>>("nn/paper_mini.txt", 1e-9);
}

TEST_CASE("dense_unet: parameters of the named shapes") {
    CHECK(comir::dense_unet<comir::compact_shape>{}.parameter_count() == 164888);
    CHECK(comir::dense_unet<comir::paper_shape>{}.parameter_count() == 1053820);
    CHECK(comir::dense_unet<comir::with_channels(comir::compact_shape, comir::dynamic, comir::dynamic)>(3, 1)
              .parameter_count() == 164888);
}

TEST_CASE("dense_unet: the same bits for one and two threads, several tiles, ragged columns") {
    using network = comir::dense_unet<compact_mini, float>;
    std::vector<float> results[2];
    for (int threads : {1, 2}) {
        state<network> s;
        comir::tensor<float> x({2, 3, 52, 148}), y({2, 2, 52, 148}), dx(x.shape());
        comir::random_stream random(4);
        comir::for_each_row(x.view(), [&](float* row, std::size_t w) {
            for (std::size_t i = 0; i < w; ++i)
                row[i] = static_cast<float>(random.normal());
        });
        std::vector<float> gradient(s.parameters.size());
        s.network.forward(s.parameters, s.running, x, y, 3, s.work, threads);
        s.network.backward(s.parameters, x, y, dx, gradient, 3, s.work, threads);
        auto& r = results[threads - 1];
        r = values_of(y);
        auto const d = values_of(dx);
        r.insert(r.end(), d.begin(), d.end());
        r.insert(r.end(), gradient.begin(), gradient.end());
        r.insert(r.end(), s.running.begin(), s.running.end());
    }
    CHECK(results[0] == results[1]);
}

TEST_CASE("dense_unet: gradients with dropout equal finite differences") {
    constexpr auto shape = [] {
        auto s = compact_mini;
        s.dropout_percent = 20;
        return s;
    }();
    using network = comir::dense_unet<shape, double>;
    state<network> s;
    comir::tensor<double> x({2, 3, 8, 12}), y({2, 2, 8, 12}), weights(y.shape());
    comir::random_stream random(5);
    for (auto* t : {&x, &weights})
        comir::for_each_row(t->view(), [&](double* row, std::size_t w) {
            for (std::size_t i = 0; i < w; ++i)
                row[i] = random.normal();
        });
    auto const loss = [&](std::span<double const> parameters) {
        auto running = s.running;
        s.network.forward(parameters, running, x, y, 9, s.work, 1);
        double total = 0;
        auto const a = values_of(y), b = values_of(weights);
        for (std::size_t i = 0; i < a.size(); ++i)
            total += a[i] * b[i];
        return total;
    };
    std::vector<double> gradient(s.parameters.size());
    double const with_dropout = loss(s.parameters);
    s.network.backward(s.parameters, x, weights, {}, gradient, 9, s.work, 1);
    auto const result =
        comir::gradient_check(loss, s.parameters, gradient, {.step = 1e-6, .tolerance = 1e-4, .every = 7});
    INFO("parameter ", result.index, ": ", result.analytic, " and ", result.numeric);
    CHECK(result.passed);
    s.network.forward(s.parameters, s.running, x, y, 10, s.work, 1);
    auto const a = values_of(y), b = values_of(weights);
    double other = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        other += a[i] * b[i];
    CHECK(other != with_dropout);
}

TEST_CASE("dense_unet: rows without room for whole vectors are refused") {
    using network = comir::dense_unet<compact_mini, float>;
    unet_check::state<network> s;
    comir::tensor<float> const x({1, 3, 4, 12});
    std::vector<float> rows(48);
    comir::tensor_view<float> const dense(rows.data(), {1, s.network.out_channels(), 4, 12}, 48, 48, 12);
    if (12 % comir::simd_width<float> == 0)
        return;  // whole vectors end with the row
    CHECK_THROWS_WITH_AS(s.network.encode(s.parameters, s.running, x, dense, s.work, 1),
                         doctest::Contains("the rows of y are 12 values apart"), comir::shape_error);
    CHECK_THROWS_WITH_AS(s.network.forward(s.parameters, s.running, x, dense, 1, s.work, 1),
                         doctest::Contains("let y be a tensor"), comir::shape_error);
}

TEST_CASE("dense_unet: the bytes told beforehand are those that a call takes") {
    check_bytes<comir::dense_unet<compact_mini, float>>({2, 3, 12, 20});
    check_bytes<comir::dense_unet<paper_mini, float>>({3, 1, 16, 40});
    CHECK_THROWS_AS(static_cast<void>(comir::dense_unet<compact_mini, float>{}.bytes(1, 9, 8, false)),
                    comir::shape_error);
}

TEST_CASE("dense_unet: what does not fit is refused with what would") {
    state<comir::dense_unet<compact_mini, float>> s;
    comir::tensor<float> x({1, 3, 8, 10}), y({1, 2, 8, 10}), wrong({1, 4, 8, 8});
    CHECK_THROWS_WITH_AS(s.network.encode(s.parameters, s.running, x, y, s.work),
                         "comir::dense_unet::encode: x is (1, 3, 8, 10), expected rows and columns in multiples of 4; "
                         "pad the image",
                         comir::shape_error);
    CHECK_THROWS_AS(s.network.encode(s.parameters, s.running, wrong, y, s.work), comir::shape_error);
    CHECK_THROWS_AS(s.network.encode({}, s.running, x, y, s.work), comir::shape_error);
}
