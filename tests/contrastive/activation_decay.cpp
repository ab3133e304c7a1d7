#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/contrastive/activation_decay.hpp>
#include <comir/core/random.hpp>

TEST_CASE("activation_decay: value and gradient equal the plain loop, with the same bits on 1 and 2 threads") {
    for (std::size_t width : {1u, 7u, 16u, 33u})
        for (auto const norm : {comir::decay_norm::l1, comir::decay_norm::l2}) {
            bool const l1 = norm == comir::decay_norm::l1;
            comir::tensor<float> a({2, 3, 2, width}), b({1, 2, 3, width});
            comir::random_stream random(width);
            double plain = 0;
            std::size_t const count = a.shape().size() + b.shape().size();
            for (auto* tensor : {&a, &b})
                comir::for_each_row(tensor->view(), [&](float* row, std::size_t w) {
                    for (std::size_t k = 0; k < w; ++k) {
                        row[k] = k == 3 ? 0.0f : static_cast<float>(random.normal());
                        double const v = static_cast<double>(row[k]);
                        plain += (l1 ? std::abs(v) : v * v) * 0.3 / static_cast<double>(count);
                    }
                });
            std::array<comir::tensor_view<float const>, 2> const x{a.view(), b.view()};
            std::array<std::vector<float>, 2> gradients;
            for (int threads : {1, 2}) {
                comir::tensor<float> da(a.shape()), db(b.shape());
                comir::fill(da.view(), 1.0f);
                std::array<comir::tensor_view<float>, 2> const dx{da.view(), db.view()};
                comir::activation_decay<float> decay({.norm = norm, .weight = 0.3, .threads = threads});
                double const value = decay.value(x);
                CHECK(value == doctest::Approx(plain).epsilon(1e-6));
                CHECK(decay.gradient(x, dx) == value);
                for (std::size_t m = 0; m < 2; ++m) {
                    auto const shape = x[m].shape();
                    for (std::size_t n = 0; n < shape.n; ++n)
                        for (std::size_t c = 0; c < shape.c; ++c)
                            for (std::size_t h = 0; h < shape.h; ++h)
                                for (std::size_t w = 0; w < shape.w; ++w) {
                                    double const v = static_cast<double>(x[m](n, c, h, w));
                                    double const slope = l1 ? (v > 0) - (v < 0) : 2 * v;
                                    double const expected =
                                        (m == 0 ? 1.0 : 0.0) + 0.3 * slope / static_cast<double>(count);
                                    float const given = dx[m](n, c, h, w);
                                    CHECK(std::abs(static_cast<double>(given) - expected) < 1e-6);
                                    gradients[threads == 1 ? 0 : 1].push_back(given);
                                }
                }
            }
            CHECK(gradients[0] == gradients[1]);
        }
}

TEST_CASE("activation_decay: wrong input says who, what and what to do") {
    CHECK_THROWS_AS(comir::activation_decay<float>({.weight = -1}), comir::error);
    comir::activation_decay<double> decay;
    comir::tensor<double> a({1, 1, 2, 2}), b({1, 1, 2, 3});
    std::array<comir::tensor_view<double const>, 1> const x{a.view()};
    std::array<comir::tensor_view<double>, 1> const dx{b.view()};
    CHECK_THROWS_WITH_AS(decay.gradient(x, dx), doctest::Contains("(1, 1, 2, 3)"), comir::shape_error);
    CHECK_THROWS_AS(decay.gradient(x, {}), comir::shape_error);
    CHECK_THROWS_AS(decay.value({}), comir::shape_error);
}
