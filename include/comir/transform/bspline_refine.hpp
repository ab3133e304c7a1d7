#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/transform/bspline.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The same map, with control points half as far apart.
/// Source: two-scale relation of cubic B-splines: 1 4 6 4 1, over 8
inline bspline2 refined(bspline2 const& coarse) {
    bspline_grid const& from = coarse.grid();
    bspline_grid grid = from;
    grid.size = {2 * from.size.w - 3, 2 * from.size.h - 3};
    grid.spacing = 0.5 * from.spacing;
    // New point 0 lies a new spacing before the domain, which begins at old point 1.
    grid.origin = from.origin + detail::multiply(from.direction, grid.spacing);
    // New point k is at old index (k + 1) / 2: on an old point where k is odd, else between two.
    auto const taps = [](std::size_t k) {
        return k % 2 == 1 ? std::array<double, 3>{0.125, 0.75, 0.125} : std::array<double, 3>{0.5, 0.5, 0.0};
    };
    auto const first = [](std::size_t k) { return k / 2; };
    std::vector<point2> fine(grid.count());
    auto const old = coarse.displacements();
    for (std::size_t y = 0; y < grid.size.h; ++y)
        for (std::size_t x = 0; x < grid.size.w; ++x) {
            point2 sum{};
            auto const u = taps(x), v = taps(y);
            for (std::size_t j = 0; j < 3; ++j)
                for (std::size_t i = 0; i < 3; ++i)
                    if (u[i] * v[j] != 0.0)
                        sum = sum + (u[i] * v[j]) * old[(first(y) + j) * from.size.w + first(x) + i];
            fine[y * grid.size.w + x] = sum;
        }
    return bspline2(grid, std::move(fine));
}

}}  // namespace comir::COMIR_ABI
