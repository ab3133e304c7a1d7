#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <comir/image/image.hpp>
#include <comir/io/image_file.hpp>
#include <comir/io/slide/openslide_slide.hpp>
#include <comir/io/slide/png_slide.hpp>
#include <comir/io/slide/slide_info.hpp>
#include <comir/io/slide/tiff_slide.hpp>
#include <comir/io/slide/tile_cache.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How a slide is read.
struct slide_options {
    std::size_t cache_bytes = std::size_t{128} << 20;  // of decoded tiles that are kept
};

namespace detail {

struct tile_corner {
    std::size_t x, y;
};

/// Copies what the tile, whose first pixel is at `at` of a level, has of the wanted region.
template <class From, class To>
void copy_overlap(image<From> const& tile, tile_corner const& at, region const& wanted, image<To>& part) {
    std::size_t const x0 = std::max(at.x, wanted.x), x1 = std::min(at.x + tile.width(), wanted.x + wanted.w);
    std::size_t const y0 = std::max(at.y, wanted.y), y1 = std::min(at.y + tile.height(), wanted.y + wanted.h);
    for (std::size_t c = 0; c < part.channels(); ++c)
        for (std::size_t y = y0; y < y1; ++y) {
            From const* from = tile.row(c, y - at.y) + (x0 - at.x);
            To* to = part.row(c, y - wanted.y) + (x0 - wanted.x);
            for (std::size_t i = 0; i < x1 - x0; ++i)
                to[i] = static_cast<To>(from[i]);
        }
}

/// Sets spacing and origin of a part of a level, in mm, if the pixel size is known.
template <class T>
void place_part(slide_info const& info, std::size_t level, region const& r, image<T>& part) {
    if (!info.size)
        return;
    slide_level const& from = info.levels[level];
    std::array<double, 2> const full{info.size->x / 1e3, info.size->y / 1e3};
    point2 const first = from.to_full({static_cast<double>(r.x), static_cast<double>(r.y)});
    part.spacing = {full[0] * from.factor[0], full[1] * from.factor[1]};
    part.origin = {full[0] * first.x, full[1] * first.y};
}

}  // namespace detail

/// An image that is read in parts: its levels, channels, pixel size and no-data are known once it is open, pixels are
/// read where they are asked for. Pixels are as read_image gives them: the file's type, channels after one another.
/// A value that can be moved.
/// Threads: all of const may run from several threads
class slide {
public:
    using source = std::variant<std::unique_ptr<tiff_slide>, std::unique_ptr<png_slide>
#if defined(COMIR_OPENSLIDE)
                                ,
                                std::unique_ptr<openslide_slide>
#endif
                                >;

    slide(source from, std::string where, slide_options const& options = {})
        : source_(std::move(from)),
          where_(std::move(where)),
          cache_(std::make_unique<tile_cache>(options.cache_bytes)) {}

    slide_info const& info() const {
        return std::visit([](auto const& held) -> slide_info const& { return held->info(); }, source_);
    }
    slide_level const& level(std::size_t i) const {
        return info().levels[i];
    }

    /// A tile, from the cache if it is there.
    /// Errors: error if there is no such tile; format_error if it is damaged
    std::shared_ptr<any_image const> read_tile(tile_index const& index) const {
        require(index.level < info().levels.size() && index.across < level(index.level).tiles_across() &&
                    index.down < level(index.level).tiles_down(),
                where_, ": there is no tile (", index.across, ", ", index.down, ") of level ", index.level);
        if (auto tile = cache_->find(index))
            return tile;
        auto tile = std::make_shared<any_image const>(
            std::visit([&](auto const& held) { return held->read_tile(index); }, source_));
        cache_->insert(index, tile);
        return tile;
    }

    /// Writes a part of a level, converted to T's type without scaling, to the image `part` of its size.
    /// Errors: shape_error if the region reaches beyond the level or part has another shape; those of read_tile
    template <class T>
    void read(std::size_t level_number, region const& r, image<T>& part) const {
        require(level_number < info().levels.size(), where_, ": level ", level_number, " was asked for, the slide has ",
                info().levels.size(), "; levels count from 0");
        slide_level const& from = level(level_number);
        require<shape_error>(
            r.w <= from.size.w && r.x <= from.size.w - r.w && r.h <= from.size.h && r.y <= from.size.h - r.h, where_,
            ": the region ", r.w, " x ", r.h, " at (", r.x, ", ", r.y, ") reaches beyond level ", level_number, " of ",
            from.size.w, " x ", from.size.h, " pixels");
        require<shape_error>(part.shape() == image_shape{info().channels, r.h, r.w}, where_, ": the part is ",
                             to_string(part.shape()), ", expected ", info().channels, " x ", r.h, " x ", r.w);
        if (r.w == 0 || r.h == 0)
            return;
        for (std::size_t down = r.y / from.tile.h; down <= (r.y + r.h - 1) / from.tile.h; ++down)
            for (std::size_t across = r.x / from.tile.w; across <= (r.x + r.w - 1) / from.tile.w; ++across) {
                auto const tile = read_tile({level_number, across, down});
                std::visit(
                    [&](auto const& held) {
                        detail::copy_overlap(held, {across * from.tile.w, down * from.tile.h}, r, part);
                    },
                    *tile);
            }
    }

    /// A part of a level, in the slide's type. Its spacing is the level's pixel size in mm, if that is known, and 1 if
    /// not; the origin is its place in level 0 in that unit.
    /// Errors: those of the other read
    any_image read(std::size_t level_number, region const& r) const {
        return with_sample_type(info().type, [&]<class T>(T) -> any_image {
            image<T> part({info().channels, r.h, r.w});
            read(level_number, r, part);
            detail::place_part(info(), level_number, r, part);
            return part;
        });
    }

    /// The whole of a level.
    /// Errors: those of read; format_error if it has more than `max_values` values
    any_image read_level(std::size_t level_number, std::uint64_t max_values = std::uint64_t{1} << 31) const {
        require(level_number < info().levels.size(), where_, ": level ", level_number, " was asked for, the slide has ",
                info().levels.size(), "; levels count from 0");
        extent2 const size = level(level_number).size;
        detail::checked_image_shape(where_, info().channels, size.h, size.w, max_values);
        return read(level_number, {0, 0, size.w, size.h});
    }

    /// "who: path", to begin a message with.
    std::string const& where() const {
        return where_;
    }

private:
    source source_;
    std::string where_;
    std::unique_ptr<tile_cache> cache_;
};

/// Opens an image to read it in parts: TIFF and BigTIFF with pyramids, OME-TIFF, PNG (read whole), and slide scanners'
/// files if comir was built with OpenSlide. The content decides, not the extension.
/// Errors: error if the file cannot be opened; format_error if it is damaged or of a kind that comir does not read
inline slide open_slide(std::filesystem::path const& path, slide_options const& options = {}) {
    std::string const who = "comir::open_slide";
    std::string const where = input_file(who, path).where();
#if defined(COMIR_OPENSLIDE)
    // A TIFF file of no vendor is read without OpenSlide, which knows neither its channels nor its pixel size.
    if (auto const vendor = openslide_slide::vendor(path); vendor && *vendor != "generic-tiff")
        return {std::make_unique<openslide_slide>(who, path), where, options};
#endif
    if (detail::image_format_of(who, path) == detail::image_format::png)
        return {std::make_unique<png_slide>(who, path), where, options};
    return {std::make_unique<tiff_slide>(who, path), where, options};
}

}}  // namespace comir::COMIR_ABI
