#pragma once

#include <algorithm>
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
    if constexpr (std::is_integral_v<T>)
        if (l.photometric == PHOTOMETRIC_MINISWHITE)
            for (std::size_t c = 0; c < l.shape.c - (l.alpha ? 1 : 0); ++c)
                for (T& value : result.channel(c))
                    value = static_cast<T>(std::numeric_limits<T>::max() - value);
    // As ITK reads it, in millimetres and without a resolution that has no unit: transform files for ITK and elastix
    // hold only where both programs take the same pixel size from an image.
    auto const unit = file.tag<std::uint16_t>(TIFFTAG_RESOLUTIONUNIT, RESUNIT_NONE);
    if (double const length = unit == RESUNIT_INCH ? 25.4 : unit == RESUNIT_CENTIMETER ? 10.0 : 0.0; length > 0) {
        double const x = file.tag<float>(TIFFTAG_XRESOLUTION, 0.0f), y = file.tag<float>(TIFFTAG_YRESOLUTION, 0.0f);
        if (std::isnormal(x) && std::isnormal(y) && x > 0 && y > 0)
            result.spacing = {length / x, length / y};
    }
    return result;
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

inline stored_image read_tiff(std::string const& who, std::filesystem::path const& path, read_image_options options) {
    input_file input(who, path);
    tiff_stream file(input, input.where());
    if (options.page > 0) {
        tdir_t const pages = TIFFNumberOfDirectories(file.get());
        require(options.page < pages, file.where(), ": page ", options.page, " was asked for, the file has ", pages,
                "; pages count from 0");
        require<format_error>(TIFFSetDirectory(file.get(), static_cast<tdir_t>(options.page)) == 1, file.where(),
                              ": page ", options.page, " of the TIFF file is damaged: ", file.reason());
    }
    tiff_layout const layout = read_tiff_layout(file, input.size(), options.max_values);
    stored_image result{read_tiff_values(file, layout), layout.alpha, layout.premultiplied};
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

/// What a file says of its pixels beside their values.
struct image_facts {
    bool alpha = false, premultiplied = false;
    std::optional<double> nodata{};
};

template <class T>
void write_tiff_tags(tiff_stream const& file, image<T> const& source, std::uint32_t rows_per_strip,
                     image_facts const& facts) {
    auto const set = [&](std::uint32_t tag, auto... value) {
        require(TIFFSetField(file.get(), tag, value...) == 1, file.where(),
                ": cannot write the TIFF file: ", file.reason());
    };
    constexpr bool integers = std::is_integral_v<T>;
    bool const colour = source.channels() == 3 || source.channels() == 4;
    set(TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(source.width()));
    set(TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(source.height()));
    set(TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(source.channels()));
    set(TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * sizeof(T)));
    set(TIFFTAG_SAMPLEFORMAT, integers ? SAMPLEFORMAT_UINT : SAMPLEFORMAT_IEEEFP);
    set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    set(TIFFTAG_PHOTOMETRIC, colour ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    set(TIFFTAG_ROWSPERSTRIP, rows_per_strip);
    // Float values hardly shrink. Of the compressions without loss, deflate is the one that most programs read.
    int const compression =
        TIFFIsCODECConfigured(COMPRESSION_ADOBE_DEFLATE) == 1 ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_LZW;
    set(TIFFTAG_COMPRESSION, integers ? compression : COMPRESSION_NONE);
    if (integers)
        set(TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    if (std::size_t const extra = source.channels() - (colour ? 3 : 1); extra > 0) {
        std::vector<std::uint16_t> kinds(extra, EXTRASAMPLE_UNSPECIFIED);
        if (facts.alpha)
            kinds.back() = facts.premultiplied ? EXTRASAMPLE_ASSOCALPHA : EXTRASAMPLE_UNASSALPHA;
        set(TIFFTAG_EXTRASAMPLES, static_cast<int>(extra), kinds.data());
    }
    if (source.spacing[0] > 0 && source.spacing[1] > 0 && (source.spacing[0] != 1.0 || source.spacing[1] != 1.0)) {
        set(TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
        set(TIFFTAG_XRESOLUTION, 10 / source.spacing[0]);
        set(TIFFTAG_YRESOLUTION, 10 / source.spacing[1]);
    }
    if (facts.nodata)
        write_nodata_tag(file, *facts.nodata);
}

template <class T>
void write_tiff(std::string const& who, std::filesystem::path const& path, image<T> const& source,
                image_facts const& facts) {
    constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
    std::string const where = who + ": " + path.string();
    require<shape_error>(source.channels() <= 65535 && source.width() <= most && source.height() <= most, where,
                         ": the image is ", to_string(source.shape()), ", TIFF files hold at most 65535 channels and ",
                         most, " rows and columns");
    std::size_t const row_values = source.width() * source.channels();
    // Strips of about 64 KB: small enough to read a part of the image, large enough to compress well.
    std::size_t const rows_per_strip =
        std::min(source.height(), std::max<std::size_t>(1, 65536 / (row_values * sizeof(T))));
    std::vector<T> strip(rows_per_strip * row_values);
    atomic_file output(who, path);
    // Offsets of classic TIFF end at 4 GB, and compression can make noise half as large again.
    bool const big = source.shape().size() * sizeof(T) > (std::size_t{5} << 29);
    tiff_stream const file(output, where, big);
    write_tiff_tags(file, source, static_cast<std::uint32_t>(rows_per_strip), facts);
    bool good = true;
    for (std::size_t y0 = 0; good && y0 < source.height(); y0 += rows_per_strip) {
        std::size_t const rows = std::min(rows_per_strip, source.height() - y0);
        for (std::size_t y = 0; y < rows; ++y)
            interleave_row(source, y0 + y, strip.data() + y * row_values);
        auto const bytes = static_cast<tmsize_t>(rows * row_values * sizeof(T));
        good = TIFFWriteEncodedStrip(file.get(), static_cast<std::uint32_t>(y0 / rows_per_strip), strip.data(),
                                     bytes) == bytes;
    }
    good = good && TIFFWriteDirectory(file.get()) == 1;
    output.check();  // the system's words for a full disk say more than libtiff's
    require(good, where, ": cannot write the TIFF file: ", file.reason());
    output.commit();
}

}}}  // namespace comir::COMIR_ABI::detail
