#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tiffio.h>

#include <comir/io/tiff_stream.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The numbers of a tag that libtiff does not know, such as GeoTIFF's; none if the page lacks it or it has another
/// type. A program that also uses libgeotiff or GDAL has it registered otherwise, so the way of asking is looked up.
template <class T>
std::vector<T> read_tiff_array(tiff_stream const& file, std::uint32_t tag, TIFFDataType type) {
    TIFFField const* field = TIFFFindField(file.get(), tag, TIFF_ANY);
    if (field == nullptr || TIFFFieldDataType(field) != type || TIFFFieldPassCount(field) == 0)
        return {};
    T const* values = nullptr;
    std::size_t count = 0;
    if (TIFFFieldReadCount(field) == TIFF_VARIABLE2) {
        std::uint32_t wide = 0;
        if (TIFFGetField(file.get(), tag, &wide, &values) != 1)
            return {};
        count = wide;
    } else {
        std::uint16_t narrow = 0;
        if (TIFFGetField(file.get(), tag, &narrow, &values) != 1)
            return {};
        count = narrow;
    }
    return values == nullptr ? std::vector<T>{} : std::vector<T>(values, values + count);
}

/// The description of the current page; empty if it has none.
inline std::string read_tiff_description(tiff_stream const& file) {
    char const* text = nullptr;
    return TIFFGetField(file.get(), TIFFTAG_IMAGEDESCRIPTION, &text) == 1 && text != nullptr ? text : "";
}

/// GeoTIFF's pixel size in metres: nothing if the page states none, or in degrees, or in a unit that only the code of
/// its coordinate system tells.
/// Source: OGC 19-008r4, GeoTIFF 1.1
inline std::vector<double> read_geotiff_metres(tiff_stream const& file) {
    constexpr std::uint32_t pixel_scale = 33550, key_directory = 34735;
    constexpr std::uint16_t linear_units = 3076, metre = 9001;
    auto scale = read_tiff_array<double>(file, pixel_scale, TIFF_DOUBLE);
    auto const keys = read_tiff_array<std::uint16_t>(file, key_directory, TIFF_SHORT);
    if (scale.size() < 2)
        return {};
    for (std::size_t i = 4; i + 3 < keys.size(); i += 4)
        if (keys[i] == linear_units && keys[i + 1] == 0 && keys[i + 3] == metre)
            return {scale[0], scale[1]};
    return {};
}

}}}  // namespace comir::COMIR_ABI::detail
