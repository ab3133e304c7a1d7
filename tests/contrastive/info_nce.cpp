#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/contrastive/critics/cosine.hpp>
#include <comir/contrastive/critics/linf.hpp>
#include <comir/contrastive/critics/mse.hpp>
#include <comir/contrastive/critics/rowwise_euclidean.hpp>
#include <comir/contrastive/info_nce.hpp>
#include <comir/nn/gradient_check.hpp>

#include "support/golden.hpp"
#include "support/normal_numbers.hpp"

namespace {

using comir::shape4;

/// M modalities with their gradients, NaN before the loss writes them.
template <class T>
struct batch {
    std::vector<comir::tensor<T>> x, dx;
    std::vector<comir::tensor_view<T const>> views;
    std::vector<comir::tensor_view<T>> dviews;

    batch(std::size_t modalities, shape4 shape, std::span<double const> values)
        : x(modalities, comir::tensor<T>(shape)), dx(modalities, comir::tensor<T>(shape)) {
        for (std::size_t m = 0; m < modalities; ++m) {
            std::size_t next = m * shape.size();
            comir::for_each_row(x[m].view(), [&](T* row, std::size_t w) {
                for (std::size_t k = 0; k < w; ++k)
                    row[k] = static_cast<T>(values[next++]);
            });
            comir::fill(dx[m].view(), static_cast<T>(NAN));
            views.push_back(x[m].view());
            dviews.push_back(dx[m].view());
        }
    }
    std::vector<double> gradient() const {
        std::vector<double> out;
        for (auto const& tensor : dx)
            comir::for_each_row(tensor.view(), [&](T const* row, std::size_t w) {
                for (std::size_t k = 0; k < w; ++k)
                    out.push_back(static_cast<double>(row[k]));
            });
        return out;
    }
};

template <class Critic, class T>
void check_golden(std::string const& name, std::size_t modalities, double temperature, double tolerance) {
    static golden_file const golden("contrastive/info_nce.txt");
    INFO(name);
    auto const& array = golden["modalities"];
    shape4 const shape{array.shape[1], array.shape[2], array.shape[3], array.shape[4]};
    batch<T> data(modalities, shape, array.values);
    comir::info_nce<Critic, T> loss({.temperature = temperature, .threads = 1});
    auto const result = loss.gradient(data.views, data.dviews);
    CHECK(golden_error(std::array{result.loss}, golden[name].values) < tolerance);
    CHECK(golden_error(data.gradient(), golden["d" + name].values) < tolerance);
    CHECK(loss.value(data.views).loss == result.loss);
}

template <class Critic>
void check_golden(std::string const& name, std::size_t modalities, double temperature) {
    check_golden<Critic, double>(name, modalities, temperature, 1e-9);
    check_golden<Critic, float>(name, modalities, temperature, 1e-4);
}

}  // namespace

TEST_CASE("info_nce: two and three modalities equal PyTorch") {
    check_golden<comir::mse_critic>("mse_2", 2, 0.5);
    check_golden<comir::mse_critic>("mse_2_many", 2, 0.5);
    check_golden<comir::cosine_critic>("cosine_2", 2, 0.1);
    check_golden<comir::rowwise_euclidean_critic>("rowwise_euclidean_2", 2, 0.5);
    check_golden<comir::mse_critic>("mse_3", 3, 0.5);
    check_golden<comir::linf_critic>("linf_3", 3, 0.2);
}

TEST_CASE("info_nce: the gradient equals finite differences") {
    shape4 const shape{3, 2, 2, 3};
    auto const values = normal_numbers(3 * shape.size(), 3);
    comir::info_nce<comir::mse_critic, double> loss({.temperature = 0.3, .threads = 1});
    batch<double> data(3, shape, values);
    loss.gradient(data.views, data.dviews);
    auto const check = comir::gradient_check(
        [&](std::span<double const> x) { return loss.value(batch<double>(3, shape, x).views).loss; }, values,
        data.gradient());
    INFO("value " << check.index << ": " << check.analytic << " against " << check.numeric);
    CHECK(check.passed);
}

TEST_CASE("info_nce: the same bits on 1 and 2 threads, and again in a used workspace") {
    shape4 const shape{5, 2, 7, 19};
    batch<float> one(2, shape, normal_numbers(2 * shape.size(), 4)), two = one;
    batch<float> smaller(2, {3, 1, 4, 4}, normal_numbers(96, 5)), fresh = smaller;
    two.views = {two.x[0].view(), two.x[1].view()};
    two.dviews = {two.dx[0].view(), two.dx[1].view()};
    fresh.views = {fresh.x[0].view(), fresh.x[1].view()};
    fresh.dviews = {fresh.dx[0].view(), fresh.dx[1].view()};
    comir::info_nce<comir::mse_critic> loss_one({.threads = 1}), loss_two({.threads = 2}), loss_fresh;
    CHECK(loss_one.gradient(one.views, one.dviews).loss == loss_two.gradient(two.views, two.dviews).loss);
    CHECK(one.gradient() == two.gradient());
    CHECK(loss_one.gradient(smaller.views, smaller.dviews).loss == loss_fresh.gradient(fresh.views, fresh.dviews).loss);
    CHECK(smaller.gradient() == fresh.gradient());
}

TEST_CASE("info_nce: extreme similarities neither overflow nor lose the loss") {
    // Similarities of -1e6 (the second modality is swapped) and 0, at temperature 1e-3.
    std::vector<double> const aligned{0, 1000, 0, 1000}, swapped{0, 1000, 1000, 0};
    comir::info_nce<comir::mse_critic, double> loss({.temperature = 1e-3});
    batch<double> good(2, {2, 1, 1, 1}, aligned), bad(2, {2, 1, 1, 1}, swapped);
    auto const best = loss.gradient(good.views, good.dviews), worst = loss.gradient(bad.views, bad.dviews);
    CHECK(best.loss == 0);
    CHECK(best.accuracy == 1);
    CHECK(best.positive_similarity == 0);
    CHECK(worst.loss == doctest::Approx(1e9));
    CHECK(worst.accuracy == 0);
    CHECK(worst.positive_similarity == doctest::Approx(-1e6));
    for (double const d : bad.gradient())
        CHECK(std::isfinite(d));
}

TEST_CASE("info_nce: accuracy is the share of anchors whose positive comes first") {
    // With mse the most alike point is the nearest number.
    std::vector<double> const values{0, 5, 0.5, 3, /**/ 0.1, 2.9, 0.4, 9};
    batch<double> data(2, {4, 1, 1, 1}, values);
    std::size_t hits = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t nearest = i == 0 ? 1 : 0;
        for (std::size_t j = 0; j < 8; ++j)
            if (j != i && std::abs(values[i] - values[j]) < std::abs(values[i] - values[nearest]))
                nearest = j;
        hits += nearest == (i + 4) % 8;
    }
    REQUIRE(hits > 0);
    REQUIRE(hits < 8);
    comir::info_nce<comir::mse_critic, double> loss;
    CHECK(loss.value(data.views).accuracy == doctest::Approx(static_cast<double>(hits) / 8));
}

TEST_CASE("info_nce: wrong input says who, what and what to do") {
    using loss_type = comir::info_nce<comir::mse_critic, double>;
    CHECK_THROWS_WITH_AS(loss_type({.temperature = 0}), doctest::Contains("temperature is 0"), comir::error);
    CHECK_THROWS_AS(loss_type({.temperature = NAN}), comir::error);
    loss_type loss;
    std::vector<double> const zeros(64, 0.0);
    batch<double> one(1, {4, 1, 2, 2}, zeros), two(2, {4, 1, 2, 2}, zeros), lonely(2, {1, 1, 2, 2}, zeros);
    CHECK_THROWS_WITH_AS(loss.value(one.views), doctest::Contains("at least 2"), comir::shape_error);
    CHECK_THROWS_AS(loss.value(lonely.views), comir::shape_error);
    CHECK_THROWS_AS(loss.gradient(two.views, one.dviews), comir::shape_error);
    CHECK_THROWS_AS(loss.gradient(two.views, lonely.dviews), comir::shape_error);
    auto mixed = two.views;
    mixed[1] = lonely.views[0];
    CHECK_THROWS_WITH_AS(loss.value(mixed), doctest::Contains("(1, 1, 2, 2)"), comir::shape_error);
}
