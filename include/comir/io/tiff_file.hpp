#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <comir/io/any_image.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/input_file.hpp>
#include <comir/io/tiff_nodata.hpp>
#include <comir/io/tiff_stream.hpp>
#include <comir/io/tiff_tags.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// How a page stores its pixels: strips are tiles as wide as the image.
struct tiff_layout {
    image_shape shape;
    std::uint16_t bits = 0, format = 0, photometric = 0;
    bool tiled = false, alpha = false, premultiplied = false;
    std::size_t planes = 1;  // 1: the channels of a pixel lie together
    std::size_t tile_h = 0, tile_w = 0, tile_values = 0;
};

inline tiff_layout read_tiff_layout(tiff_stream const& file, std::uint64_t file_size, std::uint64_t max_values) {
    std::string const& where = file.where();
    tiff_layout l;
    std::uint16_t const samples = file.tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
    l.shape = checked_image_shape(where, samples, file.tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0),
                                  file.tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0), max_values);
    require<format_error>(file.tag<std::uint32_t>(TIFFTAG_IMAGEDEPTH, 1) == 1, where,
                          ": the page is a volume, expected a plane");

    l.bits = file.tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
    l.format = file.tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    if (l.format == SAMPLEFORMAT_VOID)
        l.format = SAMPLEFORMAT_UINT;
    bool const integers = l.format == SAMPLEFORMAT_UINT || l.format == SAMPLEFORMAT_INT;
    require<format_error>((integers && (l.bits == 8 || l.bits == 16 || l.bits == 32)) ||
                              (l.format == SAMPLEFORMAT_IEEEFP && (l.bits == 32 || l.bits == 64)),
                          where, ": the page has ", l.bits, " bits of sample format ", l.format,
                          ", expected 8, 16 or 32 bits unsigned (1) or signed (2) or 32 or 64 bits floating point (3); "
                          "convert the file");
    l.photometric = file.tag<std::uint16_t>(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    require<format_error>(l.photometric <= PHOTOMETRIC_RGB, where, ": the page has photometric interpretation ",
                          l.photometric, ", expected grey (0, 1) or RGB (2); convert palette and other colours to RGB");
    std::uint16_t const compression = file.tag<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    require<format_error>(TIFFIsCODECConfigured(compression) == 1, where, ": compression ", compression,
                          " is not available in this libtiff; save the file with LZW, deflate or no compression");

    std::uint16_t extra_count = 0;
    std::uint16_t const* extra = nullptr;
    if (TIFFGetFieldDefaulted(file.get(), TIFFTAG_EXTRASAMPLES, &extra_count, &extra) == 1 && extra_count > 0)
        l.alpha = samples > 1 && (extra[extra_count - 1] == EXTRASAMPLE_ASSOCALPHA ||
                                  extra[extra_count - 1] == EXTRASAMPLE_UNASSALPHA);
    l.premultiplied = l.alpha && extra[extra_count - 1] == EXTRASAMPLE_ASSOCALPHA;
    if (file.tag<std::uint16_t>(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE)
        l.planes = l.shape.c;

    l.tiled = TIFFIsTiled(file.get()) != 0;
    std::uint64_t tile_h = file.tag<std::uint32_t>(l.tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, 0);
    std::uint64_t const tile_w = l.tiled ? file.tag<std::uint32_t>(TIFFTAG_TILEWIDTH, 0) : l.shape.w;
    if (!l.tiled)
        tile_h = std::min<std::uint64_t>(tile_h, l.shape.h);
    image_shape const tile = checked_image_shape(where, l.shape.c / l.planes, tile_h, tile_w, max_values);
    l.tile_h = tile.h;
    l.tile_w = tile.w;
    l.tile_values = tile.size();
    tmsize_t const bytes = l.tiled ? TIFFTileSize(file.get()) : TIFFStripSize(file.get());
    require<format_error>(bytes > 0 && static_cast<std::size_t>(bytes) == l.tile_values * (l.bits / 8u), where,
                          ": the TIFF file is damaged: its tiles or strips have the wrong size");

    // No more than 4096 bytes can come out of one byte of these compressions (LZW: a string of the table's length
    // from 12 bits); nothing is allocated for promises that the file cannot keep.
    bool const bounded = compression == COMPRESSION_NONE || compression == COMPRESSION_LZW ||
                         compression == COMPRESSION_ADOBE_DEFLATE || compression == COMPRESSION_DEFLATE ||
                         compression == COMPRESSION_PACKBITS;
    double const largest = static_cast<double>(std::max(l.shape.size(), l.tile_values)) * l.bits / 8;
    require<format_error>(!bounded || largest <= 4096.0 * static_cast<double>(file_size), where,
                          ": the TIFF file is damaged: ", file_size, " bytes cannot hold the declared ", l.shape.w,
                          " x ", l.shape.h, " pixels");
    return l;
}

/// As ITK reads it, in millimetres and without a resolution that has no unit: transform files for ITK and elastix hold
/// only where both programs take the same pixel size from an image.
inline std::array<double, 2> tiff_spacing(tiff_stream const& file) {
    auto const unit = file.tag<std::uint16_t>(TIFFTAG_RESOLUTIONUNIT, RESUNIT_NONE);
    if (double const length = unit == RESUNIT_INCH ? 25.4 : unit == RESUNIT_CENTIMETER ? 10.0 : 0.0; length > 0) {
        double const x = file.tag<float>(TIFFTAG_XRESOLUTION, 0.0f), y = file.tag<float>(TIFFTAG_YRESOLUTION, 0.0f);
        if (std::isnormal(x) && std::isnormal(y) && x > 0 && y > 0)
            return {length / x, length / y};
    }
    return {1.0, 1.0};
}

template <class Stored, class T>
image<T> read_tiff_pixels(tiff_stream const& file, tiff_layout const& l) {
    image<T> result(l.shape);
    std::vector<Stored> tile(l.tile_values);
    std::size_t const per_pixel = l.shape.c / l.planes;
    for (std::size_t plane = 0; plane < l.planes; ++plane)
        for (std::size_t y0 = 0; y0 < l.shape.h; y0 += l.tile_h)
            for (std::size_t x0 = 0; x0 < l.shape.w; x0 += l.tile_w) {
                std::size_t const rows = std::min(l.tile_h, l.shape.h - y0),
                                  columns = std::min(l.tile_w, l.shape.w - x0);
                auto const x = static_cast<std::uint32_t>(x0), y = static_cast<std::uint32_t>(y0);
                auto const sample = static_cast<std::uint16_t>(plane);
                // The last strip ends with the image, tiles are always full.
                auto const bytes =
                    static_cast<tmsize_t>((l.tiled ? l.tile_h : rows) * l.tile_w * per_pixel * sizeof(Stored));
                tmsize_t const got =
                    l.tiled
                        ? TIFFReadEncodedTile(file.get(), TIFFComputeTile(file.get(), x, y, 0, sample), tile.data(),
                                              bytes)
                        : TIFFReadEncodedStrip(file.get(), TIFFComputeStrip(file.get(), y, sample), tile.data(), bytes);
                require<format_error>(got == bytes, file.where(), ": the TIFF file is damaged: ", file.reason());
                for (std::size_t c = 0; c < per_pixel; ++c)
                    for (std::size_t row = 0; row < rows; ++row) {
                        Stored const* from = tile.data() + row * l.tile_w * per_pixel + c;
                        T* to = result.row(plane + c, y0 + row) + x0;
                        for (std::size_t i = 0; i < columns; ++i)
                            to[i] = static_cast<T>(from[i * per_pixel]);
                    }
            }
    if constexpr (std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t>)
        if (l.photometric == PHOTOMETRIC_MINISWHITE)
            for (std::size_t c = 0; c < l.shape.c - (l.alpha ? 1 : 0); ++c)
                for (T& value : result.channel(c))
                    value = static_cast<T>(std::numeric_limits<T>::max() - value);
    result.spacing = tiff_spacing(file);
    return result;
}

/// The page's pixels in the type that they are stored in, if any_image has no such type.
inline std::optional<exact_image> read_tiff_exactly(tiff_stream const& file, tiff_layout const& l) {
    bool const is_signed = l.format == SAMPLEFORMAT_INT;
    if (l.format == SAMPLEFORMAT_IEEEFP)
        return l.bits == 64 ? std::optional<exact_image>(read_tiff_pixels<double, double>(file, l)) : std::nullopt;
    if (l.bits == 32 && is_signed)
        return read_tiff_pixels<std::int32_t, std::int32_t>(file, l);
    if (l.bits == 32)
        return read_tiff_pixels<std::uint32_t, std::uint32_t>(file, l);
    if (!is_signed)
        return {};
    if (l.bits == 8)
        return read_tiff_pixels<std::int8_t, std::int8_t>(file, l);
    return read_tiff_pixels<std::int16_t, std::int16_t>(file, l);
}

inline any_image read_tiff_values(tiff_stream const& file, tiff_layout const& l) {
    bool const is_signed = l.format == SAMPLEFORMAT_INT;
    if (l.format == SAMPLEFORMAT_IEEEFP)
        return l.bits == 32 ? read_tiff_pixels<float, float>(file, l) : read_tiff_pixels<double, float>(file, l);
    if (l.bits == 32)
        return is_signed ? read_tiff_pixels<std::int32_t, float>(file, l)
                         : read_tiff_pixels<std::uint32_t, float>(file, l);
    if (is_signed)
        return l.bits == 8 ? read_tiff_pixels<std::int8_t, float>(file, l)
                           : read_tiff_pixels<std::int16_t, float>(file, l);
    if (l.bits == 8)
        return read_tiff_pixels<std::uint8_t, std::uint8_t>(file, l);
    return read_tiff_pixels<std::uint16_t, std::uint16_t>(file, l);
}

inline void go_to_page(tiff_stream const& file, std::size_t page) {
    if (page == 0)
        return;
    tdir_t const pages = TIFFNumberOfDirectories(file.get());
    require(page < pages, file.where(), ": page ", page, " was asked for, the file has ", pages,
            "; pages count from 0");
    require<format_error>(TIFFSetDirectory(file.get(), static_cast<tdir_t>(page)) == 1, file.where(), ": page ", page,
                          " of the TIFF file is damaged: ", file.reason());
}

inline stored_image read_tiff(std::string const& who, std::filesystem::path const& path, read_image_options options) {
    input_file input(who, path);
    tiff_stream file(input, input.where());
    go_to_page(file, options.page);
    tiff_layout const layout = read_tiff_layout(file, input.size(), options.max_values);
    stored_image result{read_tiff_values(file, layout), layout.alpha, layout.premultiplied};
    result.geo = read_geo_tags(file);
    result.page_name = read_text_tag(file, TIFFTAG_PAGENAME);
    result.offset = offset_of_description(read_text_tag(file, TIFFTAG_IMAGEDESCRIPTION));
    if (auto const text = read_nodata_tag(file)) {
        result.nodata = parse_nodata(*text);
        result.unread_nodata = result.nodata ? "" : *text;
    }
    // The tag has the value as it is stored; pixels of these files are inverted where they are read.
    if (result.nodata && layout.photometric == PHOTOMETRIC_MINISWHITE)
        std::visit(
            [&]<class T>(image<T> const&) {
                if constexpr (std::is_integral_v<T>)
                    result.nodata = static_cast<double>(std::numeric_limits<T>::max()) - *result.nodata;
            },
            result.pixels);
    return result;
}

inline std::size_t count_tiff_pages(std::string const& who, std::filesystem::path const& path) {
    input_file input(who, path);
    tiff_stream const file(input, input.where());
    return TIFFNumberOfDirectories(file.get());
}

}}}  // namespace comir::COMIR_ABI::detail
