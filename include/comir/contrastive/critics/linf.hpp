#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

#include <comir/contrastive/pair_critic.hpp>
#include <comir/core/simd_tail.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

struct linf_pair {
    static constexpr std::string_view name = "linf";

    template <scalar T>
    double value(std::span<T const> x, std::span<T const> y) const {
        return -static_cast<double>(largest(x, y));
    }
    template <scalar T>
    void gradient(std::span<T const> x, std::span<T const> y, T ds, std::span<T> dx, std::span<T> dy) const {
        T const limit = largest(x, y);
        if (!(limit > T{0}))
            return;
        std::size_t ties = 0;
        for_each_largest(x, y, limit, [&](std::size_t) { ++ties; });
        T const step = ds / static_cast<T>(ties);
        for_each_largest(x, y, limit, [&](std::size_t k) {
            T const signed_step = x[k] > y[k] ? step : -step;
            dx[k] -= signed_step;
            dy[k] += signed_step;
        });
    }

private:
    template <scalar T>
    static T largest(std::span<T const> x, std::span<T const> y) {
        simd<T> most = broadcast<T>(T{0});
        for (std::size_t k = 0; k < x.size(); k += simd_width<T>) {
            std::size_t const left = x.size() - k;
            most = maximum(most, absolute(load_first<T>(x.data() + k, left) - load_first<T>(y.data() + k, left)));
        }
        T lanes[simd_width<T>];
        store<T>(lanes, most);
        return *std::max_element(lanes, lanes + simd_width<T>);
    }

    /// Calls body(k) where |x[k] - y[k]| is the limit, in order. Blocks that do not reach it are passed over quickly.
    template <scalar T, class Body>
    static void for_each_largest(std::span<T const> x, std::span<T const> y, T limit, Body&& body) {
        constexpr std::size_t block = 512;
        for (std::size_t first = 0; first < x.size(); first += block) {
            std::size_t const count = std::min(block, x.size() - first);
            if (largest(x.subspan(first, count), y.subspan(first, count)) < limit)
                continue;
            for (std::size_t k = first; k < first + count; ++k)
                if (std::abs(x[k] - y[k]) == limit)
                    body(k);
        }
    }
};

}  // namespace detail

/// Critic: minus the largest absolute difference. Its gradient is shared evenly among the values that attain it;
/// equal representations have zero gradient.
/// The original's norm runs along rows only: that is rowwise_linf_critic.
struct linf_critic : pair_critic<detail::linf_pair> {};

}}  // namespace comir::COMIR_ABI
