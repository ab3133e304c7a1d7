#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/io/slide/slide_format.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A level that is written. Its pixels arrive in squares of the nominal tile of all levels, and are stored in blocks that
/// are no larger than the level, since OpenSlide scrambles levels that are smaller than their tile.
struct planned_level {
    extent2 size{};           // px
    std::size_t nominal = 0;  // px of a square that arrives
    extent2 block{};          // px of a stored block
    bool tiled = true;

    std::size_t squares_across() const { return (size.w + nominal - 1) / nominal; }
    std::size_t squares_down() const { return (size.h + nominal - 1) / nominal; }
    std::size_t blocks_across() const { return (size.w + block.w - 1) / block.w; }
    std::size_t blocks_down() const { return (size.h + block.h - 1) / block.h; }
};

/// The levels of a slide: each half of the one before, rounded down as libvips does and as viewers assume, until one
/// tile holds the whole or a side would be shorter than 16 px.
inline std::vector<planned_level> plan_pyramid(extent2 full, slide_format const& format, std::size_t row_bytes) {
    constexpr std::size_t least = 16;  // TIFF's tiles are multiples of it
    std::vector<planned_level> levels;
    for (extent2 size = full;; size = {size.w / 2, size.h / 2}) {
        std::size_t side = format.tile;
        while (side > least && side > std::min(size.w, size.h))
            side /= 2;
        levels.push_back({size, format.tile, {side, side}});
        if (format.pyramid == slide_pyramid::none || std::max(size.w, size.h) <= format.tile ||
            std::min(size.w, size.h) / 2 < least)
            break;
    }
    if (format.layout == slide_layout::strips) {
        // Strips of about 64 KB, as of plain files, that divide a row of squares; JPEG's blocks have up to 16 rows.
        std::size_t rows = format.compression == slide_compression::jpeg ? least : 1;
        while (rows < format.tile && 2 * rows * row_bytes <= 65536)
            rows *= 2;
        levels[0].block = {full.w, std::min(rows, full.h)};
        levels[0].tiled = false;
    }
    return levels;
}

}}}  // namespace comir::COMIR_ABI::detail
