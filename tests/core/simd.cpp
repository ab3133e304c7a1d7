#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/simd.hpp>

TEST_CASE_TEMPLATE("simd: every operation equals the plain one, at unaligned starts", T, float, double) {
    constexpr std::size_t width = comir::simd_width<T>;
    std::vector<T> a(width + 1), b(width + 1), out(width + 1);
    for (std::size_t i = 0; i < width + 1; ++i) {
        a[i] = T(0.37) * static_cast<T>(i) - T(1.2);
        b[i] = T(2.5) - T(0.21) * static_cast<T>(i);
    }
    auto const x = comir::load(a.data() + 1), y = comir::load(b.data() + 1);
    auto const check = [&](comir::simd<T> const& v, auto plain, double tolerance = 0) {
        comir::store(out.data() + 1, v);
        for (std::size_t i = 1; i < width + 1; ++i)
            CHECK(static_cast<double>(out[i]) ==
                  doctest::Approx(static_cast<double>(plain(a[i], b[i]))).epsilon(tolerance + 1e-6));
    };
    check(comir::multiply_add(x, y, x), [](T p, T q) { return p * q + p; });
    check(comir::maximum(x, y), [](T p, T q) { return std::max(p, q); });
    check(comir::minimum(x, y), [](T p, T q) { return std::min(p, q); });
    check(comir::where_positive(x, x, y), [](T p, T q) { return p > 0 ? p : q; });
    check(comir::absolute(x), [](T p, T) { return std::abs(p); });
    check(comir::square_root(comir::absolute(x)), [](T p, T) { return std::sqrt(std::abs(p)); });
    check(comir::exponential(x), [](T p, T) { return std::exp(p); });
    check(comir::logarithm(comir::absolute(x)), [](T p, T) { return std::log(std::abs(p)); });
    T plain = 0;
    for (std::size_t i = 1; i < width + 1; ++i)
        plain += a[i];
    CHECK(comir::sum(x) == doctest::Approx(plain));
}

TEST_CASE_TEMPLATE("simd: the exponential of what is huge, infinite or not a number is that of the standard", T, float,
                   double) {
    T const infinity = std::numeric_limits<T>::infinity(), huge = std::numeric_limits<T>::max();
    for (T const x : {-infinity, -huge, T(-1e6), T(-800), T(800), T(1e6), huge, infinity}) {
        CAPTURE(x);
        CHECK(comir::sum(comir::exponential(comir::broadcast(x))) == (x < 0 ? T(0) : infinity));
    }
    T const nan = std::numeric_limits<T>::quiet_NaN();
    CHECK(std::isnan(comir::sum(comir::exponential(comir::broadcast(nan)))));
}

TEST_CASE_TEMPLATE("simd: lane sums are the sums of each vector, in order", T, float, double) {
    constexpr std::size_t width = comir::simd_width<T>;
    std::vector<T> values(width * width), sums(width);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<T>((i * i) % 97);
    comir::simd<T> vectors[width];
    for (std::size_t i = 0; i < width; ++i)
        vectors[i] = comir::load(values.data() + i * width);
    comir::store(sums.data(), comir::lane_sums<T>(vectors));
    for (std::size_t i = 0; i < width; ++i) {
        T plain = 0;
        for (std::size_t lane = 0; lane < width; ++lane)
            plain += values[i * width + lane];
        CHECK(sums[i] == plain);
    }
}

TEST_CASE_TEMPLATE("simd: shifted vectors are those between their neighbours", T, float, double) {
    constexpr std::size_t width = comir::simd_width<T>;
    std::vector<T> values(2 * width), out(width);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<T>(i + 1);
    auto const low = comir::load(values.data()), high = comir::load(values.data() + width);
    auto const check = [&](comir::simd<T> const& v, std::size_t lanes) {
        comir::store(out.data(), v);
        for (std::size_t i = 0; i < width; ++i)
            CHECK(out[i] == values[i + lanes]);
    };
    check(comir::shifted<0>(low, high), 0);
    check(comir::shifted<1 % width>(low, high), 1 % width);
    check(comir::shifted<width - 1>(low, high), width - 1);
}

#if defined(__FMA__) && !defined(COMIR_SCALAR)
TEST_CASE_TEMPLATE("simd: a product and a sum are rounded once where the hardware can", T, float, double) {
    T const a = T(1) + std::numeric_limits<T>::epsilon(), c = -(T(1) + 2 * std::numeric_limits<T>::epsilon());
    std::vector<T> factors(comir::simd_width<T>, a), out(comir::simd_width<T>);
    auto const v = comir::load(factors.data());
    comir::store(out.data(), comir::multiply_add(v, v, comir::broadcast(c)));
    CHECK(out[0] == std::fma(a, a, c));
}
#endif
