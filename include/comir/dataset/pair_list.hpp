#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A rigid displacement as a pair list writes it, from moving to fixed and about the centres of both images:
/// x_fixed = c_fixed + R(angle) (x_moving - c_moving) + t.
/// Units: degrees, positive turns the x axis towards the y axis; pixels
struct displacement {
    double angle_deg = 0.0, tx_px = 0.0, ty_px = 0.0;
};

/// The sizes of a pair's images, which may differ.
struct pair_extent {
    extent2 fixed, moving;
};

/// The same displacement as a registration's transform, which maps fixed to moving about the fixed image's centre.
inline rigid2 to_transform(displacement const& d, pair_extent const& size) {
    point2 const fixed = size.fixed.centre(), moving = size.moving.centre();
    rigid2 result{{-d.angle_deg * std::numbers::pi / 180.0, 0.0, 0.0}, fixed};
    point2 const shift = moving - result(fixed + point2{d.tx_px, d.ty_px});
    result.parameters[1] = shift.x;
    result.parameters[2] = shift.y;
    return result;
}

/// The displacement that a fixed-to-moving transform stands for. Of transforms that also scale or shear it takes the
/// rotation closest to them. The angle lies in (-180, 180] degrees.
/// Errors: error if the transform has no inverse
template <affine_transform T>
displacement to_displacement(T const& fixed_to_moving, pair_extent const& size) {
    T const inverse = fixed_to_moving.inverse();
    auto const m = inverse.linear();
    double const angle = std::atan2(m(1, 0) - m(0, 1), m(0, 0) + m(1, 1));
    point2 const shift = inverse(size.moving.centre()) - size.fixed.centre();
    return {angle * 180.0 / std::numbers::pi, shift.x, shift.y};
}

/// One pair of a test set: two images and the true displacement between them.
struct registration_pair {
    std::string name;
    std::filesystem::path fixed, moving;
    std::filesystem::path fixed_mask{}, moving_mask{};  // images whose zeros are left out; empty: every pixel counts
    std::string fixed_modality, moving_modality;
    std::size_t size_px = 0;  // width of the moving image
    displacement truth{};
    std::array<point2, 4> corners{};  // where the moving image's corners lie in the fixed image
    double initial_error_px = 0.0;    // mean corner distance of the displacement 0
};

/// The name under which pairs of the same direction are counted, such as "rgb to nir" for fixed rgb and moving nir.
inline std::string direction(registration_pair const& pair) {
    return pair.fixed_modality + " to " + pair.moving_modality;
}

namespace detail {

inline constexpr std::array<char const*, 8> corner_columns{"x0", "y0", "x1", "y1", "x2", "y2", "x3", "y3"};

/// ",x0,y0,..." of the header, or of one line.
inline std::string corner_header() {
    std::string text;
    for (char const* name : corner_columns)
        text += std::string(",") + name;
    return text;
}
inline std::string corner_fields(std::array<point2, 4> const& corners) {
    std::string text;
    for (point2 const& corner : corners)
        text += "," + csv_field(corner.x) + "," + csv_field(corner.y);
    return text;
}

}  // namespace detail

/// Reads a pair list (pairs.csv): the columns pair, fixed, moving, fixed_modality, moving_modality, size_px, angle_deg,
/// tx_px, ty_px, x0, y0 to x3, y3 and initial_error_px in any order, and any others. File names are beside the list.
/// The columns fixed_mask and moving_mask, and values in them, may be missing.
/// Errors: error if the file cannot be opened; format_error with the line's number if a column or a value is missing, a
///         number is none, a size is not a whole number above 0, or an error is negative
inline std::vector<registration_pair> read_pair_list(std::filesystem::path const& path) {
    csv_table const table("comir::read_pair_list", path);
    std::size_t const name = table.column("pair"), fixed = table.column("fixed"), moving = table.column("moving"),
                      fixed_modality = table.column("fixed_modality"),
                      moving_modality = table.column("moving_modality"), size = table.column("size_px"),
                      angle = table.column("angle_deg"), tx = table.column("tx_px"), ty = table.column("ty_px"),
                      initial_error = table.column("initial_error_px");
    std::array<std::size_t, 8> corners{};
    for (std::size_t k = 0; k < 8; ++k)
        corners[k] = table.column(detail::corner_columns[k]);
    std::vector<registration_pair> pairs(table.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        registration_pair& pair = pairs[i];
        pair.name = table.text(i, name);
        pair.fixed = path.parent_path() / table.text(i, fixed);
        pair.moving = path.parent_path() / table.text(i, moving);
        for (auto const& [column, mask] :
             {std::pair{"fixed_mask", &pair.fixed_mask}, std::pair{"moving_mask", &pair.moving_mask}})
            if (std::string const file = table.text_if_any(i, column); !file.empty())
                *mask = path.parent_path() / file;
        pair.fixed_modality = table.text(i, fixed_modality);
        pair.moving_modality = table.text(i, moving_modality);
        double const width = table.number(i, size);
        require<format_error>(width >= 1.0 && width <= 1e9 && width == std::floor(width), table.where(i),
                              ": the value of 'size_px' is '", table.text(i, size),
                              "', expected a whole number of pixels above 0");
        pair.size_px = static_cast<std::size_t>(width);
        pair.truth = {table.number(i, angle), table.number(i, tx), table.number(i, ty)};
        for (std::size_t k = 0; k < 4; ++k)
            pair.corners[k] = {table.number(i, corners[2 * k]), table.number(i, corners[2 * k + 1])};
        pair.initial_error_px = table.number(i, initial_error);
        require<format_error>(pair.initial_error_px >= 0.0, table.where(i), ": the value of 'initial_error_px' is ",
                              pair.initial_error_px, ", expected at least 0");
    }
    return pairs;
}

/// Writes a pair list that read_pair_list reads back with the same numbers; file names become relative to its folder.
/// Columns of masks are written if a pair has one.
/// Errors: error if the file cannot be written
inline void write_pair_list(std::filesystem::path const& path, std::span<registration_pair const> pairs) {
    auto const folder = std::filesystem::absolute(path).lexically_normal().parent_path();
    auto const beside = [&](std::filesystem::path const& file) {
        if (file.empty())
            return std::string();
        auto const full = std::filesystem::absolute(file).lexically_normal();
        return csv_field(full.lexically_proximate(folder).generic_string());
    };
    bool const masks = std::ranges::any_of(
        pairs, [](registration_pair const& pair) { return !pair.fixed_mask.empty() || !pair.moving_mask.empty(); });
    std::string text = "pair,fixed,moving,fixed_modality,moving_modality,size_px,angle_deg,tx_px,ty_px" +
                       detail::corner_header() + ",initial_error_px" + (masks ? ",fixed_mask,moving_mask" : "") + '\n';
    for (registration_pair const& pair : pairs)
        text += csv_field(pair.name) + ',' + beside(pair.fixed) + ',' + beside(pair.moving) + ',' +
                csv_field(pair.fixed_modality) + ',' + csv_field(pair.moving_modality) + ',' +
                std::to_string(pair.size_px) + ',' + csv_field(pair.truth.angle_deg) + ',' +
                csv_field(pair.truth.tx_px) + ',' + csv_field(pair.truth.ty_px) + detail::corner_fields(pair.corners) +
                ',' + csv_field(pair.initial_error_px) +
                (masks ? ',' + beside(pair.fixed_mask) + ',' + beside(pair.moving_mask) : "") + '\n';
    write_file("comir::write_pair_list", path, text);
}

}}  // namespace comir::COMIR_ABI
