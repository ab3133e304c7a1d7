#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// The mixing function of SplitMix64.
/// Source: Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators
constexpr std::uint64_t mix64(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

}  // namespace detail

/// Seeded generator whose numbers are the same on every platform; copyable, and its whole state is two integers.
/// A work item gets its own with `random_stream(seed, item, ...)`, so that results do not depend on the order of work.
class random_stream {
public:
    using result_type = std::uint64_t;

    explicit constexpr random_stream(std::uint64_t seed, std::uint64_t item = 0, std::uint64_t part = 0)
        : key_(detail::mix64(detail::mix64(detail::mix64(seed + golden) + item + golden) + part + golden)) {}

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return ~result_type{0}; }
    constexpr result_type operator()() { return detail::mix64(key_ + golden * ++count_); }

    /// Uniform in [0, 1).
    constexpr double uniform() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }
    constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }
    /// Uniform in {0, ..., n - 1}; n > 0.
    constexpr std::size_t below(std::size_t n) {
        // With 53 bits the bias is far below anything a sample of images can show.
        return static_cast<std::size_t>(uniform() * static_cast<double>(n));
    }
    constexpr bool coin(double probability) { return uniform() < probability; }
    /// Standard normal (Box and Muller 1958).
    double normal() {
        double const radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return radius * std::cos(2.0 * std::numbers::pi * uniform());
    }

private:
    static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
    std::uint64_t key_;
    std::uint64_t count_ = 0;
};

}}  // namespace comir::COMIR_ABI
