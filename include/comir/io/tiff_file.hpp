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
#include <comir/io/sample_type.hpp>
#include <comir/io/tiff_block.hpp>
#include <comir/io/tiff_description.hpp>
#include <comir/io/tiff_layout.hpp>
#include <comir/io/tiff_nodata.hpp>
#include <comir/io/tiff_stream.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

template <class T>
image<T> read_tiff_pixels(tiff_stream const& file, tiff_layout const& l, T absent) {
    image<T> result(l.shape);
    tiff_block_reader reader(file, l);
    for (std::size_t down = 0; down < l.tiles_down(); ++down)
        for (std::size_t across = 0; across < l.tiles_across(); ++across) {
            tiff_block const block = tiff_block_at(l, across, down);
            reader.read(block, result, {block.x, block.y, block.columns, block.rows}, absent);
        }
    // As ITK reads it, in millimetres and without a resolution that has no unit: transform files for ITK and elastix
    // hold only where both programs take the same pixel size from an image.
    if (auto const spacing = read_tiff_resolution(file))
        result.spacing = *spacing;
    return result;
}

/// A few tags that ask for more than the file can hold are refused before memory is taken.
inline void check_tiff_promise(tiff_stream const& file, tiff_layout const& l, std::uint64_t file_size) {
    bool const bounded = l.compression == COMPRESSION_NONE || l.compression == COMPRESSION_LZW ||
                         l.compression == COMPRESSION_ADOBE_DEFLATE || l.compression == COMPRESSION_DEFLATE ||
                         l.compression == COMPRESSION_PACKBITS;
    double const bytes =
        static_cast<double>(l.shape.h) * static_cast<double>(l.shape.w) * static_cast<double>(l.samples) * l.bits / 8;
    require<format_error>(!bounded || bytes <= 4096.0 * static_cast<double>(file_size), file.where(),
                          ": the TIFF file is damaged: ", file_size, " bytes cannot hold the declared ", l.shape.w,
                          " x ", l.shape.h, " pixels");
}

/// What pixels have that a file left out.
template <class T>
T absent_value(std::optional<double> nodata) {
    double const value = nodata.value_or(0.0);
    if constexpr (std::is_integral_v<T>)
        return value >= 0.0 && value <= std::numeric_limits<T>::max() ? static_cast<T>(value) : T{0};
    else
        return static_cast<T>(value);
}

/// The value for no data as the pixels have it once they are read: those of min-is-white files are inverted.
inline std::optional<double> read_nodata(tiff_layout const& l, std::optional<std::string> const& text) {
    auto value = text ? parse_nodata(*text) : std::nullopt;
    if (value && l.inverted())
        value = l.white() - *value;
    return value;
}

inline stored_image read_tiff(std::string const& who, std::filesystem::path const& path, read_image_options options) {
    input_file input(who, path);
    tiff_stream file(input, input.where());
    std::string const described = read_tiff_description(file);  // of the first page, for all of them
    if (options.page > 0) {
        tdir_t const pages = TIFFNumberOfDirectories(file.get());
        require(options.page < pages, file.where(), ": page ", options.page, " was asked for, the file has ", pages,
                "; pages count from 0");
        require<format_error>(TIFFSetDirectory(file.get(), static_cast<tdir_t>(options.page)) == 1, file.where(),
                              ": page ", options.page, " of the TIFF file is damaged: ", file.reason());
    }
    tiff_layout const layout = read_tiff_layout(file, {.file_size = input.size(), .max_values = options.max_values});
    check_tiff_promise(file, layout, input.size());
    auto const text = read_nodata_tag(file);
    stored_image result{.alpha = layout.alpha, .premultiplied = layout.premultiplied};
    result.size =
        read_tiff_pixel_size(file, parse_tiff_description(described, {layout.shape.w, layout.shape.h}, result.notes));
    note_tiff_orientation(file, result.notes);
    note_missing_blocks(file, layout, result.notes);
    result.nodata = read_nodata(layout, text);
    result.unread_nodata = text && !result.nodata ? *text : "";
    with_sample_type(layout.type(), [&]<class T>(T) {
        result.pixels = read_tiff_pixels<T>(file, layout, absent_value<T>(result.nodata));
    });
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
    // ITK mixes the channels of other grey images into one without a word; those of RGB it reads whole, however many.
    bool const colour = source.channels() > (facts.alpha ? 2u : 1u);
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
    std::size_t const named = std::min<std::size_t>(source.channels(), colour ? 3 : 1);
    if (std::size_t const extra = source.channels() - named; extra > 0) {
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
