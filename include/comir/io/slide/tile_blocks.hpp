#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A grid of tiles, and the square blocks in which they are worked on.
struct slide_tile_grid {
    std::size_t across = 0, down = 0;
    std::size_t block = 8;  // tiles along a side of a block, a power of two
};

/// The place of a tile in a grid.
struct tile_place {
    std::size_t across = 0, down = 0;

    constexpr bool operator==(tile_place const&) const = default;
};

namespace detail {

template <class F>
void visit_quarters(slide_tile_grid const& grid, tile_place const& first, std::size_t side, F const& f) {
    if (first.across >= grid.across || first.down >= grid.down)
        return;
    if (side > grid.block) {
        std::size_t const half = side / 2;
        for (tile_place const step : {tile_place{0, 0}, {half, 0}, {0, half}, {half, half}})
            visit_quarters(grid, {first.across + step.across, first.down + step.down}, half, f);
        return;
    }
    std::vector<tile_place> tiles;
    for (std::size_t down = first.down; down < std::min(first.down + side, grid.down); ++down)
        for (std::size_t across = first.across; across < std::min(first.across + side, grid.across); ++across)
            tiles.push_back({across, down});
    f(tiles);
}

}  // namespace detail

/// Calls f(tiles) for blocks of neighbouring tiles, quarter by quarter (in Morton's order): what lies near in the grid
/// is near in time, so that smaller levels are complete early and tiles of a source are still in its cache.
template <class F>
void for_each_tile_block(slide_tile_grid const& grid, F const& f) {
    std::size_t side = grid.block;
    while (side < std::max(grid.across, grid.down))
        side *= 2;
    detail::visit_quarters(grid, {}, side, f);
}

}}  // namespace comir::COMIR_ABI
