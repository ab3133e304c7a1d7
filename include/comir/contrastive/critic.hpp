#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include <comir/core/concepts.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Representations to compare, one per row: shape.n points of shape.c x shape.h x shape.w values each.
/// Shapes:  a row holds its point's channels after one another, their rows after one another, without padding;
///          successive points are `stride` elements apart
template <class T>
struct point_matrix {
    T* data = nullptr;
    shape4 shape;
    std::size_t stride = 0;

    std::size_t rows() const { return shape.n; }
    std::size_t columns() const { return shape.c * shape.h * shape.w; }
    T* row(std::size_t i) const { return data + i * stride; }
    std::span<T> point(std::size_t i) const { return {row(i), columns()}; }
    operator point_matrix<T const>() const requires(!std::is_const_v<T>) { return {data, shape, stride}; }
};

/// Non-owning size x size matrix, row after row.
template <class T>
struct square_view {
    T* data = nullptr;
    std::size_t size = 0;

    T& operator()(std::size_t i, std::size_t j) const { return data[i * size + j]; }
    operator square_view<T const>() const requires(!std::is_const_v<T>) { return {data, size}; }
};

/// What a contrastive loss needs to compare representations: any struct with
/// - `static constexpr std::string_view name`, by which model files and tools call it;
/// - `similarities(points, s, threads) const`: writes s(i, j) = s(j, i), larger for more alike points. The diagonal
///   is the critic's own, to carry a number per point to `backward`; the loss never reads it;
/// - `backward(points, s, ds, dpoints, threads) const`: s is what `similarities` wrote, ds(i, j) = ds(j, i) is the
///   loss's derivative by the similarity of the unordered pair {i, j}, both entries already summed. Adds the loss's
///   derivative by the points to dpoints. It may overwrite ds, diagonal included.
/// Similarities are double whatever the points' type, since P x P of them cost nothing and spare the loss rounding.
/// A critic that is a function of one pair at a time is quicker written as a `pair_critic`, one that is a function of
/// a mean over independent values as an `elementwise_critic`.
/// Threads: both must give the same bits for any number of threads
template <class Critic>
concept critic = std::copy_constructible<Critic> &&
    requires(Critic const c, point_matrix<float const> points, square_view<double> s, square_view<double const> values,
             point_matrix<float> dpoints, int threads) {
    { Critic::name } -> std::convertible_to<std::string_view>;
    c.similarities(points, s, threads);
    c.backward(points, values, s, dpoints, threads);
};

}}  // namespace comir::COMIR_ABI
