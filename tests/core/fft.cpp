#include <cmath>
#include <complex>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/fft.hpp>
#include <comir/core/random.hpp>

namespace {

using comir::aligned_vector;
using comir::complex_lanes;
using comir::fft2;

std::vector<std::complex<double>> random_values(std::size_t n, std::uint64_t seed) {
    comir::random_stream random(seed);
    std::vector<std::complex<double>> values(n);
    for (auto& v : values)
        v = {random.uniform(-1.0, 1.0), random.uniform(-1.0, 1.0)};
    return values;
}

/// The definition, along one axis after the other.
std::vector<std::complex<double>> plain_transform(std::vector<std::complex<double>> const& x, std::size_t h,
                                                  std::size_t w) {
    auto const root = [](std::size_t k, std::size_t n) {
        return std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(k % n) / static_cast<double>(n));
    };
    std::vector<std::complex<double>> rows(h * w), out(h * w);
    for (std::size_t y = 0; y < h; ++y)
        for (std::size_t k = 0; k < w; ++k)
            for (std::size_t i = 0; i < w; ++i)
                rows[y * w + k] += x[y * w + i] * root(k * i, w);
    for (std::size_t k = 0; k < h; ++k)
        for (std::size_t i = 0; i < h; ++i)
            for (std::size_t c = 0; c < w; ++c)
                out[k * w + c] += rows[i * w + c] * root(k * i, h);
    return out;
}

}  // namespace

TEST_CASE("fft_size: the next length with the prime factors 2, 3 and 5") {
    std::vector<std::pair<std::size_t, std::size_t>> const expected{
        {0, 1}, {1, 1}, {7, 8}, {11, 12}, {13, 15}, {31, 32}, {37, 40}, {121, 125}, {257, 270}, {1025, 1080}};
    for (auto const& [n, size] : expected)
        CHECK(comir::fft_size(n) == size);
}

TEST_CASE("fft2: transforms of all radices equal the plain sums, and the inverse undoes them") {
    std::vector<std::pair<std::size_t, std::size_t>> const sizes{{1, 1},      {1, 16},  {2, 3},   {5, 4},  {16, 15},
                                                                 {17 - 1, 9}, {27, 25}, {32, 60}, {45, 64}};
    for (auto const& size : sizes) {
        std::size_t const h = size.first, w = size.second;
        CAPTURE(h);
        CAPTURE(w);
        fft2 const plan(h, w);
        auto workspace = plan.make_workspace();
        auto spectrum = plan.make_spectrum();
        auto const values = random_values(h * w, h * 100 + w);
        aligned_vector<float> re(plan.image_size(), 7.0f), im(plan.image_size(), -7.0f);
        for (std::size_t y = 0; y < h; ++y)
            for (std::size_t x = 0; x < w; ++x) {
                re[y * plan.pitch() + x] = static_cast<float>(values[y * w + x].real());
                im[y * plan.pitch() + x] = static_cast<float>(values[y * w + x].imag());
            }
        plan.forward(re.data(), im.data(), spectrum, workspace);
        auto const expected = plain_transform(values, h, w);
        // A sum of n random terms grows like sqrt(n); 8 rounding errors of each stage.
        double const tolerance =
            8.0 * 6e-8 * std::sqrt(static_cast<double>(h * w)) * std::log2(2.0 * static_cast<double>(h * w));
        for (std::size_t ky = 0; ky < h; ++ky)
            for (std::size_t kx = 0; kx < w; ++kx) {
                std::size_t const at = kx * plan.spectrum_pitch() + ky;
                CHECK(std::abs(static_cast<double>(spectrum.re[at]) - expected[ky * w + kx].real()) < tolerance);
                CHECK(std::abs(static_cast<double>(spectrum.im[at]) - expected[ky * w + kx].imag()) < tolerance);
            }
        aligned_vector<float> back_re(plan.image_size()), back_im(plan.image_size());
        plan.inverse(
            [&](std::size_t at) {
                return complex_lanes{comir::load<float>(spectrum.re.data() + at),
                                     comir::load<float>(spectrum.im.data() + at)};
            },
            back_re.data(), back_im.data(), workspace);
        for (std::size_t y = 0; y < h; ++y)
            for (std::size_t x = 0; x < w; ++x) {
                std::size_t const at = y * plan.pitch() + x;
                CHECK(std::abs(back_re[at] - re[at]) < 4e-6f);
                CHECK(std::abs(back_im[at] - im[at]) < 4e-6f);
            }
    }
}

TEST_CASE("fft2: a null imaginary part is zero, and the spectrum of a real image is Hermitian") {
    fft2 const plan(12, 10);
    auto workspace = plan.make_workspace();
    auto spectrum = plan.make_spectrum();
    comir::random_stream random(3);
    aligned_vector<float> re(plan.image_size(), 0.0f);
    for (float& v : re)
        v = static_cast<float>(random.uniform(-1.0, 1.0));
    plan.forward(re.data(), nullptr, spectrum, workspace);
    for (std::size_t ky = 0; ky < 12; ++ky)
        for (std::size_t kx = 0; kx < 10; ++kx) {
            std::size_t const at = kx * plan.spectrum_pitch() + ky;
            std::size_t const mirrored = (10 - kx) % 10 * plan.spectrum_pitch() + (12 - ky) % 12;
            CHECK(spectrum.re[at] == doctest::Approx(static_cast<double>(spectrum.re[mirrored])).epsilon(1e-4));
            CHECK(std::abs(spectrum.im[at] + spectrum.im[mirrored]) < 1e-5f);
        }
}

TEST_CASE("fft2: other lengths are refused by name") {
    CHECK_THROWS_WITH_AS(fft2(7, 8),
                         "comir::fft2: the size is 7 x 8, expected lengths with the prime factors 2, 3 and "
                         "5; take them from fft_size",
                         comir::shape_error);
    CHECK_THROWS_AS(fft2(0, 8), comir::shape_error);
}
