#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/linalg/cholesky.hpp>
#include <comir/core/linalg/symmetric_eigen.hpp>
#include <comir/core/random.hpp>

namespace {

comir::square_matrix symmetric(std::size_t n, std::uint64_t seed) {
    comir::square_matrix a(n);
    comir::random_stream random(seed, 0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j)
            a(i, j) = a(j, i) = random.normal();
    return a;
}

/// a times a^T plus a little, so that every eigenvalue is positive.
comir::square_matrix positive(comir::square_matrix const& a) {
    comir::square_matrix b(a.size);
    for (std::size_t i = 0; i < a.size; ++i)
        for (std::size_t j = 0; j < a.size; ++j) {
            for (std::size_t k = 0; k < a.size; ++k)
                b(i, j) += a(i, k) * a(j, k);
            b(i, j) += i == j ? 0.1 : 0.0;
        }
    return b;
}

}  // namespace

TEST_CASE("symmetric_eigen: vectors are unit, orthogonal, sorted and only stretched by the matrix") {
    for (std::size_t const n : {1, 2, 7, 40}) {
        CAPTURE(n);
        comir::square_matrix const a = symmetric(n, n);
        auto const system = comir::symmetric_eigen(a);
        REQUIRE(system.values.size() == n);
        double worst = 0, trace = 0;
        for (std::size_t i = 0; i < n; ++i) {
            trace += a(i, i) - system.values[i];
            if (i > 0)
                CHECK(system.values[i - 1] >= system.values[i]);
            for (std::size_t j = 0; j < n; ++j) {
                double const dot = std::inner_product(system.vectors.row(i).begin(), system.vectors.row(i).end(),
                                                      system.vectors.row(j).begin(), 0.0);
                double const image =
                    std::inner_product(a.row(j).begin(), a.row(j).end(), system.vectors.row(i).begin(), 0.0);
                worst = std::max({worst, std::abs(dot - (i == j ? 1 : 0)),
                                  std::abs(image - system.values[i] * system.vectors(i, j))});
            }
        }
        CHECK(worst < 1e-12);
        CHECK(std::abs(trace) < 1e-11);
    }
}

TEST_CASE("symmetric_eigen: known values, equal ones and the zero matrix") {
    comir::square_matrix a(3);
    a(0, 0) = a(1, 1) = 2;
    a(0, 1) = a(1, 0) = 1;
    a(2, 2) = 1;
    auto const system = comir::symmetric_eigen(a);
    CHECK(system.values[0] == doctest::Approx(3));
    CHECK(system.values[1] == doctest::Approx(1));
    CHECK(system.values[2] == doctest::Approx(1));
    CHECK(std::abs(system.vectors(0, 0)) == doctest::Approx(std::sqrt(0.5)));
    CHECK(system.vectors(0, 0) == doctest::Approx(system.vectors(0, 1)));
    CHECK(comir::symmetric_eigen(comir::square_matrix(2)).values == std::vector<double>(2));
}

TEST_CASE("cholesky: its factor gives the matrix back and solves with it") {
    comir::square_matrix const a = positive(symmetric(9, 3)), l = comir::cholesky(a);
    for (std::size_t i = 0; i < a.size; ++i)
        for (std::size_t j = 0; j < a.size; ++j) {
            CHECK((j > i ? l(i, j) == 0 : true));
            CHECK(std::inner_product(l.row(i).begin(), l.row(i).end(), l.row(j).begin(), 0.0) ==
                  doctest::Approx(a(i, j)));
        }
    std::array<double, 9> x{3, -1, 4, 1, -5, 9, 2, -6, 5};
    comir::solve_lower(l, x);
    comir::solve_lower_transposed(l, x);
    std::array<double, 9> const wanted{3, -1, 4, 1, -5, 9, 2, -6, 5};
    for (std::size_t i = 0; i < a.size; ++i)
        CHECK(std::inner_product(x.begin(), x.end(), a.row(i).begin(), 0.0) == doctest::Approx(wanted[i]));
}

TEST_CASE("cholesky: refuses a matrix that is not positive") {
    comir::square_matrix a(2);
    a(0, 0) = 1;
    a(1, 1) = -1;
    CHECK_THROWS_AS(comir::cholesky(a), comir::error);
}
