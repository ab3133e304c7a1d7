#pragma once

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
        detail::tiff_block const block = detail::tiff_block_at(first, index.across, index.down);
        return with_sample_type(first.type(), [&]<class T>(T) -> any_image {
            image<T> tile({info().channels, block.rows, block.columns});
            for (std::size_t plane = 0; plane < planes.size(); ++plane)
                read_plane(index.level, plane, block, tile);
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
    struct idle_reader {
        std::size_t level, plane;
        std::unique_ptr<page_reader> reader;
    };

    template <class T>
    void read_plane(std::size_t level, std::size_t plane, detail::tiff_block const& block, image<T>& tile) const {
        std::unique_ptr<page_reader> reader = take(level, plane);
        if (structure_.levels[level].size() == 1) {
            reader->blocks.read(block, tile, {0, 0, block.columns, block.rows},
                                detail::absent_value<T>(info().nodata));
        } else {
            std::size_t const channels = structure_.levels[level][plane].layout.shape.c;
            image<T> part({channels, block.rows, block.columns});
            reader->blocks.read(block, part, {0, 0, block.columns, block.rows},
                                detail::absent_value<T>(info().nodata));
            std::ranges::copy(part.values(), tile.channel(plane * channels).begin());
        }
        give_back({level, plane, std::move(reader)});
    }

    /// Opening a page costs the reading of its table of tiles, so that streams wait for the next tile.
    std::unique_ptr<page_reader> take(std::size_t level, std::size_t plane) const {
        {
            std::lock_guard const lock(mutex_);
            for (auto it = idle_.rbegin(); it != idle_.rend(); ++it)
                if (it->level == level && it->plane == plane) {
                    auto reader = std::move(it->reader);
                    idle_.erase(std::next(it).base());
                    return reader;
                }
        }
        return std::make_unique<page_reader>(input_, structure_.levels[level][plane]);
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
