#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <comir/nn/layers/init.hpp>

TEST_CASE("init_uniform: fills the interval of PyTorch's default, with its mean and variance") {
    // PyTorch: kaiming_uniform_(a = sqrt(5)): gain sqrt(2 / (1 + 5)), bound gain * sqrt(3 / fan_in).
    std::size_t const fan_in = 28 * 3 * 3;
    double const bound = std::sqrt(2.0 / 6.0) * std::sqrt(3.0 / static_cast<double>(fan_in));
    std::vector<double> values(100000);
    comir::random_stream random(5, 1);
    comir::init_uniform<double>(values, fan_in, random);
    double low = 0, high = 0, sum = 0, squares = 0;
    for (double const v : values) {
        low = std::min(low, v);
        high = std::max(high, v);
        sum += v;
        squares += v * v;
    }
    double const count = static_cast<double>(values.size());
    CHECK(high <= bound);
    CHECK(low >= -bound);
    CHECK(high > 0.999 * bound);
    CHECK(low < -0.999 * bound);
    // Five standard deviations of the mean and of the mean square of a uniform distribution.
    CHECK(std::abs(sum / count) < 5 * bound / std::sqrt(3 * count));
    CHECK(std::abs(squares / count - bound * bound / 3) < 5 * bound * bound * std::sqrt(4.0 / 45 / count));
}

TEST_CASE("init_uniform: a stream gives the same numbers again, another stream others") {
    std::vector<float> a(50), b(50), c(50);
    comir::random_stream first(5, 1), again(5, 1), other(5, 2);
    comir::init_uniform<float>(a, 9, first);
    comir::init_uniform<float>(b, 9, again);
    comir::init_uniform<float>(c, 9, other);
    CHECK(a == b);
    CHECK(a != c);
    comir::init_uniform<float>(b, 9, first);
    CHECK(a != b);
}

TEST_CASE("init_uniform: a fan of 0 is refused") {
    std::vector<float> values(3);
    comir::random_stream random(1);
    CHECK_THROWS_AS(comir::init_uniform<float>(values, 0, random), comir::error);
}
