#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <comir/image/grid.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/input_file.hpp>
#include <comir/io/transform_text.hpp>
#include <comir/transform/physical.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a transform file says of the images besides the transform.
struct write_transform_options {
    std::array<std::size_t, 2> fixed_size{0, 0};  // columns, rows; elastix needs it to warp images, 0 leaves it out
    pixel_grid fixed_grid{}, moving_grid{};       // ITK and elastix work in the images' length unit
};

/// The images that a transform file is about.
struct read_transform_options {
    pixel_grid fixed_grid{}, moving_grid{};  // of the images in whose pixels the transform shall be
};

namespace detail {

inline std::string json_text(any_transform const& t) {
    auto const write = [](auto const& held) {
        nlohmann::ordered_json json;
        json["comir_transform"] = held.name;
        json["parameters"] = held.parameters;
        json["centre"] = {held.centre.x, held.centre.y};
        return json.dump(4) + "\n";
    };
    return std::visit(write, t);
}

inline any_transform parse_json_transform(std::string const& where, std::string_view text) {
    std::string name;
    std::vector<double> parameters, centre;
    try {
        nlohmann::json const json = nlohmann::json::parse(text);
        json.at("comir_transform").get_to(name);
        json.at("parameters").get_to(parameters);
        json.at("centre").get_to(centre);
    } catch (nlohmann::json::exception const& problem) {
        fail<format_error>(where,
                           ": not a transform of comir as JSON: ", std::string_view(problem.what()).substr(0, 200));
    }
    if (name == translation2::name)
        return transform_from<translation2>(where, parameters, centre);
    if (name == rigid2::name)
        return transform_from<rigid2>(where, parameters, centre);
    if (name == similarity2::name)
        return transform_from<similarity2>(where, parameters, centre);
    if (name == affine2::name)
        return transform_from<affine2>(where, parameters, centre);
    fail<format_error>(where, ": the transform is '", std::string_view(name).substr(0, 60),
                       "', expected translation2, rigid2, similarity2 or affine2");
}

}  // namespace detail

/// Writes a transform for ITK and SimpleITK (.tfm), elastix (.txt) or as JSON (.json), by the extension.
/// Units:  the transform is in pixels and radians, fixed to moving; so is JSON. ITK and elastix work in the images'
///         length unit: their files hold to_physical of it, which for the default grids is the same
/// Exact:  all numbers read back with the same bits, except: ITK stores exp(log_scale) of a similarity2, whose
/// logarithm
///         may differ in the last digit; elastix gets a similarity2 as an affine2; neither has a translation2's centre
/// Errors: error if the extension is another, a parameter is not finite or the file cannot be written
inline void write_transform(std::filesystem::path const& path, any_transform const& t,
                            write_transform_options const& options = {}) {
    std::string const who = "comir::write_transform";
    auto const finite = [](double value) { return std::isfinite(value); };
    std::string const extension = path.extension().string();
    bool const in_pixels =
        extension == ".json" || (options.fixed_grid == pixel_grid{} && options.moving_grid == pixel_grid{});
    any_transform const stored = in_pixels ? t : to_physical(t, options.fixed_grid, options.moving_grid);
    std::array<double, 2> const centre = detail::centre_of(stored);
    std::vector<double> const parameters = detail::itk_parameters(stored);
    require(
        std::all_of(parameters.begin(), parameters.end(), finite) && std::all_of(centre.begin(), centre.end(), finite),
        who, ": ", path.string(), ": the transform has parameters or a centre that are not finite");
    if (extension == ".tfm")
        write_file(who, path, detail::itk_text(stored));
    else if (extension == ".txt")
        write_file(
            who, path,
            detail::elastix_text(stored, options.fixed_size, options.fixed_grid.spacing, options.fixed_grid.origin));
    else if (extension == ".json")
        write_file(who, path, detail::json_text(t));
    else
        fail(who, ": ", path.string(), ": the extension is '", extension,
             "', expected .tfm (ITK), .txt (elastix) or .json");
}

/// Reads a transform that comir, ITK or elastix has written; the content tells which, not the extension.
/// Units:  those of write_transform
/// Errors: error if the file cannot be opened; format_error if it is none of these, is damaged, or holds a transform
///         that comir lacks: three dimensions, several transforms in a chain, splines
inline any_transform read_transform(std::filesystem::path const& path, read_transform_options const& options = {}) {
    std::string const who = "comir::read_transform", where = who + ": " + path.string();
    // The numbers of one transform fill less than a page.
    std::string const text = read_text_file(who, path, std::size_t{1} << 20);
    auto const from_physical = [&](any_transform const& t) {
        bool const same = options.fixed_grid == pixel_grid{} && options.moving_grid == pixel_grid{};
        return same ? t : to_pixels(t, options.fixed_grid, options.moving_grid);
    };
    if (text.starts_with("#Insight Transform File"))
        return from_physical(detail::parse_itk_text(where, text));
    std::size_t const first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '{')
        return detail::parse_json_transform(where, text);
    if (first != std::string::npos && (text[first] == '(' || text.compare(first, 2, "//") == 0))
        return from_physical(detail::parse_elastix_text(where, text));
    fail<format_error>(where, ": not a transform file of comir, ITK or elastix");
}

/// Reads a transform that must be of one type.
/// Errors: those of read_transform; format_error if the file holds a transform of another type
template <transform T>
T read_transform_as(std::filesystem::path const& path) {
    any_transform const t = read_transform(path);
    T const* held = std::get_if<T>(&t);
    require<format_error>(held != nullptr, "comir::read_transform_as: ", path.string(), ": the transform is of type ",
                          std::visit([](auto const& other) { return other.name; }, t), ", expected ", T::name);
    return *held;
}

}}  // namespace comir::COMIR_ABI
