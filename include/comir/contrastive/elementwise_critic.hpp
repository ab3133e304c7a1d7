#pragma once

#include <concepts>
#include <cstddef>

#include <comir/contrastive/critic.hpp>
#include <comir/contrastive/point_kernels.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What elementwise_critic needs of the critic derived from it, V being a simd register:
///   - `value(V x, V y) const`, symmetric, and `derivative(V x, V y) const`, its derivative by x, finite everywhere;
///   - `similarity(double mean) const` of the mean of the values over the representation, and
///     `slope(double similarity) const`, the derivative of the similarity by that mean.
template <class Critic>
concept elementwise_terms = requires(Critic const c, simd<float> v, double number) {
    { c.value(v, v) } -> std::convertible_to<simd<float>>;
    { c.derivative(v, v) } -> std::convertible_to<simd<float>>;
    { c.similarity(number) } -> std::convertible_to<double>;
    { c.slope(number) } -> std::convertible_to<double>;
};

/// Base of critics that are a function of one mean over the whole representation: `struct my_critic :
/// elementwise_critic<my_critic>` with a name and the elementwise_terms.
/// Threads: forward over tiles of pairs, backward over columns; the same bits for any number of threads
template <class Critic>
struct elementwise_critic {
    template <scalar T>
    void similarities(point_matrix<T const> points, square_view<double> s, int threads) const {
        static_assert(elementwise_terms<Critic>,
                      "comir: elementwise_critic needs value(x, y), derivative(x, y), similarity(mean) and "
                      "slope(similarity), all const; see contrastive/elementwise_critic.hpp");
        if constexpr (elementwise_terms<Critic>) {
            auto const& self = static_cast<Critic const&>(*this);
            detail::pair_means(self, points, s, threads);
            for (std::size_t i = 0; i < s.size * s.size; ++i)
                s.data[i] = self.similarity(s.data[i]);
        }
    }

    template <scalar T>
    void backward(point_matrix<T const> points, square_view<double const> s, square_view<double> ds,
                  point_matrix<T> dpoints, int threads) const {
        if constexpr (elementwise_terms<Critic>) {
            auto const& self = static_cast<Critic const&>(*this);
            double const columns = static_cast<double>(points.columns());
            for (std::size_t i = 0; i < s.size; ++i)
                for (std::size_t j = 0; j < s.size; ++j)
                    ds(i, j) = i == j ? 0.0 : ds(i, j) * self.slope(s(i, j)) / columns;
            detail::add_weighted(self, points, square_view<double const>(ds), dpoints, threads);
        }
    }
};

}}  // namespace comir::COMIR_ABI
