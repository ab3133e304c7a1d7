#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/io/pixel_size.hpp>

namespace comir { inline namespace COMIR_ABI {

/// An image as a file holds it.
using any_image = std::variant<image<std::uint8_t>, image<std::uint16_t>, image<float>>;

/// An image of the other types that TIFF files hold. Everything that computes takes these as float; they matter where
/// values must stay what they are, as labels do.
using exact_image =
    std::variant<image<std::int8_t>, image<std::int16_t>, image<std::int32_t>, image<std::uint32_t>, image<double>>;

/// Where an image lies on the earth, as GeoTIFF tags say: copied as they stand, not interpreted.
struct geo_reference {
    std::vector<double> pixel_scale{}, tie_points{}, matrix{};  // tags 33550, 33922, 34264
    std::vector<std::uint16_t> keys{};                          // 34735
    std::vector<double> key_doubles{};                          // 34736
    std::string key_text{};                                     // 34737

    bool empty() const { return pixel_scale.empty() && tie_points.empty() && matrix.empty() && keys.empty(); }
    bool operator==(geo_reference const&) const = default;
};

/// The same place of an image that begins at pixel (x, y) of the former one.
inline geo_reference shifted(geo_reference geo, double x, double y) {
    for (std::size_t i = 0; i + 5 < geo.tie_points.size(); i += 6) {
        geo.tie_points[i] -= x;
        geo.tie_points[i + 1] -= y;
    }
    if (geo.matrix.size() == 16)
        for (std::size_t row = 0; row < 3; ++row)
            geo.matrix[4 * row + 3] += geo.matrix[4 * row] * x + geo.matrix[4 * row + 1] * y;
    return geo;
}

/// An image as a file holds it, and what the file says of its pixels.
struct stored_image {
    any_image pixels{};
    bool alpha = false;                // whether the last channel is opacity: where it is 0, nothing is shown
    bool premultiplied = false;        // whether the colours were multiplied by it, as TIFF's associated alpha says
    std::optional<double> nodata{};    // the value that stands for no data, by the tag GDAL_NODATA of a TIFF file
    std::string unread_nodata{};       // what that tag says where it is no number; empty if it is one, or is not there
    std::optional<pixel_size> size{};  // the best statement of it; the pixels' spacing is what ITK would take
    std::vector<std::string> notes{};  // what a user should know of how the file is read, a line each
    geo_reference geo{};               // of a TIFF file
    std::string page_name{};           // the tag PageName of a TIFF file, such as a channel's name
    // Where pixel (0, 0) lies in another image, px: of a canvas that begins beside the fixed image. TIFF files have it
    // as ImageJ's origin, PNG files as oFFs.
    std::optional<std::array<double, 2>> offset{};
};

/// Which part of an image file is read, and how much at most.
struct read_image_options {
    std::size_t page = 0;                               // TIFF files may hold several, counted from 0
    std::uint64_t max_values = std::uint64_t{1} << 31;  // pixels x channels; larger files are refused unread
};

namespace detail {

/// Refuses sizes before anything is allocated for them.
inline image_shape checked_image_shape(std::string const& where, std::uint64_t c, std::uint64_t h, std::uint64_t w,
                                       std::uint64_t max_values) {
    require<format_error>(c > 0 && h > 0 && w > 0, where, ": the file declares an image of ", c, " x ", h, " x ", w,
                          " values, expected at least one");
    require<format_error>(h <= max_values / w && c <= max_values / (w * h), where, ": the file declares ", w, " x ", h,
                          " pixels of ", c, " channels, expected at most ", max_values,
                          " values; raise read_image_options::max_values if the file is to be trusted");
    return {static_cast<std::size_t>(c), static_cast<std::size_t>(h), static_cast<std::size_t>(w)};
}

/// One row of all channels, pixel by pixel as files store it.
template <class T>
void interleave_row(image<T> const& source, std::size_t y, T* target) noexcept {
    std::size_t const channels = source.channels(), width = source.width();
    for (std::size_t c = 0; c < channels; ++c) {
        T const* row = source.row(c, y);
        for (std::size_t x = 0; x < width; ++x)
            target[x * channels + c] = row[x];
    }
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
