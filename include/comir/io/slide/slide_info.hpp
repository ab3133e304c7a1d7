#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <comir/io/any_image.hpp>
#include <comir/io/pixel_size.hpp>
#include <comir/io/sample_type.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// One resolution of a slide.
struct slide_level {
    extent2 size{};                          // px
    extent2 tile{};                          // px of the blocks that are read at once
    std::array<double, 2> factor{1.0, 1.0};  // pixels of level 0 along one of this level, x and y

    std::size_t tiles_across() const { return (size.w + tile.w - 1) / tile.w; }
    std::size_t tiles_down() const { return (size.h + tile.h - 1) / tile.h; }
    /// Where a point of level 0 lies here: pixels of level 0 cover those of a level as squares do.
    point2 from_full(point2 p) const { return {(p.x + 0.5) / factor[0] - 0.5, (p.y + 0.5) / factor[1] - 0.5}; }
    point2 to_full(point2 p) const { return {(p.x + 0.5) * factor[0] - 0.5, (p.y + 0.5) * factor[1] - 0.5}; }
};

/// What a slide says of itself, read without its pixels.
struct slide_info {
    std::string format{};               // "OME-TIFF", "ImageJ TIFF", "TIFF", "PNG", OpenSlide's name of the vendor
    std::vector<slide_level> levels{};  // level 0 is the full image; then ever smaller ones
    std::size_t channels = 0;
    std::vector<std::string> channel_names{};  // one a channel, or none
    sample_type type = sample_type::u8;
    bool colour = false;               // whether the first three channels are red, green and blue
    bool alpha = false;                // whether the last channel is opacity
    bool premultiplied = false;        // whether the colours were multiplied by it
    std::optional<pixel_size> size{};  // of level 0
    std::optional<double> nodata{};    // value that stands for no data
    std::string unread_nodata{};       // what the file says of it where that is no number
    std::vector<std::string> notes{};  // what a user should know of how the file is read, a line each
};

/// The factor of a level by the two sizes: 2^n or another whole number where the sizes are those of an image shrunk by
/// it, rounded down or up, else their ratio. Nothing if the level is no smaller copy: the two ratios differ by more than
/// the rounding of the sizes.
inline std::optional<std::array<double, 2>> level_factor(extent2 full, extent2 level) {
    if (level.w == 0 || level.h == 0 || level.w > full.w || level.h > full.h ||
        (level.w == full.w && level.h == full.h))
        return {};
    auto const w = static_cast<double>(full.w), h = static_cast<double>(full.h);
    auto const lw = static_cast<double>(level.w), lh = static_cast<double>(level.h);
    auto const shrinks_to = [](double size, double part, double f) {
        return part == std::max(1.0, std::floor(size / f)) || part == std::ceil(size / f);
    };
    auto const fits = [&](double f) { return shrinks_to(w, lw, f) && shrinks_to(h, lh, f); };
    double const longer = full.w > full.h ? w / lw : h / lh;
    for (double const f : {std::exp2(std::round(std::log2(longer))), std::round(longer), std::floor(longer)})
        if (f >= 2.0 && fits(f))
            return std::array<double, 2>{f, f};
    double const x = w / lw, y = h / lh;
    // Each size of the level is rounded by less than a pixel, which moves its ratio by as much.
    bool const alike = std::abs(x - y) <= x / lw + y / lh + 0.01 * std::max(x, y);
    if (!alike || std::max(x, y) < 1.1)
        return {};
    return std::array<double, 2>{x, y};
}

/// The coarsest level whose pixels are not larger than `factor` pixels of level 0; level 0 if none.
inline std::size_t level_for(slide_info const& info, double factor) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < info.levels.size(); ++i)
        if (std::max(info.levels[i].factor[0], info.levels[i].factor[1]) <= factor * 1.001)
            best = i;
    return best;
}

}}  // namespace comir::COMIR_ABI
