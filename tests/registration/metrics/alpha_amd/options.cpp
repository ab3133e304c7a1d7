#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/metrics/alpha_amd/options.hpp>

TEST_CASE("alpha_amd_pyramid: small images keep their pixels and huge ones have bounded maps") {
    auto const factors = [](std::size_t side) {
        std::vector<std::size_t> out;
        for (auto const& step : comir::alpha_amd_pyramid({1, side, side}))
            out.push_back(step.factor);
        return out;
    };
    CHECK(factors(40) == std::vector<std::size_t>{1, 1});
    CHECK(factors(96) == std::vector<std::size_t>{2, 1});
    CHECK(factors(256) == std::vector<std::size_t>{4, 2, 1});
    CHECK(factors(4096) == std::vector<std::size_t>{16, 8, 4, 2});
}
