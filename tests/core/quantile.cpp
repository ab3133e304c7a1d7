#include <vector>

#include <doctest/doctest.h>

#include <comir/core/quantile.hpp>

TEST_CASE("lower_quantile: one of the values, counted from the least") {
    std::vector<float> values{5, 1, 4, 2, 3};
    CHECK(comir::lower_quantile(values, 0.0) == 1);
    CHECK(comir::lower_quantile(values, 0.49) == 2);  // 1.96 of the 4 steps, rounded down
    CHECK(comir::lower_quantile(values, 0.5) == 3);
    CHECK(comir::lower_quantile(values, 1.0) == 5);
}

TEST_CASE("percentile: linear between two values") {
    std::vector<double> values{10, 0, 20};
    CHECK(comir::percentile(values, 0) == 0);
    CHECK(comir::percentile(values, 25) == doctest::Approx(5));
    CHECK(comir::percentile(values, 100) == 20);
    std::vector<float> one{7};
    CHECK(comir::percentile(one, 30) == 7);
}
