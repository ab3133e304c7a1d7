#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/optim/clip.hpp>

#include "support/golden.hpp"

TEST_CASE("clip_norm: norm and clipped gradient equal PyTorch's") {
    golden_file const golden("optim/optim.txt");
    for (auto const& entry : {std::pair<std::string, double>{"clipped", 1.5}, {"unclipped", 100.0}}) {
        std::string const& name = entry.first;
        double const limit = entry.second;
        INFO(name);
        auto const gradients = golden["gradients"].as<double>();
        std::vector<double> exact(gradients.begin(), gradients.begin() + 37);
        std::vector<float> single(exact.size());
        for (std::size_t i = 0; i < exact.size(); ++i)
            single[i] = static_cast<float>(exact[i]);
        CHECK(golden_error(std::array{comir::clip_norm(std::span(exact), limit)}, golden[name + "_norm"].values) <
              1e-12);
        CHECK(golden_error(exact, golden[name].values) < 1e-12);
        CHECK(golden_error(std::array{comir::clip_norm(std::span(single), limit)}, golden[name + "_norm"].values) <
              1e-5);
        CHECK(golden_error(single, golden[name].values) < 1e-5);
    }
}

TEST_CASE("clip_norm: the same bits on 1 and 2 threads, and the plain sum, beyond one chunk") {
    comir::random_stream random(1);
    std::vector<float> one(20011);
    double square = 0;
    for (float& v : one) {
        v = static_cast<float>(random.normal());
        square += static_cast<double>(v) * static_cast<double>(v);
    }
    auto two = one;
    double const norm = comir::clip_norm(std::span(one), 3.0, 1);
    CHECK(norm == comir::clip_norm(std::span(two), 3.0, 2));
    CHECK(norm == doctest::Approx(std::sqrt(square)).epsilon(1e-6));
    CHECK(one == two);
    CHECK(comir::clip_norm(std::span(one), 100.0) == doctest::Approx(3.0).epsilon(1e-5));
}

TEST_CASE("clip_norm: a norm that is not finite changes nothing") {
    for (float const bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        std::vector<float> gradient{3, bad, 4};
        CHECK(!std::isfinite(comir::clip_norm(std::span(gradient), 1.0)));
        CHECK(gradient[0] == 3);
        CHECK(gradient[2] == 4);
    }
    std::vector<double> none, zero(3, 0.0);
    CHECK(comir::clip_norm(std::span(none), 1.0) == 0);
    CHECK(comir::clip_norm(std::span(zero), 1.0) == 0);
    CHECK_THROWS_AS(comir::clip_norm(std::span(zero), 0.0), comir::error);
}
