#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>

#include <comir/features/fit.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Share of the fixed image that the transform puts inside the moving image, on a grid of 32 x 32 points.
template <affine_transform T>
double grid_overlap(T const& t, image_shape const& fixed, image_shape const& moving) {
    constexpr std::size_t side = 32;
    std::size_t inside = 0;
    for (std::size_t i = 0; i < side; ++i)
        for (std::size_t j = 0; j < side; ++j) {
            auto const place = [](std::size_t k, std::size_t n) {
                return (static_cast<double>(k) + 0.5) / static_cast<double>(side) * static_cast<double>(n) - 0.5;
            };
            point2 const p = t({place(j, fixed.w), place(i, fixed.h)});
            inside += p.x >= -0.5 && p.y >= -0.5 && p.x <= static_cast<double>(moving.w) - 0.5 &&
                              p.y <= static_cast<double>(moving.h) - 0.5
                          ? 1
                          : 0;
        }
    return static_cast<double>(inside) / static_cast<double>(side * side);
}

/// Standard error of the fixed image's mapped corners, root mean square over the corners, by the inliers' residuals;
/// infinite if they leave a parameter open.
template <affine_transform T>
double corner_uncertainty(T const& t, image_shape const& fixed, std::span<point_match const> matches,
                          std::span<std::size_t const> inliers) {
    constexpr int parameters = static_cast<int>(T::parameter_count);
    Eigen::Matrix<double, parameters, parameters> information;
    information.setZero();
    double squares = 0.0;
    for (std::size_t const i : inliers) {
        point2 const error = t(matches[i].fixed) - matches[i].moving;
        squares += error.x * error.x + error.y * error.y;
        auto const j = t.jacobian(matches[i].fixed);
        information += j.transpose() * j;
    }
    double const freedom = 2.0 * static_cast<double>(inliers.size()) - static_cast<double>(parameters);
    Eigen::LLT<Eigen::Matrix<double, parameters, parameters>> const solver(information);
    if (freedom <= 0.0 || solver.info() != Eigen::Success)
        return std::numeric_limits<double>::infinity();
    double total = 0.0;
    double const right = static_cast<double>(fixed.w) - 1.0, bottom = static_cast<double>(fixed.h) - 1.0;
    for (point2 const corner : {point2{0.0, 0.0}, point2{right, 0.0}, point2{0.0, bottom}, point2{right, bottom}}) {
        Eigen::Matrix<double, parameters, 2> const j = t.jacobian(corner).transpose();
        total += (j.transpose() * solver.solve(j)).trace();
    }
    double const error = std::sqrt(squares / freedom * total / 4.0);
    return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}

/// Matches at different places: several of one place, found in several scales or directions, count once.
inline std::size_t count_places(std::span<point_match const> matches, std::span<std::size_t const> chosen,
                                double tolerance) {
    std::vector<std::pair<double, double>> places;
    for (std::size_t const i : chosen)
        places.emplace_back(std::floor(matches[i].fixed.x / tolerance), std::floor(matches[i].fixed.y / tolerance));
    std::ranges::sort(places);
    return static_cast<std::size_t>(std::unique(places.begin(), places.end()) - places.begin());
}

/// Of the inliers the share beyond those that chance would explain, 0 to 1. Chance: matches go anywhere in the moving
/// image in any direction; it explains as many inliers as it would give, in one of 1000 pairs of images, to the best of
/// all transforms that can be made from the matches.
/// Source: the a-contrario reasoning of Moisan and Stival 2004, with Hoeffding's bound for the binomial tail
inline double share_beyond_chance(std::span<point_match const> matches, std::span<std::size_t const> inliers,
                                  std::size_t sample, double tolerance, double max_turn, image_shape const& moving) {
    std::vector<std::size_t> everything(matches.size());
    for (std::size_t i = 0; i < everything.size(); ++i)
        everything[i] = i;
    auto const n = static_cast<double>(count_places(matches, everything, tolerance));
    auto const k = static_cast<double>(count_places(matches, inliers, tolerance));
    auto const size = static_cast<double>(sample);
    if (k <= size)
        return 0.0;
    double const area = static_cast<double>(moving.w) * static_cast<double>(moving.h);
    double const p =
        std::min(0.5, std::numbers::pi * tolerance * tolerance / area * std::min(1.0, max_turn / std::numbers::pi));
    double const samples = std::lgamma(n + 1.0) - std::lgamma(size + 1.0) - std::lgamma(n - size + 1.0);
    double const rest = n - size;
    auto const explained = [&](double count) {
        double const share = (count - size) / rest;
        if (share <= p)
            return true;
        double const divergence =
            share * std::log(share / p) + (share < 1.0 ? (1.0 - share) * std::log((1.0 - share) / (1.0 - p)) : 0.0);
        return samples - rest * divergence > std::log(1e-3);
    };
    double by_chance = size;
    while (by_chance < k && explained(by_chance + 1.0))
        by_chance += 1.0;
    return (k - by_chance) / k;
}

}}}  // namespace comir::COMIR_ABI::detail
