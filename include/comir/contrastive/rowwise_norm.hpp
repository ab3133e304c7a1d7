#pragma once

#include <cstddef>
#include <span>

#include <comir/contrastive/pair_critic.hpp>
#include <comir/contrastive/point_kernels.hpp>
#include <comir/core/simd_tail.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Pair function of the original CoMIR program: minus the mean, over channels and columns, of a norm of the difference
/// taken down the rows of that channel and column. Norm says which one, V being a register of differences d:
///   - `accumulate(V& total, V& ties, V d)`, from total = ties = 0, down the rows;
///   - `norm(T total)`; and its derivative by d, the product of `slope(T total, T ties)` and `shape(V d, V total)`.
template <class Norm>
struct rowwise_norm_pair {
    static constexpr std::string_view name = Norm::name;

    template <scalar T>
    double value(std::span<T const> x, std::span<T const> y, shape4 shape) const {
        double norms = 0;
        for (std::size_t c = 0; c < shape.c; ++c)
            for (std::size_t w = 0; w < shape.w; w += simd_width<T>) {
                std::size_t const start = c * shape.h * shape.w + w, left = shape.w - w;
                strip<T> const s = read(x.data() + start, y.data() + start, shape, left);
                T lanes[simd_width<T>];
                store<T>(lanes, s.total);
                for (std::size_t k = 0; k < simd_width<T> && k < left; ++k)
                    norms += static_cast<double>(Norm::norm(lanes[k]));
            }
        return -norms / static_cast<double>(shape.c * shape.w);
    }

    template <scalar T>
    void gradient(std::span<T const> x, std::span<T const> y, T ds, std::span<T> dx, std::span<T> dy,
                  shape4 shape) const {
        T const each = -ds / static_cast<T>(shape.c * shape.w);
        for (std::size_t c = 0; c < shape.c; ++c)
            for (std::size_t w = 0; w < shape.w; w += simd_width<T>) {
                std::size_t const start = c * shape.h * shape.w + w, left = shape.w - w;
                strip<T> const s = read(x.data() + start, y.data() + start, shape, left);
                T totals[simd_width<T>], ties[simd_width<T>], slopes[simd_width<T>];
                store<T>(totals, s.total);
                store<T>(ties, s.ties);
                for (std::size_t k = 0; k < simd_width<T>; ++k)
                    slopes[k] = each * Norm::slope(totals[k], ties[k]);
                simd<T> const slope = load<T>(slopes);
                for (std::size_t h = 0; h < shape.h; ++h) {
                    std::size_t const p = start + h * shape.w;
                    simd<T> const d = load_first<T>(x.data() + p, left) - load_first<T>(y.data() + p, left);
                    simd<T> const step = slope * Norm::shape(d, s.total);
                    store_first<T>(dx.data() + p, load_first<T>(dx.data() + p, left) + step, left);
                    store_first<T>(dy.data() + p, load_first<T>(dy.data() + p, left) - step, left);
                }
            }
    }

private:
    template <class T>
    struct strip {
        simd<T> total, ties;
    };

    template <class T>
    static strip<T> read(T const* x, T const* y, shape4 const& shape, std::size_t left) {
        strip<T> s{broadcast<T>(T{0}), broadcast<T>(T{0})};
        for (std::size_t h = 0; h < shape.h; ++h)
            Norm::accumulate(s.total, s.ties,
                             load_first<T>(x + h * shape.w, left) - load_first<T>(y + h * shape.w, left));
        return s;
    }
};

}}}  // namespace comir::COMIR_ABI::detail
