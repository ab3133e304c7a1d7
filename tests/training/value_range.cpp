#include <doctest/doctest.h>

#include <comir/training/value_range.hpp>

TEST_CASE("value_range: from the half percent's to the last half percent's quantile of all modalities") {
    comir::tensor<float> a({2, 1, 10, 25}), b({1, 1, 20, 25});
    for (std::size_t i = 0; i < 500; ++i) {
        a(i / 250, 0, i / 25 % 10, i % 25) = static_cast<float>(i);
        b(0, 0, i / 25, i % 25) = static_cast<float>(500 + i);
    }
    comir::value_range range;
    range.add(b.view());
    range.add(a.view());
    // Of 0 to 999: values number 4.995 and 994.005, rounded down.
    CHECK(range.measure() == comir::intensity_range{4, 994});
}

TEST_CASE("value_range: of values that are all alike it is 1 wide") {
    comir::tensor<float> a({1, 1, 3, 3});
    comir::fill(a.view(), 2.5f);
    comir::value_range range;
    range.add(a.view());
    CHECK(range.measure() == comir::intensity_range{2.5f, 3.5f});
}
