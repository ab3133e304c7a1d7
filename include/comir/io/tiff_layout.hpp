#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <comir/io/any_image.hpp>
#include <comir/io/pixel_size.hpp>
#include <comir/io/sample_type.hpp>
#include <comir/io/tiff_stream.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// How a page stores its pixels, and as what they are read. Blocks are its tiles or strips; strips are as wide as the
/// image.
struct tiff_layout {
    image_shape shape;  // as read: palettes and YCbCr give three channels
    std::uint16_t bits = 0, format = 0, photometric = 0, compression = 0;
    bool tiled = false, alpha = false, premultiplied = false;
    std::size_t samples = 1;  // stored for a pixel
    std::size_t planes = 1;   // 1: the samples of a pixel lie together
    std::size_t tile_h = 0, tile_w = 0;
    std::size_t row_bytes = 0;  // of a row of a block of one plane, decoded

    sample_type type() const {
        bool const whole = format == SAMPLEFORMAT_UINT && bits <= 16;
        return !whole                                            ? sample_type::f32
               : bits <= 8 || photometric == PHOTOMETRIC_PALETTE ? sample_type::u8
                                                                 : sample_type::u16;
    }
    /// What the largest stored number of a whole-number image becomes.
    unsigned white() const { return bits <= 8 ? 255u : (1u << bits) - 1u; }
    std::size_t tiles_across() const { return (shape.w + tile_w - 1) / tile_w; }
    std::size_t tiles_down() const { return (shape.h + tile_h - 1) / tile_h; }
    /// Whether one byte gives no more than 4096 (LZW: a string of the table's length from 12 bits): nothing is then
    /// allocated for promises that a file cannot keep.
    bool can_hold(std::uint64_t file_size, double bytes) const {
        bool const bounded = compression == COMPRESSION_NONE || compression == COMPRESSION_LZW ||
                             compression == COMPRESSION_ADOBE_DEFLATE || compression == COMPRESSION_DEFLATE ||
                             compression == COMPRESSION_PACKBITS;
        return !bounded || bytes <= 4096.0 * static_cast<double>(file_size);
    }
    bool inverted() const { return photometric == PHOTOMETRIC_MINISWHITE && type() != sample_type::f32; }
};

/// How much a page may ask for.
struct tiff_limits {
    std::uint64_t file_size = 0;
    std::uint64_t max_values = 0;                            // of the whole page
    std::uint64_t max_block_bytes = std::uint64_t{1} << 31;  // of one tile or strip, decoded
    std::optional<std::uint16_t> format{};  // sample format where the page states none: that of its full image
};

inline void check_tiff_samples(std::string const& where, tiff_layout const& l) {
    bool const integers = l.format == SAMPLEFORMAT_UINT || l.format == SAMPLEFORMAT_INT;
    bool const packed = l.format == SAMPLEFORMAT_UINT &&
                        (l.bits == 1 || l.bits == 2 || l.bits == 4 || l.bits == 10 || l.bits == 12 || l.bits == 14);
    require<format_error>((integers && (l.bits == 8 || l.bits == 16 || l.bits == 32)) || packed ||
                              (l.format == SAMPLEFORMAT_IEEEFP && (l.bits == 16 || l.bits == 32 || l.bits == 64)),
                          where, ": the page has ", l.bits, " bits of sample format ", l.format,
                          ", expected 1, 2, 4, 8, 10, 12, 14, 16 or 32 bits unsigned (1), 8, 16 or 32 signed (2), or "
                          "16, 32 or 64 bits floating point (3); convert the file");
    require<format_error>(l.photometric != PHOTOMETRIC_SEPARATED, where,
                          ": the page holds CMYK inks, which become colours only by the printer's profile; convert "
                          "the file to RGB");
    bool const ycbcr = l.photometric == PHOTOMETRIC_YCBCR;
    require<format_error>(l.photometric <= PHOTOMETRIC_PALETTE || ycbcr, where,
                          ": the page has photometric interpretation ", l.photometric,
                          ", expected grey (0, 1), RGB (2), palette (3) or YCbCr (6); convert the file to RGB");
    require<format_error>(!ycbcr || (l.compression == COMPRESSION_JPEG && l.bits == 8 && l.samples == 3), where,
                          ": the page is YCbCr of compression ", l.compression, ", ", l.bits, " bits and ", l.samples,
                          " samples, expected JPEG (7) of 8 bits and 3 samples; convert the file to RGB");
    require<format_error>(
        l.photometric != PHOTOMETRIC_PALETTE || (l.samples == 1 && l.bits <= 16 && l.format == SAMPLEFORMAT_UINT),
        where, ": the page has a palette and ", l.samples, " samples of ", l.bits,
        " bits, expected 1 of 1 to 16 bits; convert the file to RGB");
}

inline void read_tiff_blocks(tiff_stream const& file, tiff_layout& l, tiff_limits const& limits) {
    std::string const& where = file.where();
    l.tiled = TIFFIsTiled(file.get()) != 0;
    std::uint64_t tile_h = file.tag<std::uint32_t>(l.tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, 0);
    std::uint64_t const tile_w = l.tiled ? file.tag<std::uint32_t>(TIFFTAG_TILEWIDTH, 0) : l.shape.w;
    if (!l.tiled)
        tile_h = std::min<std::uint64_t>(tile_h, l.shape.h);
    image_shape const tile = checked_image_shape(where, l.samples / l.planes, tile_h, tile_w, limits.max_block_bytes);
    l.tile_h = tile.h;
    l.tile_w = tile.w;
    std::uint64_t const row_bits = std::uint64_t{tile.w} * tile.c * l.bits;
    l.row_bytes = static_cast<std::size_t>((row_bits + 7) / 8);
    std::uint64_t const block_bytes = std::uint64_t{l.row_bytes} * tile.h;
    require<format_error>(block_bytes <= limits.max_block_bytes, where, ": a ", l.tiled ? "tile" : "strip", " of ",
                          tile.w, " x ", tile.h, " pixels has ", block_bytes, " bytes, expected at most ",
                          limits.max_block_bytes, "; write the file with smaller tiles");
    tmsize_t const bytes = l.tiled ? TIFFTileSize(file.get()) : TIFFStripSize(file.get());
    require<format_error>(bytes > 0 && static_cast<std::uint64_t>(bytes) == block_bytes, where,
                          ": the TIFF file is damaged: its tiles or strips have the wrong size");
    require<format_error>(l.can_hold(limits.file_size, static_cast<double>(block_bytes)), where,
                          ": the TIFF file is damaged: ", limits.file_size, " bytes cannot hold the declared ", tile.w,
                          " x ", tile.h, " pixels of a ", l.tiled ? "tile" : "strip");
}

/// What the current page of a file holds, refused if it cannot be read.
inline tiff_layout read_tiff_layout(tiff_stream const& file, tiff_limits const& limits) {
    std::string const& where = file.where();
    require<format_error>(!file.take_short_table(), where,
                          ": the TIFF file is damaged: it does not say where all of the tiles or strips are");
    tiff_layout l;
    l.samples = file.tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
    l.bits = file.tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
    bool const stated = TIFFGetField(file.get(), TIFFTAG_SAMPLEFORMAT, &l.format) == 1;
    if (!stated || l.format == SAMPLEFORMAT_VOID)
        l.format = limits.format.value_or(static_cast<std::uint16_t>(SAMPLEFORMAT_UINT));
    l.photometric = file.tag<std::uint16_t>(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    l.compression = file.tag<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    bool const colours = l.photometric == PHOTOMETRIC_PALETTE;
    l.shape = checked_image_shape(where, colours ? 3 : l.samples, file.tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0),
                                  file.tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0), limits.max_values);
    require<format_error>(file.tag<std::uint32_t>(TIFFTAG_IMAGEDEPTH, 1) == 1, where,
                          ": the page is a volume, expected a plane");
    check_tiff_samples(where, l);
    require<format_error>(TIFFIsCODECConfigured(l.compression) == 1, where, ": compression ", l.compression,
                          " is not available in this libtiff; save the file with LZW, deflate or no compression");

    std::uint16_t extra_count = 0;
    std::uint16_t const* extra = nullptr;
    if (TIFFGetFieldDefaulted(file.get(), TIFFTAG_EXTRASAMPLES, &extra_count, &extra) == 1 && extra_count > 0)
        l.alpha = l.samples > 1 && (extra[extra_count - 1] == EXTRASAMPLE_ASSOCALPHA ||
                                    extra[extra_count - 1] == EXTRASAMPLE_UNASSALPHA);
    l.premultiplied = l.alpha && extra[extra_count - 1] == EXTRASAMPLE_ASSOCALPHA;
    if (file.tag<std::uint16_t>(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE)
        l.planes = l.samples;
    if (l.photometric == PHOTOMETRIC_YCBCR) {
        require<format_error>(l.planes == 1, where, ": the page is YCbCr in separate planes; convert the file to RGB");
        // libtiff then decodes to RGB; else it gives the YCbCr values of the stream, subsampled.
        require<format_error>(TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB) == 1, where,
                              ": this libtiff cannot turn YCbCr into RGB");
    }
    read_tiff_blocks(file, l, limits);
    return l;
}

/// The pixel size in mm by the resolution tags, as ITK takes it: a resolution without a unit has none. libtiff's usual
/// way of asking hides that the unit is missing.
inline std::optional<std::array<double, 2>> read_tiff_resolution(tiff_stream const& file) {
    std::uint16_t unit = RESUNIT_NONE;
    float x = 0.0f, y = 0.0f;
    if (TIFFGetField(file.get(), TIFFTAG_RESOLUTIONUNIT, &unit) != 1 ||
        TIFFGetField(file.get(), TIFFTAG_XRESOLUTION, &x) != 1 ||
        TIFFGetField(file.get(), TIFFTAG_YRESOLUTION, &y) != 1)
        return {};
    double const length = unit == RESUNIT_INCH ? 25.4 : unit == RESUNIT_CENTIMETER ? 10.0 : 0.0;
    if (length == 0.0 || !std::isnormal(x) || !std::isnormal(y) || x <= 0.0f || y <= 0.0f)
        return {};
    std::array<double, 2> size{length / static_cast<double>(x), length / static_cast<double>(y)};
    // What a file loses of a number makes neither an oblong pixel nor another size than 1 (ITK's for no size at all).
    if (same_pixel_size(size[1], size[0]))
        size[1] = size[0];
    for (double& side : size)
        if (same_pixel_size(side, 1.0))
            side = 1.0;
    return size;
}

}}}  // namespace comir::COMIR_ABI::detail
