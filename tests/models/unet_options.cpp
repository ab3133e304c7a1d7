#include <algorithm>
#include <cmath>
#include <string>
#include <support/unet_check.hpp>

using namespace unet_check;

namespace {

constexpr comir::unet_shape plain{.in = 2,
                                  .out = 1,
                                  .first = 4,
                                  .down = {1, 1},
                                  .bottleneck = 1,
                                  .up = {1, 1},
                                  .growth = 2,
                                  .compression_percent = 75};

constexpr comir::unet_shape with(comir::pooling pooling, comir::upsampling upsampling, bool early_transition) {
    auto shape = plain;
    shape.pooling = pooling;
    shape.upsampling = upsampling;
    shape.early_transition = early_transition;
    return shape;
}

constexpr auto average_transposed = with(comir::pooling::average, comir::upsampling::transposed, false);
constexpr auto blur_shuffle = with(comir::pooling::blur, comir::upsampling::pixel_shuffle, false);
constexpr auto early = with(comir::pooling::max, comir::upsampling::nearest, true);
constexpr auto blur_transposed_early = with(comir::pooling::blur, comir::upsampling::transposed, true);

template <comir::unet_shape Shape>
void check_both(std::string const& file) {
    check_golden<comir::dense_unet<Shape, float>>(file, 1e-4);
    check_golden<comir::dense_unet<Shape, double>>(file, 1e-9);
}

/// The rows that change a row, beyond rounding, are as far away as the halo says, or one pooling window less.
template <comir::unet_shape Shape>
void check_halo() {
    state<comir::dense_unet<Shape, double>> s;
    s.parameters = random_values<double>(s.parameters.size(), 1);  // above zero: no ReLU is dead
    constexpr std::size_t halo = Shape.halo(), extent = 96;
    static_assert(2 * halo + 8 < extent);
    auto const run = [&](std::size_t row, std::size_t reach, std::uint64_t seed) {
        auto x = random_tensor<double>({1, 2, extent, 8}, 1);
        auto const other = random_tensor<double>({1, 2, extent, 8}, seed);
        for (std::size_t c = 0; c < 2; ++c)
            for (std::size_t y = 0; y < extent; ++y)
                if (y + reach < row || y > row + reach)
                    std::copy_n(other.row(0, c, y), 8, x.row(0, c, y));
        comir::tensor<double> y({1, 1, extent, 8});
        s.network.encode(s.parameters, s.running, x, y, s.work, 1);
        return std::vector<double>(y.row(0, 0, row), y.row(0, 0, row) + 8);
    };
    auto const differ = [](std::vector<double> const& a, std::vector<double> const& b) {
        return !std::ranges::equal(a, b, [](double u, double v) { return std::abs(u - v) <= 1e-12 * std::abs(u); });
    };
    std::size_t reached = 0;
    for (std::size_t row = extent / 2 - 4; row < extent / 2 + 4; ++row)
        for (std::size_t reach = 0; reach < extent / 2 - 4; ++reach)
            if (differ(run(row, reach, 2), run(row, reach, 3)))
                reached = std::max(reached, reach + 1);
    CHECK(reached <= halo);
    CHECK(reached + Shape.multiple() >= halo);
}

}  // namespace

TEST_CASE("dense_unet: average pooling and transposed convolution equal PyTorch") {
    check_both<average_transposed>("nn/average_transposed_mini.txt");
}

TEST_CASE("dense_unet: blur pooling and pixel shuffle equal PyTorch") {
    check_both<blur_shuffle>("nn/blur_pixel_shuffle_mini.txt");
}

TEST_CASE("dense_unet: an early transition equals PyTorch") {
    check_both<early>("nn/early_mini.txt");
}

TEST_CASE("dense_unet: an early transition with blur pooling and transposed convolution equals PyTorch") {
    check_both<blur_transposed_early>("nn/blur_transposed_early_mini.txt");
}

TEST_CASE("dense_unet: the same bits for one and two threads with resampled units") {
    check_threads<comir::dense_unet<average_transposed, float>>({2, 2, 52, 148});
    check_threads<comir::dense_unet<blur_shuffle, float>>({2, 2, 52, 148});
    check_threads<comir::dense_unet<blur_transposed_early, float>>({2, 2, 40, 72});
}

TEST_CASE("dense_unet: the bytes told beforehand are those that a call with resampled units takes") {
    check_bytes<comir::dense_unet<average_transposed, float>>({2, 2, 12, 20});
    check_bytes<comir::dense_unet<blur_shuffle, float>>({2, 2, 12, 20});
    check_bytes<comir::dense_unet<blur_transposed_early, float>>({2, 2, 16, 24});
}

TEST_CASE("dense_unet: gradients of resampled units with dropout equal finite differences") {
    constexpr auto dropping = [](comir::unet_shape shape) {
        shape.dropout_percent = 20;
        return shape;
    };
    check_gradient<comir::dense_unet<dropping(average_transposed), double>>({2, 2, 8, 12});
    check_gradient<comir::dense_unet<dropping(blur_shuffle), double>>({2, 2, 8, 12});
    check_gradient<comir::dense_unet<dropping(blur_transposed_early), double>>({2, 2, 16, 16});
}

TEST_CASE("unet_shape: the halo holds all that reaches a pixel") {
    check_halo<plain>();
    check_halo<average_transposed>();
    check_halo<blur_shuffle>();
    check_halo<early>();
}

TEST_CASE("unet_shape: an early transition doubles the multiple") {
    static_assert(plain.multiple() == 4 && early.multiple() == 8);
    state<comir::dense_unet<early, float>> s;
    comir::tensor<float> x({1, 2, 8, 12}), y({1, 1, 8, 12});
    CHECK_THROWS_AS(s.network.encode(s.parameters, s.running, x, y, s.work), comir::shape_error);
}
