#pragma once

#include <vector>

#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>

namespace bench {

/// A tensor of seeded uniform values.
inline comir::tensor<float> random_tensor(comir::shape4 shape, std::uint64_t seed, double low = 0, double high = 1) {
    comir::tensor<float> t(shape);
    comir::random_stream random(seed);
    comir::for_each_row(t.view(), [&](float* row, std::size_t w) {
        for (std::size_t i = 0; i < w; ++i)
            row[i] = static_cast<float>(random.uniform(low, high));
    });
    return t;
}

inline std::vector<float> random_values(std::size_t count, std::uint64_t seed, double low, double high) {
    std::vector<float> values(count);
    comir::random_stream random(seed);
    for (float& v : values)
        v = static_cast<float>(random.uniform(low, high));
    return values;
}

}  // namespace bench
