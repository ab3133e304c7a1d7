#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include <comir/io/input_file.hpp>
#include <comir/io/slide/slide_info.hpp>
#include <comir/io/slide/tiff_page_pool.hpp>
#include <comir/io/slide/tiff_structure.hpp>
#include <comir/io/slide/tile_cache.hpp>
#include <comir/io/tiff_block.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A TIFF or BigTIFF file read by tiles or strips: pyramids in SubIFDs or in pages, channels in pages, OME-TIFF,
/// ImageJ, GeoTIFF's pixel size and no-data.
/// Threads: read_tile may run from several threads
class tiff_slide {
public:
    /// Reads the directories of the file, no pixels. `who` begins the messages of errors.
    /// Errors: error if the file cannot be opened; format_error if its first page is damaged or of a kind that comir
    ///         does not read
    tiff_slide(std::string const& who, std::filesystem::path const& path) : input_(who, path) {
        detail::tiff_stream const file(input_, input_.where());
        structure_ = detail::read_tiff_structure(file, limits());
    }

    tiff_slide(tiff_slide const&) = delete;
    tiff_slide& operator=(tiff_slide const&) = delete;

    slide_info const& info() const { return structure_.info; }

    /// The pixels of a tile, the part of it that lies within the level.
    /// Errors: format_error if the tile is damaged
    any_image read_tile(tile_index const& index) const {
        detail::tiff_planes const& planes = structure_.levels[index.level];
        detail::tiff_layout const& first = planes[0].layout;
        slide_level const& level = info().levels[index.level];
        std::size_t const y = index.down * level.tile.h, rows = std::min(level.tile.h, level.size.h - y);
        std::size_t const x = index.across * level.tile.w, columns = std::min(level.tile.w, level.size.w - x);
        return with_sample_type(first.type(), [&]<class T>(T) -> any_image {
            image<T> tile({info().channels, rows, columns});
            for (std::size_t plane = 0; plane < planes.size(); ++plane)
                for (std::size_t from = y; from < y + rows; from += first.tile_h)
                    pages_.read_block({index.level, plane},
                                      detail::tiff_block_at(first, index.across, from / first.tile_h), {x, y}, tile);
            return tile;
        });
    }

private:
    detail::tiff_limits limits() const {
        return {.file_size = input_.size(),
                .max_values = std::uint64_t{1} << 62,
                .max_block_bytes = std::uint64_t{1} << 28};
    }

    input_file input_;
    detail::tiff_structure structure_{};
    mutable detail::tiff_page_pool pages_{input_, structure_};
};

}}  // namespace comir::COMIR_ABI
