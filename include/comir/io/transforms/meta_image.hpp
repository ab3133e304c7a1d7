#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/transforms/field_raster.hpp>
#include <comir/io/transforms/text.hpp>
#include <comir/transform/displacement_field.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

inline bool is_meta_image(std::string_view text) {
    return text.starts_with("ObjectType") || text.starts_with("NDims");
}

/// MetaImage (.mha) with two channels of 64 bits; the matrix stands by columns.
inline std::string meta_image_bytes(displacement_field2 const& field) {
    pixel_grid const& g = field.grid();
    auto const& [a, b, c, d] = g.direction;
    return "ObjectType = Image\nNDims = 2\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\n"
           "TransformMatrix = " +
           numbers_text(std::array{a, c, b, d}) + "\nOffset = " + numbers_text(g.origin) +
           "\nCenterOfRotation = 0 0\nElementSpacing = " + numbers_text(g.spacing) +
           "\nDimSize = " + std::to_string(field.size().w) + " " + std::to_string(field.size().h) +
           "\nElementNumberOfChannels = 2\nElementType = MET_DOUBLE\nElementDataFile = LOCAL\n" + field_bytes(field);
}

inline displacement_field2 parse_meta_image(std::string const& who, std::filesystem::path const& path,
                                            std::string_view text, std::size_t max_size) {
    std::string const where = who + ": " + path.string();
    std::map<std::string_view, std::string_view> fields;
    while (fields.count("ElementDataFile") == 0) {
        require<format_error>(!text.empty(), where, ": the MetaImage header has no 'ElementDataFile = ...'");
        std::string_view const line = take_line(text);
        std::size_t const equals = line.find('=');
        require<format_error>(equals != std::string_view::npos, where, ": the line '", line.substr(0, 60),
                              "' of the MetaImage header has no '='");
        fields[without_blanks(line.substr(0, equals))] = without_blanks(line.substr(equals + 1));
    }
    auto const value = [&](char const* name, std::string_view missing) {
        auto const found = fields.find(name);
        return found == fields.end() ? missing : found->second;
    };
    auto const is_true = [&](char const* name) {
        return value(name, "False").starts_with('T') || value(name, "") == "1";
    };
    auto const numbers = [&](char const* name, std::string_view missing, std::size_t count) {
        std::vector<double> const found = read_numbers(where, value(name, missing));
        require<format_error>(found.size() == count, where, ": ", name, " has ", found.size(), " numbers, expected ",
                              count);
        return found;
    };
    std::string_view const kind = value("ElementType", "");
    bool const single = kind == "MET_FLOAT";
    require<format_error>(
        value("NDims", "") == "2" && value("ElementNumberOfChannels", "1") == "2" && (single || kind == "MET_DOUBLE"),
        where, ": the image has NDims ", value("NDims", "?"), ", ", value("ElementNumberOfChannels", "1"),
        " channels and ElementType ", kind, "; a displacement field of the plane has 2, 2 and MET_FLOAT or MET_DOUBLE");
    require<format_error>(value("BinaryData", "False").starts_with('T'), where,
                          ": the numbers are stored as text, expected BinaryData = True");
    require<format_error>(value("HeaderSize", "0") == "0", where, ": HeaderSize is ", value("HeaderSize", "0"),
                          ", expected 0");
    std::vector<std::size_t> const size = read_counts(where, "DimSize", value("DimSize", ""), 2);
    char const* const origin_name = fields.count("Offset") ? "Offset" : fields.count("Origin") ? "Origin" : "Position";
    auto const origin = numbers(origin_name, "0 0", 2), spacing = numbers("ElementSpacing", "1 1", 2),
               matrix = numbers(fields.count("Rotation") ? "Rotation" : "TransformMatrix", "1 0 0 1", 4);
    std::string_view const file = value("ElementDataFile", "");
    std::string detached;
    if (file != "LOCAL") {
        require<format_error>(file != "LIST" && file.find('%') == std::string_view::npos, where,
                              ": the image lies in several files, expected one");
        detached = detached_bytes(who, path, file, max_size);
        text = detached;
    }
    bool const msb = is_true("BinaryDataByteOrderMSB") || is_true("ElementByteOrderMSB");
    return field_from(where,
                      {{size[0], size[1]},
                       {origin[0], origin[1]},
                       {spacing[0], spacing[1]},
                       {matrix[0], matrix[2], matrix[1], matrix[3]}},
                      field_numbers(where, text, {size[0], size[1]}, {single, is_true("CompressedData"), msb}));
}

}}}  // namespace comir::COMIR_ABI::detail
