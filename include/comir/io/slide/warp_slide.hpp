#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <comir/core/parallel_throwing.hpp>
#include <comir/io/slide/slide.hpp>
#include <comir/io/slide/slide_format.hpp>
#include <comir/io/slide/slide_writer.hpp>
#include <comir/io/slide/tile_blocks.hpp>
#include <comir/io/slide/warp_region.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The grid on which a slide is resampled, and how the result is written.
struct warped_slide {
    std::filesystem::path path{};
    extent2 size{};                     // of the fixed image, px
    std::optional<pixel_size> pixel{};  // of the fixed image
    warp_region_options warp{};
    slide_format format{};
    std::function<bool(double)> on_progress{};  // called with the share that is done, 0 to 1; false stops
};

/// Resamples a slide on the grid of the fixed image and writes it as a pyramidal OME-TIFF, tile by tile: with the
/// moving slide's channels, their names, type and no-data, and the fixed image's pixel size. Only the parts of the
/// moving slide that a tile shows are read, of the coarsest level that is as fine as the result. Memory holds the
/// slide's cache and some tiles, whatever the size of either image.
/// `fixed_to_moving` is any callable from point2 to point2, in pixels of the full images; it may be called from several
/// threads at once.
/// Returns: false if on_progress stopped it; then no file is left
/// Errors:  those of slide::read and slide_writer; error if the fill value does not fit the slide's type
/// Threads: format.threads; the same bytes for any number
template <class Map>
bool warp_slide(slide const& moving, Map const& fixed_to_moving, warped_slide const& result) {
    static_assert(std::is_invocable_r_v<point2, Map const&, point2>,
                  "comir: warp_slide needs a map: a callable from point2 to point2, such as a transform");
    slide_info const& info = moving.info();
    require<shape_error>(result.size.w > 0 && result.size.h > 0, "comir::warp_slide: the fixed image is ",
                         result.size.w, " x ", result.size.h, " px, expected at least one pixel");
    warp_region_options warp = result.warp;
    if (!warp.level)
        warp.level = level_for(info, detail::typical_scale(fixed_to_moving, {0, 0, result.size.w, result.size.h}));
    slide_content const content{{info.channels, result.size.h, result.size.w},
                                info.colour && (info.channels == 3 || (info.channels == 4 && info.alpha)),
                                info.alpha,
                                info.premultiplied,
                                result.pixel,
                                info.channel_names,
                                info.nodata};
    return with_sample_type(info.type, [&]<class T>(T) {
        slide_writer<T> writer(result.path, content, result.format);
        slide_tile_grid grid{writer.tiles_across(), writer.tiles_down()};
        double const all = static_cast<double>(grid.across) * static_cast<double>(grid.down);
        double done = 0.0;
        bool going = true;
        for_each_tile_block(grid, [&](std::vector<tile_place> const& places) {
            if (!going)
                return;
            std::vector<slide_tile<T>> tiles(places.size());
            parallel_for_throwing(places.size(), result.format.threads, [&](std::size_t i) {
                std::size_t const x = places[i].across * writer.tile(), y = places[i].down * writer.tile();
                region const r{x, y, std::min(writer.tile(), result.size.w - x),
                               std::min(writer.tile(), result.size.h - y)};
                tiles[i] = {places[i].across, places[i].down, warp_region<T>(moving, fixed_to_moving, r, warp)};
            });
            writer.write(std::move(tiles));
            done += static_cast<double>(places.size());
            going = !result.on_progress || result.on_progress(done / all);
        });
        if (going)
            writer.commit();
        return going;
    });
}

}}  // namespace comir::COMIR_ABI
