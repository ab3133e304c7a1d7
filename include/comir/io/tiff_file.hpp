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
#include <comir/io/sample_type.hpp>
#include <comir/io/tiff_block.hpp>
#include <comir/io/tiff_description.hpp>
#include <comir/io/tiff_layout.hpp>
#include <comir/io/tiff_nodata.hpp>
#include <comir/io/tiff_stream.hpp>
#include <comir/io/tiff_tags.hpp>

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
    double const bytes =
        static_cast<double>(l.shape.h) * static_cast<double>(l.shape.w) * static_cast<double>(l.samples) * l.bits / 8;
    require<format_error>(l.can_hold(file_size, bytes), file.where(), ": the TIFF file is damaged: ", file_size,
                          " bytes cannot hold the declared ", l.shape.w, " x ", l.shape.h, " pixels");
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

/// The page's pixels in the type that they are stored in, if any_image has no such type.
inline std::optional<exact_image> read_tiff_exactly(tiff_stream const& file, tiff_layout const& l) {
    auto const as = [&]<class T>(T absent) { return exact_image(read_tiff_pixels<T>(file, l, absent)); };
    bool const is_signed = l.format == SAMPLEFORMAT_INT;
    if (l.format == SAMPLEFORMAT_IEEEFP)
        return l.bits == 64 ? std::optional<exact_image>(as(0.0)) : std::nullopt;
    if (l.bits == 32)
        return is_signed ? as(std::int32_t{0}) : as(std::uint32_t{0});
    if (!is_signed)
        return {};
    return l.bits == 8 ? as(std::int8_t{0}) : as(std::int16_t{0});
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
    std::string const described = read_tiff_description(file);  // of the first page, for all of them
    go_to_page(file, options.page);
    tiff_layout const layout = read_tiff_layout(file, {.file_size = input.size(), .max_values = options.max_values});
    check_tiff_promise(file, layout, input.size());
    auto const text = read_nodata_tag(file);
    stored_image result{.alpha = layout.alpha, .premultiplied = layout.premultiplied};
    result.size =
        read_tiff_pixel_size(file, parse_tiff_description(described, {layout.shape.w, layout.shape.h}, result.notes));
    result.geo = read_geo_tags(file);
    result.page_name = read_text_tag(file, TIFFTAG_PAGENAME);
    result.offset = offset_of_description(described);
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

}}}  // namespace comir::COMIR_ABI::detail
