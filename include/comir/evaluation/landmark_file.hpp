#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/csv_file.hpp>
#include <comir/registration/by_landmarks/landmark.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Reads the landmarks of a pair (.csv): the columns fixed_x, fixed_y, moving_x and moving_y, px, in any order, and any
/// others.
/// Errors: error if the file cannot be opened; format_error with the line's number if a column or a number is missing,
///         and if there is no landmark
inline std::vector<landmark> read_landmarks(std::filesystem::path const& path) {
    csv_table const table("comir::read_landmarks", path);
    std::array<std::size_t, 4> const columns{table.column("fixed_x"), table.column("fixed_y"), table.column("moving_x"),
                                             table.column("moving_y")};
    require<format_error>(table.size() > 0, "comir::read_landmarks: ", path.string(),
                          ": there are no landmarks, expected a line for each");
    std::vector<landmark> landmarks;
    for (std::size_t i = 0; i < table.size(); ++i)
        landmarks.push_back({{table.number(i, columns[0]), table.number(i, columns[1])},
                             {table.number(i, columns[2]), table.number(i, columns[3])}});
    return landmarks;
}

}}  // namespace comir::COMIR_ABI
