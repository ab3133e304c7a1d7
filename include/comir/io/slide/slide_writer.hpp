#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/io/slide/block_encoder.hpp>
#include <comir/io/slide/halve.hpp>
#include <comir/io/slide/pyramid_plan.hpp>
#include <comir/io/slide/slide_format.hpp>
#include <comir/io/slide/slide_pages.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A square of a slide that is written: its place in the grid of tiles, and its pixels, fewer at the right and lower
/// edge of the image.
template <class T>
struct slide_tile {
    std::size_t across = 0, down = 0;
    image<T> pixels{};
};

/// Writes a slide as a pyramidal OME-TIFF while its tiles arrive, in any order: BigTIFF where 4 GiB may not do. Smaller
/// levels are means of 2 x 2 pixels of the one before, without pixels of no data, and are made as soon as their four
/// tiles are there. So memory depends on the order: a few tiles a level where neighbours come together, as
/// for_each_tile_block gives them, a row of tiles where rows do. Strips take a row of tiles.
/// The file appears under its name only when it is complete.
/// Threads: compression runs on format.threads; the same bytes for any number
template <class T>
class slide_writer {
public:
    /// Errors: error if the file cannot be created or a setting is out of its range; shape_error if the content is
    ///         empty, too large, or has other channels than it says
    slide_writer(std::filesystem::path const& path, slide_content const& content, slide_format const& format = {})
        : channels_((
              detail::check_slide_format("comir::slide_writer: " + path.string(), format, content, sample_type_of<T>()),
              content.shape.c)),
          nodata_(content.nodata),
          threads_(format.threads),
          pages_("comir::slide_writer", path, content, format, sample_type_of<T>()) {
        partial_.resize(pages_.levels().size());
        arrived_.resize(full().squares_across() * full().squares_down());
    }

    /// The tiles that are expected: side in px, and their number.
    std::size_t tile() const { return full().nominal; }
    std::size_t tiles_across() const { return full().squares_across(); }
    std::size_t tiles_down() const { return full().squares_down(); }

    /// Takes tiles of the full image; the more at once, the better threads are used.
    /// Errors: shape_error if a tile has another size than its place asks for; error if it is none of the image or
    ///         came before, or if the file cannot be written
    void write(std::vector<slide_tile<T>> tiles) {
        for (slide_tile<T> const& tile : tiles)
            check_tile(tile);
        for (std::size_t level = 0; !tiles.empty(); ++level) {
            if (level == 0 && !full().tiled)
                write_strips(tiles);
            else
                write_blocks(level, tiles);
            tiles = level + 1 < pages_.levels().size() ? shrink(level, tiles) : std::vector<slide_tile<T>>{};
        }
    }

    /// Completes the file.
    /// Errors: error if tiles are missing, or the file cannot be written
    void commit() {
        auto const missing = std::ranges::count(arrived_, false);
        require(missing == 0, pages_.where(), ": ", missing, " of ", arrived_.size(),
                " tiles were not given, expected all before the file is completed");
        pages_.commit();
    }

private:
    /// Pixels that wait for their neighbours.
    struct waiting {
        image<T> pixels{};
        std::size_t tiles = 0;  // that are still to come
    };
    struct stored_block {
        std::size_t plane = 0, number = 0;
        image<T> const* source = nullptr;
        region part{};                  // of the source
        detail::block_extent extent{};  // of the block; beyond the part, its edge goes on
        std::vector<unsigned char> bytes{};
    };

    detail::planned_level const& full() const { return pages_.levels()[0]; }

    static region square(detail::planned_level const& level, std::size_t across, std::size_t down) {
        std::size_t const x = across * level.nominal, y = down * level.nominal;
        return {x, y, std::min(level.nominal, level.size.w - x), std::min(level.nominal, level.size.h - y)};
    }

    void check_tile(slide_tile<T> const& tile) {
        require(tile.across < tiles_across() && tile.down < tiles_down(), pages_.where(), ": there is no tile (",
                tile.across, ", ", tile.down, "), expected less than ", tiles_across(), " across and ", tiles_down(),
                " down");
        region const place = square(full(), tile.across, tile.down);
        require<shape_error>(tile.pixels.shape() == image_shape{channels_, place.h, place.w}, pages_.where(),
                             ": the tile (", tile.across, ", ", tile.down, ") is ", to_string(tile.pixels.shape()),
                             ", expected ", channels_, " x ", place.h, " x ", place.w);
        auto came = arrived_[tile.down * tiles_across() + tile.across];
        require(!came, pages_.where(), ": the tile (", tile.across, ", ", tile.down, ") was given twice");
        came = true;
    }

    void write_blocks(std::size_t level, std::vector<slide_tile<T>> const& tiles) {
        detail::planned_level const& l = pages_.levels()[level];
        std::size_t const side = l.block.w, per_tile = l.nominal / side;
        std::vector<stored_block> blocks;
        for (slide_tile<T> const& tile : tiles)
            for (std::size_t plane = 0; plane < pages_.planes(); ++plane)
                for (std::size_t y = 0; y < tile.pixels.height(); y += side)
                    for (std::size_t x = 0; x < tile.pixels.width(); x += side) {
                        std::size_t const down = tile.down * per_tile + y / side;
                        std::size_t const across = tile.across * per_tile + x / side;
                        blocks.push_back(
                            {plane,
                             down * l.blocks_across() + across,
                             &tile.pixels,
                             {x, y, std::min(side, tile.pixels.width() - x), std::min(side, tile.pixels.height() - y)},
                             {side, side, true}});
                    }
        store(level, blocks);
    }

    void write_strips(std::vector<slide_tile<T>> const& tiles) {
        std::vector<image<T>> whole;
        std::vector<std::size_t> rows;
        for (slide_tile<T> const& tile : tiles) {
            waiting& band = bands_[tile.down];
            if (band.tiles == 0) {
                band.pixels = image<T>({channels_, tile.pixels.height(), full().size.w});
                band.tiles = tiles_across();
            }
            paste(tile.pixels, tile.across * full().nominal, 0, band.pixels);
            if (--band.tiles == 0) {
                whole.push_back(std::move(band.pixels));
                rows.push_back(tile.down);
                bands_.erase(tile.down);
            }
        }
        std::vector<stored_block> strips;
        std::size_t const height = full().block.h, per_row = full().nominal / std::min(height, full().nominal);
        for (std::size_t i = 0; i < whole.size(); ++i)
            for (std::size_t plane = 0; plane < pages_.planes(); ++plane)
                for (std::size_t y = 0; y < whole[i].height(); y += height) {
                    std::size_t const h = std::min(height, whole[i].height() - y);
                    strips.push_back({plane,
                                      rows[i] * per_row + y / height,
                                      &whole[i],
                                      {0, y, full().size.w, h},
                                      {full().size.w, h, false}});
                }
        store(0, strips);
    }

    void store(std::size_t level, std::vector<stored_block>& blocks) {
        parallel_for(blocks.size(), threads_, [&](std::size_t i) {
            auto pixels = interleave(blocks[i]);
            blocks[i].bytes = detail::encode_block(pages_.block(), blocks[i].extent, pixels);
        });
        for (stored_block& block : blocks)
            pages_.put(block.plane, level, block.number, block.bytes);
    }

    /// Whole pixels after one another. What lies beyond the image repeats its edge: JPEG would mix anything else into
    /// the last pixels.
    std::vector<unsigned char> interleave(stored_block const& block) const {
        std::size_t const samples = pages_.block().samples;
        std::vector<unsigned char> bytes(block.extent.w * block.extent.h * samples * sizeof(T));
        auto* const values = reinterpret_cast<T*>(bytes.data());
        for (std::size_t y = 0; y < block.extent.h; ++y)
            for (std::size_t s = 0; s < samples; ++s) {
                T const* const from =
                    block.source->row(block.plane * samples + s, block.part.y + std::min(y, block.part.h - 1)) +
                    block.part.x;
                T* const to = values + y * block.extent.w * samples + s;
                for (std::size_t x = 0; x < block.part.w; ++x)
                    to[x * samples] = from[x];
                for (std::size_t x = block.part.w; x < block.extent.w; ++x)
                    to[x * samples] = from[block.part.w - 1];
            }
        return bytes;
    }

    static void paste(image<T> const& part, std::size_t x, std::size_t y, image<T>& target) {
        for (std::size_t c = 0; c < part.channels(); ++c)
            for (std::size_t row = 0; row < part.height(); ++row)
                std::copy_n(part.row(c, row), part.width(), target.row(c, y + row) + x);
    }

    /// Puts tiles of a level into those of the next; returns the ones that are complete.
    std::vector<slide_tile<T>> shrink(std::size_t level, std::vector<slide_tile<T>> const& tiles) {
        detail::planned_level const &l = pages_.levels()[level], &next = pages_.levels()[level + 1];
        struct job {
            image<T> const* source;
            region at;
            image<T>* target;
        };
        std::vector<job> jobs;
        std::vector<std::pair<std::size_t, std::size_t>> complete;  // down, across
        for (slide_tile<T> const& tile : tiles) {
            std::size_t const across = tile.across / 2, down = tile.down / 2;
            if (across >= next.squares_across() || down >= next.squares_down())
                continue;  // the odd last row or column of the level
            region const place = square(next, across, down);
            waiting& parent = partial_[level + 1][{down, across}];
            if (parent.tiles == 0) {
                parent.pixels = image<T>({channels_, place.h, place.w});
                parent.tiles = std::min<std::size_t>(2, l.squares_across() - 2 * across) *
                               std::min<std::size_t>(2, l.squares_down() - 2 * down);
            }
            std::size_t const x = tile.across % 2 * (next.nominal / 2), y = tile.down % 2 * (next.nominal / 2);
            jobs.push_back({&tile.pixels, {x, y, tile.pixels.width() / 2, tile.pixels.height() / 2}, &parent.pixels});
            if (--parent.tiles == 0)
                complete.emplace_back(down, across);
        }
        parallel_for(jobs.size(), threads_,
                     [&](std::size_t i) { detail::halve_into(*jobs[i].source, jobs[i].at, *jobs[i].target, nodata_); });
        std::vector<slide_tile<T>> done;
        for (auto const& [down, across] : complete) {
            auto const place = partial_[level + 1].find({down, across});
            done.push_back({across, down, std::move(place->second.pixels)});
            partial_[level + 1].erase(place);
        }
        return done;
    }

    std::size_t channels_;
    std::optional<double> nodata_;
    int threads_;
    detail::slide_pages pages_;
    std::vector<bool> arrived_{};
    std::vector<std::map<std::pair<std::size_t, std::size_t>, waiting>> partial_{};  // of each level: (down, across)
    std::map<std::size_t, waiting> bands_{};                                         // rows of tiles, for strips
};

}}  // namespace comir::COMIR_ABI
