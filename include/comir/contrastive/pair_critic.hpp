#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

#include <comir/contrastive/critic.hpp>
#include <comir/core/parallel.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A function of two points that knows no more of them than their values.
template <class Pair>
concept plain_pair_function = requires(Pair const p, std::span<float const> x, std::span<float> dx, float ds) {
    { p.value(x, x) } -> std::convertible_to<double>;
    p.gradient(x, x, ds, dx, dx);
};

/// One that also knows the points' channels, rows and columns.
template <class Pair>
concept shaped_pair_function = requires(Pair const p, std::span<float const> x, std::span<float> dx, float ds,
                                        shape4 shape) {
    { p.value(x, x, shape) } -> std::convertible_to<double>;
    p.gradient(x, x, ds, dx, dx, shape);
};

/// A similarity of two points x and y, symmetric in them, for pair_critic: a struct with
///   - `static constexpr std::string_view name`;
///   - `value(x, y) const`, on std::span<T const>, convertible to double;
///   - `gradient(x, y, ds, dx, dy) const`: adds ds times the derivative by x and by y to the std::span<T> dx and dy.
/// Both may take the points' shape4 as a last parameter, if they must know channels, rows and columns.
template <class Pair>
concept pair_function = std::copy_constructible<Pair> && requires {
    { Pair::name } -> std::convertible_to<std::string_view>;
} &&(plain_pair_function<Pair> || shaped_pair_function<Pair>);

namespace detail {

template <class Pair>
struct pair_name {
    static constexpr std::string_view name{};
};
template <class Pair>
requires requires {
    { Pair::name } -> std::convertible_to<std::string_view>;
}
struct pair_name<Pair> {
    static constexpr std::string_view name = Pair::name;
};

struct point_pair {
    std::size_t i, j;
};

/// Match k of a round of a round-robin tournament among `teams` (even) teams: in a round nobody plays twice, and over
/// the teams - 1 rounds everybody meets everybody once.
constexpr point_pair tournament_match(std::size_t teams, std::size_t round, std::size_t k) {
    std::size_t const ring = teams - 1;
    if (k == 0)
        return {round, ring};
    return {(round + k) % ring, (round + ring - k) % ring};
}

}  // namespace detail

/// Critic made of a pair function; see pair_function.
/// Threads: over pairs; backward in rounds whose items share no point; the same bits for any number of threads
template <class Pair>
struct pair_critic {
    static_assert(pair_function<Pair>,
                  "comir: pair_critic needs a pair function: a struct with a name, value(x, y) const and "
                  "gradient(x, y, ds, dx, dy) const on spans; see contrastive/pair_critic.hpp");

    static constexpr std::string_view name = detail::pair_name<Pair>::name;

    [[no_unique_address]] Pair pair{};

    template <scalar T>
    void similarities(point_matrix<T const> points, square_view<double> s, int threads) const {
        if constexpr (pair_function<Pair>) {
            // Row i holds P - 1 - i pairs; rows i and P - 2 - i together make items of equal length.
            std::size_t const rows = points.rows();
            parallel_for(rows / 2, threads, [&](std::size_t item) {
                write_row(points, s, item);
                if (rows - 2 - item > item)
                    write_row(points, s, rows - 2 - item);
            });
        }
    }

    template <scalar T>
    void backward(point_matrix<T const> points, square_view<double const>, square_view<double> ds,
                  point_matrix<T> dpoints, int threads) const {
        if constexpr (pair_function<Pair>) {
            // Teams of points instead of single ones keep the number of rounds, and so of waits, independent of P.
            std::size_t const rows = points.rows(), teams = std::min<std::size_t>(rows + rows % 2, 16);
            auto const first = [&](std::size_t team) { return rows * team / teams; };
            parallel_for(teams, threads, [&](std::size_t team) {
                for (std::size_t i = first(team); i < first(team + 1); ++i)
                    for (std::size_t j = i + 1; j < first(team + 1); ++j)
                        add_gradient(points, ds, dpoints, i, j);
            });
            for (std::size_t round = 0; round + 1 < teams; ++round)
                parallel_for(teams / 2, threads, [&](std::size_t k) {
                    detail::point_pair const match = detail::tournament_match(teams, round, k);
                    for (std::size_t i = first(match.i); i < first(match.i + 1); ++i)
                        for (std::size_t j = first(match.j); j < first(match.j + 1); ++j)
                            add_gradient(points, ds, dpoints, i, j);
                });
        }
    }

private:
    template <scalar T>
    void add_gradient(point_matrix<T const> points, square_view<double> ds, point_matrix<T> dpoints, std::size_t i,
                      std::size_t j) const {
        if (ds(i, j) == 0.0)
            return;
        T const d = static_cast<T>(ds(i, j));
        if constexpr (shaped_pair_function<Pair>)
            pair.gradient(points.point(i), points.point(j), d, dpoints.point(i), dpoints.point(j), points.shape);
        else
            pair.gradient(points.point(i), points.point(j), d, dpoints.point(i), dpoints.point(j));
    }

    template <scalar T>
    void write_row(point_matrix<T const> points, square_view<double> s, std::size_t i) const {
        for (std::size_t j = i + 1; j < points.rows(); ++j) {
            if constexpr (shaped_pair_function<Pair>)
                s(i, j) = static_cast<double>(pair.value(points.point(i), points.point(j), points.shape));
            else
                s(i, j) = static_cast<double>(pair.value(points.point(i), points.point(j)));
            s(j, i) = s(i, j);
        }
    }
};

}}  // namespace comir::COMIR_ABI
