#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>

#include <comir/contrastive/critic.hpp>
#include <comir/contrastive/point_kernels.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

struct product_term {
    template <class V>
    V value(V const& x, V const& y) const {
        return x * y;
    }
    template <class V>
    V derivative(V const&, V const& y) const {
        return y;
    }
};

/// Vectors shorter than this have no direction (PyTorch's cosine_similarity draws the line there, too).
inline constexpr double least_norm = 1e-8;

}  // namespace detail

/// Base of critics that are a function of the cosine between whole representations, `similarity(double cosine) const`,
/// with its inverse `cosine(double similarity) const` and `slope(double similarity) const`, its derivative by the
/// cosine: `struct my_critic : normalised_critic<my_critic>`.
/// A representation with a norm below 1e-8 has no direction: its cosines are 0 and it gets no gradient.
/// Threads: forward over tiles of pairs, backward over columns; the same bits for any number of threads
template <class Critic>
struct normalised_critic {
    template <scalar T>
    void similarities(point_matrix<T const> points, square_view<double> s, int threads) const {
        auto const& self = static_cast<Critic const&>(*this);
        // The diagonal carries the mean squares over to backward.
        detail::pair_means(detail::product_term{}, points, s, threads);
        double const least = least_square(points.columns());
        for (std::size_t i = 0; i < s.size; ++i)
            for (std::size_t j = i + 1; j < s.size; ++j) {
                bool const directed = !(s(i, i) < least || s(j, j) < least);
                double const cosine = directed ? s(i, j) / (std::sqrt(s(i, i)) * std::sqrt(s(j, j))) : 0.0;
                s(i, j) = s(j, i) = self.similarity(std::clamp(cosine, -1.0, 1.0));
            }
    }

    template <scalar T>
    void backward(point_matrix<T const> points, square_view<double const> s, square_view<double> ds,
                  point_matrix<T> dpoints, int threads) const {
        auto const& self = static_cast<Critic const&>(*this);
        double const columns = static_cast<double>(points.columns()), least = least_square(points.columns());
        for (std::size_t i = 0; i < s.size; ++i) {
            double own = 0;
            for (std::size_t j = 0; j < s.size; ++j) {
                if (i == j)
                    continue;
                bool const directed = !(s(i, i) < least || s(j, j) < least);
                double const dcosine = directed ? ds(i, j) * self.slope(s(i, j)) : 0.0;
                if (directed) {
                    own -= dcosine * self.cosine(s(i, j)) / (s(i, i) * columns);
                    ds(i, j) = dcosine / (std::sqrt(s(i, i)) * std::sqrt(s(j, j)) * columns);
                } else {
                    ds(i, j) = 0.0;
                }
            }
            ds(i, i) = own;
        }
        detail::add_weighted(detail::product_term{}, points, square_view<double const>(ds), dpoints, threads);
    }

private:
    static double least_square(std::size_t columns) {
        return detail::least_norm * detail::least_norm / static_cast<double>(columns);
    }
};

}}  // namespace comir::COMIR_ABI
