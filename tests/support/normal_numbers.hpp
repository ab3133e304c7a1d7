#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/random.hpp>

/// Independent values, normally distributed around 0.
inline std::vector<double> normal_numbers(std::size_t count, std::uint64_t seed, double scale = 1) {
    comir::random_stream random(seed);
    std::vector<double> out(count);
    for (double& v : out)
        v = scale * random.normal();
    return out;
}
