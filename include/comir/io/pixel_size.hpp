#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How large a pixel is, in micrometres, and where that is stated.
struct pixel_size {
    double x = 0.0, y = 0.0;
    std::string source{};  // "OME-XML", "resolution tags", ...

    bool operator==(pixel_size const&) const = default;
};

/// True if two sizes are the same but for what files lose of them: less than 1e-5. TIFF holds a resolution as a ratio
/// of two 32-bit numbers or as a float, and programs round it on the way.
inline bool same_pixel_size(double a, double b) {
    return a == b || std::abs(a - b) < 1e-5 * std::abs(b);
}

/// A unit of length in micrometres by the names that OME-XML, ImageJ and others write; nothing for "pixel" and names
/// that are unknown.
inline std::optional<double> micrometres_of(std::string_view unit) {
    // Micro is U+00B5, the Greek letter U+03BC, Latin-1's byte, or ImageJ's escape.
    static constexpr std::pair<std::string_view, double> units[] = {
        {"\xc2\xb5m", 1.0},  {"\xce\xbcm", 1.0},  {"\xb5m", 1.0},   {"\\u00B5m", 1.0},   {"\\u00b5m", 1.0},
        {"um", 1.0},         {"micron", 1.0},     {"microns", 1.0}, {"micrometer", 1.0}, {"micrometre", 1.0},
        {"nm", 1e-3},        {"nanometer", 1e-3}, {"pm", 1e-6},     {"\xc3\x85", 1e-4},  {"mm", 1e3},
        {"millimeter", 1e3}, {"millimetre", 1e3}, {"cm", 1e4},      {"dm", 1e5},         {"m", 1e6},
        {"meter", 1e6},      {"metre", 1e6},      {"km", 1e9},      {"in", 25400.0},     {"inch", 25400.0},
        {"ft", 304800.0},    {"thou", 25.4}};
    for (auto const& [name, length] : units)
        if (unit == name)
            return length;
    return {};
}

/// The size if both numbers are lengths.
inline std::optional<pixel_size> checked_pixel_size(double x, double y, std::string source) {
    if (!std::isnormal(x) || !std::isnormal(y) || x <= 0.0 || y <= 0.0)
        return {};
    return pixel_size{x, y, std::move(source)};
}

}}  // namespace comir::COMIR_ABI
