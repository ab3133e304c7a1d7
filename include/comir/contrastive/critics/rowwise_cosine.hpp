#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

#include <comir/contrastive/normalised_critic.hpp>
#include <comir/contrastive/pair_critic.hpp>
#include <comir/core/simd_tail.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

struct rowwise_cosine_pair {
    static constexpr std::string_view name = "rowwise_cosine";

    template <scalar T>
    double value(std::span<T const> x, std::span<T const> y, shape4 shape) const {
        double cosines = 0;
        for (std::size_t c = 0; c < shape.c; ++c)
            for (std::size_t w = 0; w < shape.w; w += simd_width<T>) {
                std::size_t const start = c * shape.h * shape.w + w, left = shape.w - w;
                strip<T> s;
                s.read(x.data() + start, y.data() + start, shape, left);
                for (std::size_t k = 0; k < simd_width<T> && k < left; ++k)
                    cosines += static_cast<double>(s.xy[k] * s.scale(k));
            }
        return cosines / static_cast<double>(shape.c * shape.w);
    }

    template <scalar T>
    void gradient(std::span<T const> x, std::span<T const> y, T ds, std::span<T> dx, std::span<T> dy,
                  shape4 shape) const {
        T const each = ds / static_cast<T>(shape.c * shape.w);
        for (std::size_t c = 0; c < shape.c; ++c)
            for (std::size_t w = 0; w < shape.w; w += simd_width<T>) {
                std::size_t const start = c * shape.h * shape.w + w, left = shape.w - w;
                strip<T> s;
                s.read(x.data() + start, y.data() + start, shape, left);
                T cross[simd_width<T>], own_x[simd_width<T>], own_y[simd_width<T>];
                for (std::size_t k = 0; k < simd_width<T>; ++k) {
                    T const scale = s.scale(k), dcosine = each * s.xy[k] * scale;
                    cross[k] = each * scale;
                    own_x[k] = scale > T{0} ? dcosine / s.xx[k] : T{0};
                    own_y[k] = scale > T{0} ? dcosine / s.yy[k] : T{0};
                }
                simd<T> const a = load<T>(cross), bx = load<T>(own_x), by = load<T>(own_y);
                for (std::size_t h = 0; h < shape.h; ++h) {
                    std::size_t const p = start + h * shape.w;
                    simd<T> const u = load_first<T>(x.data() + p, left), v = load_first<T>(y.data() + p, left);
                    store_first<T>(dx.data() + p, load_first<T>(dx.data() + p, left) + (a * v - bx * u), left);
                    store_first<T>(dy.data() + p, load_first<T>(dy.data() + p, left) + (a * u - by * v), left);
                }
            }
    }

private:
    template <class T>
    struct strip {
        T xy[simd_width<T>], xx[simd_width<T>], yy[simd_width<T>];

        void read(T const* x, T const* y, shape4 const& shape, std::size_t left) {
            simd<T> a = broadcast<T>(T{0}), b = a, c = a;
            for (std::size_t h = 0; h < shape.h; ++h) {
                simd<T> const u = load_first<T>(x + h * shape.w, left), v = load_first<T>(y + h * shape.w, left);
                a = multiply_add(u, v, a);
                b = multiply_add(u, u, b);
                c = multiply_add(v, v, c);
            }
            store<T>(xy, a);
            store<T>(xx, b);
            store<T>(yy, c);
        }
        /// One by the product of lane k's norms, 0 where one of them has no direction.
        T scale(std::size_t k) const {
            constexpr T least = static_cast<T>(least_norm);
            T const x = std::sqrt(xx[k]), y = std::sqrt(yy[k]);
            return x < least || y < least ? T{0} : T{1} / (x * y);
        }
    };
};

}  // namespace detail

/// Critic: the mean, over channels and columns, of the cosine between the two columns of values down the rows, as in
/// the original CoMIR program, where cosine_critic takes one cosine of the whole. A column of values with a norm below
/// 1e-8 has cosine 0 and no gradient.
struct rowwise_cosine_critic : pair_critic<detail::rowwise_cosine_pair> {};

}}  // namespace comir::COMIR_ABI
