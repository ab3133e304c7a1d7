#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <tiffio.h>

#include <comir/io/any_image.hpp>
#include <comir/io/tiff_nodata.hpp>
#include <comir/io/tiff_stream.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

inline std::string read_text_tag(tiff_stream const& file, std::uint32_t tag) {
    char const* text = nullptr;
    return TIFFGetField(file.get(), tag, &text) == 1 && text != nullptr ? std::string(text) : std::string();
}

/// The description of the current page; empty if it has none.
inline std::string read_tiff_description(tiff_stream const& file) {
    return read_text_tag(file, TIFFTAG_IMAGEDESCRIPTION);
}

// libtiff does not know GeoTIFF's tags. Those of a file that it reads have a name and a 32-bit count by itself; a
// program that also uses GDAL has them registered with 16 bits; so the way of asking is looked up.

inline constexpr std::uint32_t tifftag_pixel_scale = 33550, tifftag_tie_points = 33922, tifftag_matrix = 34264,
                               tifftag_geo_keys = 34735, tifftag_geo_doubles = 34736, tifftag_geo_text = 34737;

/// The numbers of a tag that libtiff may not know; none if the file lacks it or it is of another type.
template <class T>
std::vector<T> read_tag_array(tiff_stream const& file, std::uint32_t tag, TIFFDataType type) {
    TIFFField const* field = TIFFFindField(file.get(), tag, TIFF_ANY);
    if (field == nullptr || TIFFFieldDataType(field) != type || TIFFFieldPassCount(field) == 0)
        return {};
    T const* values = nullptr;
    std::size_t size = 0;
    if (TIFFFieldReadCount(field) == TIFF_VARIABLE2) {
        std::uint32_t count = 0;
        if (TIFFGetField(file.get(), tag, &count, &values) != 1)
            return {};
        size = count;
    } else {
        std::uint16_t count = 0;
        if (TIFFGetField(file.get(), tag, &count, &values) != 1)
            return {};
        size = count;
    }
    return values == nullptr ? std::vector<T>() : std::vector<T>(values, values + size);
}

inline geo_reference read_geo_tags(tiff_stream const& file) {
    geo_reference geo{read_tag_array<double>(file, tifftag_pixel_scale, TIFF_DOUBLE),
                      read_tag_array<double>(file, tifftag_tie_points, TIFF_DOUBLE),
                      read_tag_array<double>(file, tifftag_matrix, TIFF_DOUBLE),
                      read_tag_array<std::uint16_t>(file, tifftag_geo_keys, TIFF_SHORT),
                      read_tag_array<double>(file, tifftag_geo_doubles, TIFF_DOUBLE),
                      {}};
    TIFFField const* const text = TIFFFindField(file.get(), tifftag_geo_text, TIFF_ANY);
    if (text != nullptr && TIFFFieldDataType(text) == TIFF_ASCII && TIFFFieldPassCount(text) == 0) {
        geo.key_text = read_text_tag(file, tifftag_geo_text);
    } else {
        std::vector<char> const counted = read_tag_array<char>(file, tifftag_geo_text, TIFF_ASCII);
        geo.key_text.assign(counted.begin(), std::find(counted.begin(), counted.end(), '\0'));
    }
    return geo;
}

/// GeoTIFF's pixel size in metres: nothing if the page states none, or in degrees, or in a unit that only the code of
/// its coordinate system tells.
/// Source: OGC 19-008r4, GeoTIFF 1.1
inline std::vector<double> read_geotiff_metres(tiff_stream const& file) {
    constexpr std::uint16_t linear_units = 3076, metre = 9001;
    auto scale = read_tag_array<double>(file, tifftag_pixel_scale, TIFF_DOUBLE);
    auto const keys = read_tag_array<std::uint16_t>(file, tifftag_geo_keys, TIFF_SHORT);
    if (scale.size() < 2)
        return {};
    for (std::size_t i = 4; i + 3 < keys.size(); i += 4)
        if (keys[i] == linear_units && keys[i + 1] == 0 && keys[i + 3] == metre)
            return {scale[0], scale[1]};
    return {};
}

inline void write_geo_tags(tiff_stream const& file, geo_reference const& geo) {
    static char scale[] = "ModelPixelScaleTag", ties[] = "ModelTiepointTag", matrix[] = "ModelTransformationTag",
                keys[] = "GeoKeyDirectoryTag", doubles[] = "GeoDoubleParamsTag", text[] = "GeoAsciiParamsTag";
    static TIFFFieldInfo const known[] = {{tifftag_pixel_scale, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, scale},
                                          {tifftag_tie_points, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, ties},
                                          {tifftag_matrix, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, matrix},
                                          {tifftag_geo_keys, -1, -1, TIFF_SHORT, FIELD_CUSTOM, 1, 1, keys},
                                          {tifftag_geo_doubles, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, doubles},
                                          {tifftag_geo_text, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, text}};
    auto const check = [&](bool good) { require(good, file.where(), ": cannot write the TIFF file: ", file.reason()); };
    if (geo.empty())
        return;
    for (TIFFFieldInfo const& info : known)
        if (TIFFFindField(file.get(), info.field_tag, TIFF_ANY) == nullptr)
            check(TIFFMergeFieldInfo(file.get(), &info, 1) == 0);
    auto const set = [&](std::uint32_t tag, auto const& values) {
        if (values.empty())
            return;
        TIFFField const* field = TIFFFindField(file.get(), tag, TIFF_ANY);
        // The count is 16 bits wide, or 32 where another program has registered the tag so.
        bool const wide = TIFFFieldWriteCount(field) == TIFF_VARIABLE2;
        check((wide ? TIFFSetField(file.get(), tag, static_cast<std::uint32_t>(values.size()), values.data())
                    : TIFFSetField(file.get(), tag, static_cast<int>(values.size()), values.data())) == 1);
    };
    set(tifftag_pixel_scale, geo.pixel_scale);
    set(tifftag_tie_points, geo.tie_points);
    set(tifftag_matrix, geo.matrix);
    set(tifftag_geo_keys, geo.keys);
    set(tifftag_geo_doubles, geo.key_doubles);
    if (!geo.key_text.empty())
        check(TIFFSetField(file.get(), tifftag_geo_text, geo.key_text.c_str()) == 1);
}

// TIFF's own tags of a position hold no negative numbers. ImageJ has the pixel at which the coordinates begin.

inline std::string offset_description(std::array<double, 2> offset) {
    return "ImageJ=1.54\nxorigin=" + nodata_text(0.0 - offset[0]) + "\nyorigin=" + nodata_text(0.0 - offset[1]) + "\n";
}

/// Where pixel (0, 0) lies, if the description is ImageJ's and says so.
inline std::optional<std::array<double, 2>> offset_of_description(std::string_view text) {
    if (!text.starts_with("ImageJ="))
        return {};
    auto const value = [&](std::string_view key) -> std::optional<double> {
        std::size_t const found = text.find(key);
        if (found == std::string_view::npos)
            return {};
        std::string_view const rest = text.substr(found + key.size());
        return parse_nodata(rest.substr(0, rest.find('\n')));
    };
    auto const x = value("\nxorigin="), y = value("\nyorigin=");
    if (!x && !y)
        return {};
    return std::array<double, 2>{0.0 - x.value_or(0.0), 0.0 - y.value_or(0.0)};
}

}}}  // namespace comir::COMIR_ABI::detail
