#include <cstddef>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/contrastive/pair_critic.hpp>

namespace {

/// A user's own pair function with a parameter.
struct scaled_dot {
    static constexpr std::string_view name = "scaled_dot";
    double scale = 1;

    template <class T>
    T value(std::span<T const> x, std::span<T const> y) const {
        T total = 0;
        for (std::size_t k = 0; k < x.size(); ++k)
            total += static_cast<T>(scale) * x[k] * y[k];
        return total;
    }
    template <class T>
    void gradient(std::span<T const> x, std::span<T const> y, T ds, std::span<T> dx, std::span<T> dy) const {
        for (std::size_t k = 0; k < x.size(); ++k) {
            dx[k] += ds * static_cast<T>(scale) * y[k];
            dy[k] += ds * static_cast<T>(scale) * x[k];
        }
    }
};

}  // namespace

TEST_CASE("pair_critic: every pair is visited once and its gradient lands on both points") {
    static_assert(comir::critic<comir::pair_critic<scaled_dot>>);
    for (std::size_t rows : {2u, 3u, 6u, 7u, 16u, 17u, 37u}) {
        // Points are unit vectors, so that dpoints shows the weights themselves.
        std::vector<double> points(rows * rows, 0.0), dpoints(rows * rows, 1.0), s(rows * rows, -1.0), ds(rows * rows);
        for (std::size_t i = 0; i < rows; ++i) {
            points[i * rows + i] = 1;
            for (std::size_t j = 0; j < rows; ++j)
                ds[i * rows + j] = i == j ? 0.0 : static_cast<double>(1 + i + j + i * j);
        }
        auto const weights = ds;
        comir::pair_critic<scaled_dot> const critic{{2.0}};
        comir::shape4 const shape{rows, 1, 1, rows};
        comir::point_matrix<double const> const x{points.data(), shape, rows};
        critic.similarities(x, comir::square_view<double>{s.data(), rows}, 2);
        critic.backward(x, comir::square_view<double const>{s.data(), rows},
                        comir::square_view<double>{ds.data(), rows},
                        comir::point_matrix<double>{dpoints.data(), shape, rows}, 2);
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < rows; ++j) {
                if (i != j)
                    CHECK(s[i * rows + j] == 0);
                CHECK(dpoints[i * rows + j] == 1 + 2 * weights[i * rows + j]);
            }
    }
}

TEST_CASE("tournament_match: rounds are disjoint and complete") {
    for (std::size_t teams : {2u, 4u, 6u, 48u}) {
        std::set<std::pair<std::size_t, std::size_t>> met;
        for (std::size_t round = 0; round + 1 < teams; ++round) {
            std::set<std::size_t> busy;
            for (std::size_t k = 0; k < teams / 2; ++k) {
                auto const match = comir::detail::tournament_match(teams, round, k);
                CHECK(busy.insert(match.i).second);
                CHECK(busy.insert(match.j).second);
                CHECK(met.insert(std::minmax(match.i, match.j)).second);
            }
        }
        CHECK(met.size() == teams * (teams - 1) / 2);
    }
}
