#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <comir/io/imagej.hpp>
#include <comir/io/ome_xml.hpp>
#include <comir/io/pixel_size.hpp>
#include <comir/io/tiff_layout.hpp>
#include <comir/io/tiff_stream.hpp>
#include <comir/io/tiff_tags.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Adds a line that a user should know of a file.
template <class... Parts>
void add_note(std::vector<std::string>& notes, Parts const&... parts) {
    std::string text;
    ((text += to_text(parts)), ...);
    notes.push_back(std::move(text));
}

/// What the description of a file's first page says in one of the forms that are known.
struct tiff_description {
    std::string text{};
    std::optional<ome_image> ome{};
    std::optional<imagej_description> imagej{};
};

inline tiff_description parse_tiff_description(std::string text, extent2 size, std::vector<std::string>& notes) {
    tiff_description result{std::move(text)};
    result.ome = read_ome_xml(result.text);
    if (result.ome && (result.ome->width != size.w || result.ome->height != size.h)) {
        // Programs that crop or shrink an image leave the text as it was.
        add_note(notes, "its OME-XML describes another image, of ", result.ome->width, " x ", result.ome->height,
                 " px; it is left out");
        result.ome.reset();
    }
    result.imagej = read_imagej_description(result.text);
    return result;
}

/// The best statement of the pixel size: the description's, GeoTIFF's, the resolution tags of the current page.
inline std::optional<pixel_size> read_tiff_pixel_size(tiff_stream const& file, tiff_description const& description) {
    if (description.ome && description.ome->size)
        return description.ome->size;
    if (description.imagej && description.imagej->unit) {
        double const unit = *description.imagej->unit;
        auto const x = static_cast<double>(file.tag<float>(TIFFTAG_XRESOLUTION, 0.0f));
        auto const y = static_cast<double>(file.tag<float>(TIFFTAG_YRESOLUTION, 0.0f));
        if (auto size = checked_pixel_size(unit / x, unit / y, "ImageJ"))
            return size;
    }
    if (auto const mpp = read_aperio_mpp(description.text))
        return pixel_size{*mpp, *mpp, "Aperio's description"};
    if (auto const metres = read_geotiff_metres(file); !metres.empty())
        if (auto size = checked_pixel_size(metres[0] * 1e6, metres[1] * 1e6, "GeoTIFF"))
            return size;
    if (auto const mm = read_tiff_resolution(file))
        return checked_pixel_size((*mm)[0] * 1e3, (*mm)[1] * 1e3, "resolution tags");
    return {};
}

inline void note_tiff_orientation(tiff_stream const& file, std::vector<std::string>& notes) {
    auto const orientation = file.tag<std::uint16_t>(TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    if (orientation != ORIENTATION_TOPLEFT)
        add_note(notes, "its orientation tag is ", orientation,
                 "; pixels are taken as stored, other programs mirror or turn such files");
}

/// Tells how many blocks of the current page the file does not hold: on purpose, as GDAL's SPARSE_OK writes images, or
/// because a program was stopped.
inline void note_missing_blocks(tiff_stream const& file, tiff_layout const& layout, std::vector<std::string>& notes) {
    std::size_t const count = layout.tiles_across() * layout.tiles_down() * layout.planes;
    std::size_t missing = 0;
    for (std::size_t i = 0; i < count; ++i)
        missing += TIFFGetStrileByteCount(file.get(), static_cast<std::uint32_t>(i)) == 0;
    if (missing > 0)
        add_note(notes, missing, " of its ", count, layout.tiled ? " tiles" : " strips",
                 " are not in the file; they are taken as no data");
}

}}}  // namespace comir::COMIR_ABI::detail
