#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <support/values.hpp>
#include <vector>

#include <comir/core/tensor.hpp>

namespace bench {

inline constexpr std::size_t kernel = 3, taps = kernel * kernel;

/// One 3x3 convolution of the networks, 8 x 128 x 128, with the numbers that every implementation is given.
struct conv_case {
    std::size_t ci, co, n = 8, extent = 128;
    comir::tensor<float> x = random_tensor({n, ci, extent, extent}, 1, -0.5, 0.5);
    comir::tensor<float> dy = random_tensor({n, co, extent, extent}, 2, -0.5, 0.5);
    std::vector<float> weight = random_values(co * ci * taps, 3, -0.2, 0.2);
    std::vector<float> bias = random_values(co, 4, -0.5, 0.5);

    conv_case(std::size_t in, std::size_t out) : ci(in), co(out) {}

    std::string name() const { return std::to_string(ci) + "to" + std::to_string(co); }
    double flops() const { return 2.0 * static_cast<double>(taps * ci * co * n * extent * extent); }

    // Single results by the plain definition, in double.
    double plain_forward(std::size_t s, std::size_t o, std::size_t row, std::size_t column) const {
        double total = static_cast<double>(bias[o]);
        for_taps([&](std::size_t ky, std::size_t kx) {
            for (std::size_t i = 0; i < ci; ++i)
                total += at(x, s, i, row + ky, column + kx) * w(o, i, ky, kx);
        });
        return total;
    }
    double plain_by_input(std::size_t s, std::size_t i, std::size_t row, std::size_t column) const {
        double total = 0;
        for_taps([&](std::size_t ky, std::size_t kx) {
            for (std::size_t o = 0; o < co; ++o)
                total += at(dy, s, o, row + ky, column + kx) * w(o, i, kernel - 1 - ky, kernel - 1 - kx);
        });
        return total;
    }
    double plain_by_weight(std::size_t o, std::size_t i, std::size_t ky, std::size_t kx) const {
        double total = 0;
        for (std::size_t s = 0; s < n; ++s)
            for (std::size_t r = 0; r < extent; ++r)
                for (std::size_t c = 0; c < extent; ++c)
                    total += at(x, s, i, r + ky, c + kx) * static_cast<double>(dy(s, o, r, c));
        return total;
    }

private:
    template <class F>
    static void for_taps(F&& f) {
        for (std::size_t ky = 0; ky < kernel; ++ky)
            for (std::size_t kx = 0; kx < kernel; ++kx)
                f(ky, kx);
    }
    double w(std::size_t o, std::size_t i, std::size_t ky, std::size_t kx) const {
        return static_cast<double>(weight[((o * ci + i) * kernel + ky) * kernel + kx]);
    }
    /// The value one row and one column before (row, column): zero outside the plane.
    double at(comir::tensor<float> const& t, std::size_t s, std::size_t c, std::size_t row, std::size_t column) const {
        bool const inside = row >= 1 && column >= 1 && row <= extent && column <= extent;
        return inside ? static_cast<double>(t(s, c, row - 1, column - 1)) : 0.0;
    }
};

/// The results of one implementation, as plain tensors.
struct conv_results {
    comir::tensor<float> y, dx;
    std::vector<float> dweight;
};

/// Largest difference to the plain definition at a sample of places, relative to the sums' magnitude.
inline double conv_difference(conv_case const& c, conv_results const& results) {
    double worst = 0;
    std::size_t const last = c.extent - 1;
    std::array<std::array<std::size_t, 2>, 6> const places{
        {{0, 0}, {0, last}, {last, 0}, {last, last}, {17, 33}, {64, 126}}};
    auto const differ = [&](double a, double b, double size) { worst = std::max(worst, std::abs(a - b) / size); };
    for (std::size_t s : {std::size_t{0}, c.n - 1})
        for (auto const& p : places) {
            for (std::size_t o = 0; o < c.co; ++o)
                differ(static_cast<double>(results.y(s, o, p[0], p[1])), c.plain_forward(s, o, p[0], p[1]), 1);
            for (std::size_t i = 0; i < c.ci; ++i)
                differ(static_cast<double>(results.dx(s, i, p[0], p[1])), c.plain_by_input(s, i, p[0], p[1]), 1);
        }
    for (std::size_t t = 0; t < taps; ++t) {
        std::size_t const o = t % c.co, i = (5 * t) % c.ci;
        differ(static_cast<double>(results.dweight[(o * c.ci + i) * taps + t]),
               c.plain_by_weight(o, i, t / kernel, t % kernel), std::sqrt(static_cast<double>(c.n) * 16384.0));
    }
    return worst;
}

}  // namespace bench
