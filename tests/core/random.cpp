#include <cmath>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>

TEST_CASE("random_stream: equal seeds repeat, other seeds, items and parts do not") {
    comir::random_stream a(1, 2, 3), b(1, 2, 3);
    for (int i = 0; i < 100; ++i)
        CHECK(a() == b());
    CHECK(comir::random_stream(1, 2, 3)() != comir::random_stream(2, 2, 3)());
    CHECK(comir::random_stream(1, 2, 3)() != comir::random_stream(1, 3, 3)());
    CHECK(comir::random_stream(1, 2, 3)() != comir::random_stream(1, 2, 4)());
    CHECK(comir::random_stream(1, 2)() != comir::random_stream(2, 1)());
}

TEST_CASE("random_stream: moments of the uniform and the normal distribution") {
    comir::random_stream random(7);
    int const count = 200000;
    double mean = 0, square = 0, normal_mean = 0, normal_square = 0;
    for (int i = 0; i < count; ++i) {
        double const u = random.uniform(), z = random.normal();
        REQUIRE(u >= 0.0);
        REQUIRE(u < 1.0);
        mean += u / count;
        square += u * u / count;
        normal_mean += z / count;
        normal_square += z * z / count;
    }
    // Five standard errors of each moment.
    CHECK(std::abs(mean - 0.5) < 5 * std::sqrt(1.0 / 12 / count));
    CHECK(std::abs(square - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / count));
    CHECK(std::abs(normal_mean) < 5 / std::sqrt(1.0 * count));
    CHECK(std::abs(normal_square - 1) < 5 * std::sqrt(2.0 / count));
}

TEST_CASE("random_stream: below stays in range and reaches every value") {
    comir::random_stream random(3);
    int seen[7] = {};
    for (int i = 0; i < 7000; ++i)
        ++seen[random.below(7)];
    for (int s : seen)
        CHECK(s > 800);
}
