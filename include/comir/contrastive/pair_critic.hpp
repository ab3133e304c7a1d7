#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

#include <comir/contrastive/critic.hpp>
#include <comir/core/parallel.hpp>

namespace comir::inline COMIR_ABI {

/// A similarity of two points x and y, symmetric in them, for pair_critic: a struct with
///   - `static constexpr std::string_view name`;
///   - `value(x, y) const`, on std::span<T const>, convertible to double;
///   - `gradient(x, y, ds, dx, dy) const`: adds ds times the derivative by x and by y to the std::span<T> dx and dy.
/// Both may take the points' shape4 as a last parameter, if they must know channels, rows and columns.
template <class Pair>
concept plain_pair_function = requires(Pair const p, std::span<float const> x, std::span<float> dx, float ds) {
    { p.value(x, x) } -> std::convertible_to<double>;
    p.gradient(x, x, ds, dx, dx);
};
template <class Pair>
concept shaped_pair_function = requires(Pair const p, std::span<float const> x, std::span<float> dx, float ds,
                                        shape4 shape) {
    { p.value(x, x, shape) } -> std::convertible_to<double>;
    p.gradient(x, x, ds, dx, dx, shape);
};
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
/// Threads: over pairs; backward in rounds of pairs that share no point; the same bits for any number of threads
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
            std::size_t const rows = points.rows(), teams = rows + rows % 2;
            for (std::size_t round = 0; round + 1 < teams; ++round)
                parallel_for(teams / 2, threads, [&](std::size_t k) {
                    detail::point_pair const match = detail::tournament_match(teams, round, k);
                    // With an odd number of points the last team does not exist, and its opponent rests.
                    if (match.i >= rows || match.j >= rows || ds(match.i, match.j) == 0.0)
                        return;
                    T const d = static_cast<T>(ds(match.i, match.j));
                    auto const x = points.point(match.i), y = points.point(match.j);
                    auto const dx = dpoints.point(match.i), dy = dpoints.point(match.j);
                    if constexpr (shaped_pair_function<Pair>)
                        pair.gradient(x, y, d, dx, dy, points.shape);
                    else
                        pair.gradient(x, y, d, dx, dy);
                });
        }
    }

private:
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

}  // namespace comir::inline COMIR_ABI
