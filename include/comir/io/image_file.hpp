#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <comir/io/any_image.hpp>
#include <comir/io/image_info.hpp>
#include <comir/io/png_file.hpp>
#include <comir/io/tiff_file.hpp>
#include <comir/io/tiff_writer.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

enum class image_format { png, tiff };

/// By the first bytes: an extension may lie.
inline image_format image_format_of(std::string const& who, std::filesystem::path const& path) {
    input_file file(who, path);
    std::array<char, 8> start{};
    std::string_view const magic(start.data(), file.try_read(start.data(), start.size()));
    if (magic == std::string_view("\x89PNG\r\n\x1a\n", 8))
        return image_format::png;
    std::string_view const tag = magic.substr(0, 4);
    // Either byte order, classic and BigTIFF.
    for (char const* known : {"II*\0", "MM\0*", "II+\0", "MM\0+"})
        if (tag == std::string_view(known, 4))
            return image_format::tiff;
    fail<format_error>(file.where(), ": neither a PNG nor a TIFF file; convert it to one of these");
}

inline stored_image decode_image(std::string const& who, std::filesystem::path const& path,
                                 read_image_options const& options) {
    return image_format_of(who, path) == image_format::png ? read_png(who, path, options)
                                                           : read_tiff(who, path, options);
}

}  // namespace detail

/// Reads a PNG or TIFF file as it is stored, alpha included.
/// PNG:    8 and 16 bits; palettes, transparent colours and 1, 2 and 4 bits become 8 bits (0..255); the numbers of the
///         chunk sCAL become the spacing, as in ITK, which writes it there
/// TIFF:   strips or tiles, either planar configuration, any number of channels. 8 and 16 bits unsigned and 32-bit
///         float as they are; 1, 2 and 4 bits end at 255; 10, 12 and 14 bits are the same numbers in 16; palettes and
///         JPEG in YCbCr become RGB; as float, rounded to its 24 bits: half and 64-bit float, 8 and 16 bits signed,
///         32-bit integers; MinIsWhite images of up to 16 bits unsigned are inverted so that black is 0; a resolution
///         per inch or centimetre becomes the spacing in mm, as in ITK; the orientation tag is not applied. CMYK is
///         refused. Of a pyramid the page that is asked for is read, not its smaller copies
/// Errors: error if the file cannot be opened or lacks the page; format_error if it is damaged, of another kind, or
///         larger than options.max_values
inline any_image read_image(std::filesystem::path const& path, read_image_options const& options = {}) {
    return detail::decode_image("comir::read_image", path, options).pixels;
}

/// Reads a PNG or TIFF file as read_image does, with what it says of its pixels: alpha, and the value for no data.
/// Errors: those of read_image
inline stored_image read_stored_image(std::filesystem::path const& path, read_image_options const& options = {}) {
    return detail::decode_image("comir::read_stored_image", path, options);
}

namespace detail {

/// The pixels as read_image_float has them.
inline image<float> colours_as_float(stored_image const& file) {
    auto const convert = [&]<class T>(image<T> const& source) {
        image<float> result({source.channels() - (file.alpha ? 1 : 0), source.height(), source.width()});
        std::transform(source.values().begin(), source.values().begin() + std::ssize(result.values()),
                       result.values().begin(), [](T value) {
                           if constexpr (std::is_integral_v<T>)
                               return static_cast<float>(value) / static_cast<float>(std::numeric_limits<T>::max());
                           else
                               return value;
                       });
        result.spacing = source.spacing;
        return result;
    };
    return std::visit(convert, file.pixels);
}

}  // namespace detail

/// Reads a PNG or TIFF file as float: 8 and 16 bits are divided by 255 and 65535, values that read_image gives as float
/// stay as they are. An alpha channel is dropped: the second of two and the fourth of four in PNG, in TIFF the last if
/// the file calls it so.
/// Errors: those of read_image
inline image<float> read_image_float(std::filesystem::path const& path, read_image_options const& options = {}) {
    return detail::colours_as_float(detail::decode_image("comir::read_image_float", path, options));
}

/// Reads the pixels of a TIFF page in the type that they are stored in, if that is none of any_image: 8, 16 and 32 bits
/// signed, 32 bits unsigned, 64-bit float. Nothing for other files.
/// Errors: those of read_image
inline std::optional<exact_image> read_exact_image(std::filesystem::path const& path,
                                                   read_image_options const& options = {}) {
    std::string const who = "comir::read_exact_image";
    if (detail::image_format_of(who, path) != detail::image_format::tiff)
        return {};
    input_file input(who, path);
    detail::tiff_stream file(input, input.where());
    detail::go_to_page(file, options.page);
    return detail::read_tiff_exactly(
        file, detail::read_tiff_layout(file, {.file_size = input.size(), .max_values = options.max_values}));
}

/// Reads no pixels.
/// Errors: those of read_image
inline image_info read_image_info(std::filesystem::path const& path, read_image_options const& options = {}) {
    std::string const who = "comir::read_image_info";
    if (detail::image_format_of(who, path) == detail::image_format::png) {
        input_file file(who, path);
        detail::png_stream png(file);
        detail::png_header const header = detail::check_png_header(png, file, options);
        return {.shape = header.shape,
                .value_bytes = header.deep ? std::size_t{2} : std::size_t{1},
                .spacing = header.spacing.value_or(std::array{1.0, 1.0})};
    }
    input_file input(who, path);
    detail::tiff_stream file(input, input.where());
    detail::go_to_page(file, options.page);
    detail::tiff_layout const l =
        detail::read_tiff_layout(file, {.file_size = input.size(), .max_values = options.max_values});
    auto const kind = file.tag<std::uint32_t>(TIFFTAG_SUBFILETYPE, 0);
    return {.shape = l.shape,
            .value_bytes = std::max((l.bits + std::size_t{7}) / 8, sample_bytes(l.type())),
            .spacing = detail::read_tiff_resolution(file).value_or(std::array{1.0, 1.0}),
            .geo = detail::read_geo_tags(file),
            .reduced = (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) != 0};
}

/// The number of pages of a TIFF file; 1 for PNG.
/// Errors: error if the file cannot be opened; format_error if it is of another kind
inline std::size_t count_pages(std::filesystem::path const& path) {
    std::string const who = "comir::count_pages";
    return detail::image_format_of(who, path) == detail::image_format::png ? 1 : detail::count_tiff_pages(who, path);
}

namespace detail {

template <class T>
void write_image_with(std::filesystem::path const& path, image<T> const& source, image_facts const& facts) {
    static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>,
                  "comir: write_image takes images of std::uint8_t, std::uint16_t or float; convert others first");
    std::string const who = "comir::write_image";
    require<shape_error>(!source.empty(), who, ": ", path.string(), ": the image is empty");
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (extension == ".png")
        write_png(who, path, source, facts.offset);
    else if (extension == ".tif" || extension == ".tiff")
        write_tiff(who, path, source, facts);
    else
        fail(who, ": ", path.string(), ": the extension is '", extension, "', expected .png, .tif or .tiff");
}

}  // namespace detail

/// Writes a PNG (.png: 8 or 16 bits, 1 to 4 channels: grey, grey and alpha, RGB, RGB and alpha) or a TIFF file (.tif,
/// .tiff: also float, any number of channels: several are marked as RGB and others of unknown meaning, since ITK reads
/// only such files whole). A spacing other than 1 becomes TIFF's resolution, as mm, and PNG's sCAL. The file appears
/// under its name only when it is complete.
/// Errors: error if the extension is another, the type does not fit or the file cannot be written; shape_error if the
///         image is empty or has more channels or pixels than the format holds
template <class T>
void write_image(std::filesystem::path const& path, image<T> const& source) {
    detail::write_image_with(path, source, {});
}

/// Writes whichever image it holds.
inline void write_image(std::filesystem::path const& path, any_image const& source) {
    std::visit([&](auto const& held) { write_image(path, held); }, source);
}

/// The same, and what is said of the pixels as far as the format can: TIFF files name the opacity, the value for no
/// data (GDAL_NODATA), the place on the earth (GeoTIFF), the page and the offset; PNG files the offset.
inline void write_image(std::filesystem::path const& path, stored_image const& source) {
    detail::image_facts const facts = detail::facts_of(source);
    std::visit([&](auto const& held) { detail::write_image_with(path, held, facts); }, source.pixels);
}

}}  // namespace comir::COMIR_ABI
