#pragma once

#include <cstddef>
#include <cstdint>

#include <comir/core/concepts.hpp>
#include <comir/core/random.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Dropout of a layer's output: each value, or each whole channel of a sample, is zero with this probability, the
/// others are scaled up. A pure function of seed and place, so backward finds the same mask without storing it.
struct drop_mask {
    double probability = 0;
    bool channelwise = false;
    std::uint64_t seed = 0;

    double factor(std::size_t n, std::size_t c, std::size_t y, std::size_t x) const {
        std::uint64_t const place = channelwise ? 0 : (std::uint64_t{y} << 32 | x) + 1;
        std::uint64_t const bits = mix64(mix64(seed ^ mix64(std::uint64_t{n} << 32 | c)) + place);
        return static_cast<double>(bits >> 11) * 0x1.0p-53 < probability ? 0.0 : 1.0 / (1.0 - probability);
    }
    template <scalar T>
    void apply(T* row, std::size_t count, std::size_t n, std::size_t c, std::size_t y, std::size_t x) const {
        if (probability <= 0)
            return;
        for (std::size_t i = 0; i < count; ++i)
            row[i] *= static_cast<T>(factor(n, c, y, x + i));
    }
};

}}}  // namespace comir::COMIR_ABI::detail
