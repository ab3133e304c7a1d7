#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <tiffio.h>

#include <comir/io/tiff_stream.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The value for no data that a text states: a decimal number, nan, inf or -inf in any case, with spaces around it;
/// nothing if it is none of these.
inline std::optional<double> parse_nodata(std::string_view text) {
    constexpr std::string_view blank(" \t\r\n\0", 5);
    std::size_t const first = text.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return {};
    text = text.substr(first, text.find_last_not_of(blank) - first + 1);
    if (text.size() > 1 && text[0] == '+' && text[1] != '-')
        text.remove_prefix(1);
    double value = 0.0;
    auto const [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || stop != text.data() + text.size())
        return {};
    return value;
}

/// The value as GDAL writes it: the shortest text that is read back as the same number.
inline std::string nodata_text(double value) {
    if (std::isnan(value))
        return "nan";
    std::array<char, 40> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

namespace detail {

// libtiff does not know GDAL's tag. It names an unknown tag of a file by itself, with a count before the text, while a
// program that also uses GDAL has it registered without; so the way of asking is looked up.

inline constexpr std::uint32_t tifftag_gdal_nodata = 42113;

inline std::optional<std::string> read_nodata_tag(tiff_stream const& file) {
    TIFFField const* field = TIFFFindField(file.get(), tifftag_gdal_nodata, TIFF_ANY);
    if (field == nullptr || TIFFFieldDataType(field) != TIFF_ASCII)
        return {};
    char const* text = nullptr;
    std::size_t length = 0;
    if (TIFFFieldPassCount(field) == 0) {
        if (TIFFGetField(file.get(), tifftag_gdal_nodata, &text) != 1 || text == nullptr)
            return {};
        length = std::string_view(text).size();
    } else if (TIFFFieldReadCount(field) == TIFF_VARIABLE2) {
        std::uint32_t count = 0;
        if (TIFFGetField(file.get(), tifftag_gdal_nodata, &count, &text) != 1 || text == nullptr)
            return {};
        length = count;
    } else {
        std::uint16_t count = 0;
        if (TIFFGetField(file.get(), tifftag_gdal_nodata, &count, &text) != 1 || text == nullptr)
            return {};
        length = count;
    }
    std::string const whole(text, length);
    return whole.substr(0, whole.find('\0'));
}

inline void write_nodata_tag(tiff_stream const& file, double value) {
    static char name[] = "GDAL_NODATA";
    static TIFFFieldInfo const info{tifftag_gdal_nodata, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, name};
    std::string const text = nodata_text(value);
    TIFFField const* field = TIFFFindField(file.get(), tifftag_gdal_nodata, TIFF_ANY);
    bool good = field != nullptr || TIFFMergeFieldInfo(file.get(), &info, 1) == 0;
    bool const counted = field != nullptr && TIFFFieldPassCount(field) != 0;
    good = good && (counted ? TIFFSetField(file.get(), tifftag_gdal_nodata, static_cast<std::uint32_t>(text.size() + 1),
                                           text.c_str())
                            : TIFFSetField(file.get(), tifftag_gdal_nodata, text.c_str())) == 1;
    require(good, file.where(), ": cannot write the TIFF file: ", file.reason());
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
