#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/contrastive/critics/angular.hpp>
#include <comir/contrastive/critics/correlation.hpp>
#include <comir/contrastive/critics/cosine.hpp>
#include <comir/contrastive/critics/euclidean.hpp>
#include <comir/contrastive/critics/huber.hpp>
#include <comir/contrastive/critics/l1.hpp>
#include <comir/contrastive/critics/l3.hpp>
#include <comir/contrastive/critics/linf.hpp>
#include <comir/contrastive/critics/mse.hpp>
#include <comir/contrastive/critics/rowwise_cosine.hpp>
#include <comir/contrastive/critics/rowwise_euclidean.hpp>
#include <comir/contrastive/critics/rowwise_l1.hpp>
#include <comir/contrastive/critics/rowwise_l3.hpp>
#include <comir/contrastive/critics/rowwise_linf.hpp>
#include <comir/contrastive/critics/soft_correlation.hpp>
#include <comir/nn/gradient_check.hpp>

#include "support/golden.hpp"
#include "support/normal_numbers.hpp"

namespace {

using comir::shape4;

#define ALL_CRITICS                                                                                                 \
    comir::mse_critic, comir::l1_critic, comir::euclidean_critic, comir::l3_critic, comir::linf_critic,             \
        comir::huber_critic, comir::correlation_critic, comir::soft_correlation_critic, comir::cosine_critic,       \
        comir::angular_critic, comir::rowwise_l1_critic, comir::rowwise_euclidean_critic, comir::rowwise_l3_critic, \
        comir::rowwise_linf_critic, comir::rowwise_cosine_critic

/// A critic's results for points and symmetric weights of the similarities; the diagonal of s is cleared.
template <class T>
struct evaluation {
    std::vector<double> s;
    std::vector<T> dpoints;
};

template <class Critic, class T>
evaluation<T> evaluate(std::vector<T> const& points, shape4 shape, std::vector<double> const& weights, int threads = 1,
                       std::size_t padding = 3) {
    std::size_t const rows = shape.n, columns = shape.size() / rows, stride = columns + padding;
    // NaN between the rows: whoever reads it shows it.
    std::vector<T> strided(rows * stride, static_cast<T>(NAN)), dstrided(rows * stride, T{0});
    for (std::size_t i = 0; i < rows; ++i)
        std::copy_n(points.data() + i * columns, columns, strided.data() + i * stride);
    evaluation<T> out{std::vector<double>(rows * rows, NAN), std::vector<T>(rows * columns)};
    std::vector<double> ds = weights;
    comir::point_matrix<T const> const x{strided.data(), shape, stride};
    Critic const critic{};
    critic.similarities(x, comir::square_view<double>{out.s.data(), rows}, threads);
    critic.backward(x, comir::square_view<double const>{out.s.data(), rows},
                    comir::square_view<double>{ds.data(), rows}, comir::point_matrix<T>{dstrided.data(), shape, stride},
                    threads);
    for (std::size_t i = 0; i < rows; ++i) {
        out.s[i * rows + i] = 0;
        std::copy_n(dstrided.data() + i * stride, columns, out.dpoints.data() + i * columns);
        for (std::size_t k = columns; k < stride; ++k)
            REQUIRE(dstrided[i * stride + k] == T{0});
    }
    return out;
}

std::vector<double> symmetric_weights(std::size_t rows, std::uint64_t seed) {
    std::vector<double> w = normal_numbers(rows * rows, seed);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j <= i; ++j)
            w[i * rows + j] = w[j * rows + i];
    return w;
}

/// The loss whose gradient `backward` gives.
double weighted_sum(std::vector<double> const& weights, std::vector<double> const& s, std::size_t rows) {
    double total = 0;
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = i + 1; j < rows; ++j)
            total += weights[i * rows + j] * s[i * rows + j];
    return total;
}

/// Similarity of two points (C, H, W) by a plain loop in long double.
double plain_similarity(std::string const& name, double const* x, double const* y, shape4 shape) {
    bool const rowwise = name.rfind("rowwise_", 0) == 0;
    std::string const kind = rowwise ? name.substr(8) : name;
    std::size_t const groups = rowwise ? shape.c * shape.w : 1;
    std::size_t const length = rowwise ? shape.h : shape.c * shape.h * shape.w;
    long double total = 0;
    for (std::size_t g = 0; g < groups; ++g) {
        long double sum = 0, xx = 0, yy = 0;
        for (std::size_t k = 0; k < length; ++k) {
            std::size_t const at = rowwise ? (g / shape.w * shape.h + k) * shape.w + g % shape.w : k;
            long double const a = x[at], b = y[at], d = a - b;
            xx += a * a;
            yy += b * b;
            if (kind == "mse" || kind == "euclidean")
                sum += d * d;
            else if (kind == "l1")
                sum += std::abs(d);
            else if (kind == "l3")
                sum += std::abs(d * d * d);
            else if (kind == "linf")
                sum = std::max(sum, std::abs(d));
            else if (kind == "huber")
                sum += std::sqrt(1 + d * d);
            else if (kind == "soft_correlation")
                sum += a * b > 0 ? a * b + std::log1p(std::exp(-a * b)) : std::log1p(std::exp(a * b));
            else
                sum += a * b;
        }
        long double const mean = rowwise ? sum : sum / static_cast<long double>(length);
        if (kind == "cosine")
            total += sum / std::sqrt(xx * yy);
        else if (kind == "angular")
            total += 1 - std::acos(sum / std::sqrt(xx * yy)) / std::acos(-1.0L);
        else if (kind == "euclidean")
            total -= std::sqrt(mean);
        else if (kind == "l3")
            total -= std::cbrt(mean);
        else if (kind == "linf")
            total -= sum;
        else if (kind == "correlation" || kind == "soft_correlation")
            total += mean;
        else
            total -= mean;
    }
    return static_cast<double>(total / static_cast<long double>(groups));
}

}  // namespace

TEST_CASE_TEMPLATE("critics: similarities and gradients equal PyTorch's", Critic, ALL_CRITICS) {
    static golden_file const golden("contrastive/critics.txt");
    std::string const name(Critic::name);
    INFO(name);
    golden_array const& points = golden["points"];
    shape4 const shape{points.shape[0], points.shape[1], points.shape[2], points.shape[3]};
    auto const exact = evaluate<Critic>(points.as<double>(), shape, golden["weights"].values);
    CHECK(golden_error(exact.s, golden[name].values) < 1e-9);
    CHECK(golden_error(exact.dpoints, golden["d" + name].values) < 1e-9);
    auto const single = evaluate<Critic>(points.as<float>(), shape, golden["weights"].values);
    CHECK(golden_error(single.s, golden[name].values) < 1e-4);
    CHECK(golden_error(single.dpoints, golden["d" + name].values) < 1e-4);
}

TEST_CASE_TEMPLATE("critics: any size equals the plain loop, with the same bits on 1 and 2 threads", Critic,
                   ALL_CRITICS) {
    std::string const name(Critic::name);
    std::size_t const width = std::max<std::size_t>(2, comir::simd_width<float>);
    for (shape4 const shape : {shape4{2, 1, 2, 1}, shape4{3, 2, 3, width - 1}, shape4{6, 1, 4, width},
                               shape4{7, 3, 5, width + 1}, shape4{9, 3, 37, 41}}) {
        INFO(name << " " << comir::to_string(shape));
        std::size_t const rows = shape.n, columns = shape.size() / rows;
        // An offset that all points have in common must not cost accuracy, whatever the critic.
        std::vector<double> points = normal_numbers(shape.size(), 5, 0.5);
        std::vector<float> single(points.size());
        for (std::size_t i = 0; i < points.size(); ++i) {
            single[i] = static_cast<float>(points[i] + 1.0);
            points[i] = static_cast<double>(single[i]);
        }
        std::vector<double> plain(rows * rows, 0.0);
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < rows; ++j)
                if (i != j)
                    plain[i * rows + j] =
                        plain_similarity(name, points.data() + i * columns, points.data() + j * columns, shape);
        auto const weights = symmetric_weights(rows, 9);
        auto const exact = evaluate<Critic>(points, shape, weights, 1);
        auto const one = evaluate<Critic>(single, shape, weights, 1);
        auto const two = evaluate<Critic>(single, shape, weights, 2);
        CHECK(golden_error(exact.s, plain) < 1e-12);
        CHECK(golden_error(one.s, plain) < 1e-5);
        CHECK(golden_error(one.dpoints, exact.dpoints) < 1e-4);
        CHECK(one.s == two.s);
        CHECK(one.dpoints == two.dpoints);
    }
}

TEST_CASE_TEMPLATE("critics: the gradient equals finite differences", Critic, ALL_CRITICS) {
    shape4 const shape{4, 2, 3, 5};
    auto const points = normal_numbers(shape.size(), 21), weights = symmetric_weights(shape.n, 22);
    auto const f = [&](std::span<double const> x) {
        return weighted_sum(weights, evaluate<Critic>(std::vector<double>(x.begin(), x.end()), shape, weights).s,
                            shape.n);
    };
    auto const check = comir::gradient_check(f, points, evaluate<Critic>(points, shape, weights).dpoints);
    INFO(Critic::name << ": value " << check.index << ", " << check.analytic << " against " << check.numeric);
    CHECK(check.max_relative_error < 1e-6);
}

TEST_CASE_TEMPLATE("critics: equal and zero points have finite gradients", Critic, ALL_CRITICS) {
    shape4 const shape{4, 1, 3, 9};
    auto points = normal_numbers(shape.size(), 31);
    std::size_t const columns = 27;
    std::copy_n(points.data(), columns, points.data() + columns);
    std::fill_n(points.data() + 2 * columns, 2 * columns, 0.0);
    std::vector<double> weights(16, 0.0);
    weights[1] = weights[4] = weights[11] = weights[14] = 1;  // the equal pairs {0, 1} and {2, 3}
    auto const result = evaluate<Critic>(points, shape, weights);
    std::string const name(Critic::name);
    INFO(name);
    // Similarities that depend on the difference alone, or on the direction alone, are at their best there.
    bool const flat = name.find("correlation") == std::string::npos;
    double magnitude = 0;
    for (double const v : result.dpoints) {
        CHECK(std::isfinite(v));
        magnitude = std::max(magnitude, std::abs(v));
    }
    for (double const v : result.s)
        CHECK(std::isfinite(v));
    if (flat)
        CHECK(magnitude < 1e-15);
}

TEST_CASE("linf_critic: values that attain the largest difference share its gradient") {
    std::vector<double> const points{0, 0, 0, 0, 2, -2, 1, 2};
    auto const result = evaluate<comir::linf_critic>(points, {2, 1, 2, 2}, {0, 3, 3, 0});
    CHECK(result.dpoints == std::vector<double>{1, -1, 0, 1, -1, 1, 0, -1});
    auto const rowwise = evaluate<comir::rowwise_linf_critic>(points, {2, 1, 4, 1}, {0, 3, 3, 0});
    CHECK(golden_error(rowwise.dpoints, result.dpoints) < 1e-15);
}

TEST_CASE("soft_correlation_critic: very negative products keep their relative accuracy") {
    auto const result = evaluate<comir::soft_correlation_critic>(std::vector<float>{5, -5}, {2, 1, 1, 1}, {0, 1, 1, 0});
    CHECK(golden_error(std::array{result.s[1]}, std::array{std::log1p(std::exp(-25.0))}) < 1e-5);
}
