#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/io/input_file.hpp>
#include <comir/io/slide/tiff_structure.hpp>
#include <comir/io/tiff_block.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Streams on the pages of a file. Opening a page costs the reading of its table of tiles, so that streams wait for the
/// next block.
/// Threads: safe; each block is read on a stream of its own
class tiff_page_pool {
public:
    struct page_number {
        std::size_t level, plane;

        bool operator==(page_number const&) const = default;
    };
    struct corner {
        std::size_t x, y;
    };

    tiff_page_pool(input_file const& input, tiff_structure const& structure) : input_(input), structure_(structure) {}

    /// Puts a block of a page into a tile whose first pixel is the corner.
    /// Errors: format_error if the block is damaged
    template <class T>
    void read_block(page_number page, tiff_block const& block, corner const& at, image<T>& tile) {
        std::unique_ptr<page_reader> reader = take(page);
        region const place{block.x - at.x, block.y - at.y, block.columns, block.rows};
        T const absent = absent_value<T>(structure_.info.nodata);
        tiff_planes const& planes = structure_.levels[page.level];
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

private:
    /// A stream that stands on one page.
    struct page_reader {
        page_reader(input_file const& input, tiff_page const& page)
            : stream(input, input.where(), false), blocks(select(page), page.layout) {}
        tiff_stream const& select(tiff_page const& page) {
            require<format_error>(TIFFSetSubDirectory(stream.get(), page.offset) == 1, stream.where(),
                                  ": the TIFF file is damaged: ", stream.reason());
            if (page.layout.photometric == PHOTOMETRIC_YCBCR)
                TIFFSetField(stream.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
            return stream;
        }
        tiff_stream stream;
        tiff_block_reader blocks;
    };
    struct idle_reader {
        page_number page;
        std::unique_ptr<page_reader> reader;
    };

    std::unique_ptr<page_reader> take(page_number page) {
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
    void give_back(idle_reader reader) {
        constexpr std::size_t most = 64;
        std::lock_guard const lock(mutex_);
        idle_.push_back(std::move(reader));
        if (idle_.size() > most)
            idle_.erase(idle_.begin());
    }

    input_file const& input_;
    tiff_structure const& structure_;
    std::mutex mutex_;
    std::vector<idle_reader> idle_{};
};

}}}  // namespace comir::COMIR_ABI::detail
