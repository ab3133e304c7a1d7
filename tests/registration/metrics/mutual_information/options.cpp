#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/metrics/mutual_information/options.hpp>

TEST_CASE("mutual_information_pyramid: four resolutions, and more for large images") {
    auto const factors = [](std::size_t side) {
        std::vector<std::size_t> out;
        for (auto const& step : comir::mutual_information_pyramid({1, side, side}))
            out.push_back(step.factor);
        return out;
    };
    CHECK(factors(64) == std::vector<std::size_t>{4, 2, 1, 1});
    CHECK(factors(511) == std::vector<std::size_t>{4, 2, 1, 1});
    CHECK(factors(512) == std::vector<std::size_t>{8, 4, 2, 1, 1});
    CHECK(factors(8000) == std::vector<std::size_t>{32, 16, 8, 4, 2, 1, 1});
}
