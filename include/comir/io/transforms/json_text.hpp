#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <comir/core/error.hpp>
#include <comir/io/transforms/itk_parts.hpp>
#include <comir/transform/chain.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

inline constexpr char const* chain_name = "chain";

inline nlohmann::ordered_json json_of(transform_part const& part) {
    return std::visit(
        []<class T>(T const& held) {
            nlohmann::ordered_json json;
            json["comir_transform"] = T::name;
            if constexpr (affine_transform<T>) {
                json["parameters"] = held.parameters;
                json["centre"] = {held.centre.x, held.centre.y};
            } else {
                std::vector<double> const grid = to_itk(held).fixed;
                json["size"] = {static_cast<std::size_t>(grid[0]), static_cast<std::size_t>(grid[1])};
                json["origin"] = {grid[2], grid[3]};
                json["spacing"] = {grid[4], grid[5]};
                json["direction"] = {grid[6], grid[7], grid[8], grid[9]};
                json["displacements"] = field_parameters(held.displacements());
            }
            return json;
        },
        part);
}

/// A transform of comir as JSON: one part as an object, others as a chain in the order in which they are applied.
inline std::string json_text(transform_chain const& chain) {
    // Bends have thousands of numbers, which would stand on a line each.
    int const indent = is_linear(chain) ? 4 : -1;
    if (chain.parts.size() == 1)
        return json_of(chain.parts.front()).dump(indent) + "\n";
    nlohmann::ordered_json json;
    json["comir_transform"] = chain_name;
    json["parts"] = nlohmann::ordered_json::array();
    for (transform_part const& part : chain.parts)
        json["parts"].push_back(json_of(part));
    return json.dump(indent) + "\n";
}

inline transform_part part_from_json(std::string const& where, nlohmann::json const& json) {
    std::string const name = json.at("comir_transform").get<std::string>();
    auto const numbers = [&](char const* key) { return json.at(key).get<std::vector<double>>(); };
    if (name == bspline2::name || name == displacement_field2::name) {
        std::vector<double> fixed;
        for (char const* key : {"size", "origin", "spacing", "direction"}) {
            std::vector<double> const values = numbers(key);
            std::size_t const expected = std::string_view(key) == "direction" ? 4 : 2;
            require<format_error>(values.size() == expected, where, ": '", key, "' has ", values.size(),
                                  " numbers, expected ", expected);
            fixed.insert(fixed.end(), values.begin(), values.end());
        }
        stored_grid const grid = grid_from_itk(where, fixed);
        std::vector<double> const values = numbers("displacements");
        require<format_error>(values.size() % 2 == 0, where, ": 'displacements' has ", values.size(),
                              " numbers, expected x and y of each");
        if (name == displacement_field2::name)
            return field_from(where, grid, values);
        return spline_from(where, grid, spline_parameters(field_displacements(values)));
    }
    std::vector<double> const parameters = numbers("parameters"), centre = numbers("centre");
    if (name == translation2::name)
        return transform_from<translation2>(where, parameters, centre);
    if (name == rigid2::name)
        return transform_from<rigid2>(where, parameters, centre);
    if (name == similarity2::name)
        return transform_from<similarity2>(where, parameters, centre);
    if (name == affine2::name)
        return transform_from<affine2>(where, parameters, centre);
    fail<format_error>(
        where, ": the transform is '", std::string_view(name).substr(0, 60),
        "', expected translation2, rigid2, similarity2, affine2, bspline2, displacement_field2 or chain");
}

inline transform_chain parse_json_transform(std::string const& where, std::string_view text) {
    try {
        nlohmann::json const json = nlohmann::json::parse(text);
        transform_chain chain;
        if (json.at("comir_transform") == chain_name)
            for (nlohmann::json const& part : json.at("parts"))
                chain.parts.push_back(part_from_json(where, part));
        else
            chain.parts.push_back(part_from_json(where, json));
        return chain;
    } catch (nlohmann::json::exception const& problem) {
        fail<format_error>(where,
                           ": not a transform of comir as JSON: ", std::string_view(problem.what()).substr(0, 200));
    }
}

}}}  // namespace comir::COMIR_ABI::detail
