#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <comir/io/input_file.hpp>
#include <comir/io/slide/slide_info.hpp>
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
                    read_block({index.level, plane},
                               detail::tiff_block_at(first, index.across, from / first.tile_h), {x, y}, tile);
            return tile;
        });
    }

private:
    /// A stream that stands on one page.
    struct page_reader {
        page_reader(input_file const& input, detail::tiff_page const& page)
            : stream(input, input.where(), false), blocks((select(page), stream), page.layout) {}
        void select(detail::tiff_page const& page) {
            require<format_error>(TIFFSetSubDirectory(stream.get(), page.offset) == 1, stream.where(),
                                  ": the TIFF file is damaged: ", stream.reason());
            if (page.layout.photometric == PHOTOMETRIC_YCBCR)
                TIFFSetField(stream.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        }
        detail::tiff_stream stream;
        detail::tiff_block_reader blocks;
    };
    struct page_number {
        std::size_t level, plane;

        bool operator==(page_number const&) const = default;
    };
    struct idle_reader {
        page_number page;
        std::unique_ptr<page_reader> reader;
    };
    struct corner {
        std::size_t x, y;
    };

    /// Puts a block of a page into a tile whose first pixel is the corner.
    template <class T>
    void read_block(page_number page, detail::tiff_block const& block, corner const& at, image<T>& tile) const {
        std::unique_ptr<page_reader> reader = take(page);
        region const place{block.x - at.x, block.y - at.y, block.columns, block.rows};
        T const absent = detail::absent_value<T>(info().nodata);
        detail::tiff_planes const& planes = structure_.levels[page.level];
        if (planes.size() == 1) {
            reader->blocks.read(block, tile, place, absent);
        } else {
            std::size_t const channels = planes[page.plane].layout.shape.c;
            image<T> part({channels, block.rows, block.columns});
            reader->blocks.read(block, part, {0, 0, block.columns, block.rows}, absent);
            for (std::size_t c = 0; c < channels; ++c)
                for (std::size_t y = 0; y < block.rows; ++y)
                    std::copy_n(part.row(c, y), block.columns,
                                tile.row(page.plane * channels + c, place.y + y) + place.x);
        }
        give_back({page, std::move(reader)});
    }

    /// Opening a page costs the reading of its table of tiles, so that streams wait for the next tile.
    std::unique_ptr<page_reader> take(page_number page) const {
        {
            std::lock_guard const lock(mutex_);
            for (auto it = idle_.rbegin(); it != idle_.rend(); ++it)
                if (it->page == page) {
                    auto reader = std::move(it->reader);
                    idle_.erase(std::next(it).base());
                    return reader;
                }
        }
        return std::make_unique<page_reader>(input_, structure_.levels[page.level][page.plane]);
    }
    void give_back(idle_reader reader) const {
        constexpr std::size_t most = 64;
        std::lock_guard const lock(mutex_);
        idle_.push_back(std::move(reader));
        if (idle_.size() > most)
            idle_.erase(idle_.begin());
    }

    detail::tiff_limits limits() const {
        return {.file_size = input_.size(),
                .max_values = std::uint64_t{1} << 62,
                .max_block_bytes = std::uint64_t{1} << 28};
    }

    input_file input_;
    detail::tiff_structure structure_{};
    mutable std::mutex mutex_;
    mutable std::vector<idle_reader> idle_{};
};

}}  // namespace comir::COMIR_ABI
