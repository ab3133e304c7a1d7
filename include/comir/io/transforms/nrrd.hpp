#pragma once

#include <array>
#include <cmath>
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

/// NRRD with vectors of 64 bits; its directions are columns that hold the spacing.
inline std::string nrrd_bytes(displacement_field2 const& field) {
    pixel_grid const& g = field.grid();
    auto const vector = [](double x, double y) { return "(" + number_text(x) + "," + number_text(y) + ")"; };
    auto const& [a, b, c, d] = g.direction;
    return "NRRD0004\n# a displacement for each point: (x, y) in the space's unit\ntype: double\ndimension: 3\n"
           "space dimension: 2\nsizes: 2 " +
           std::to_string(field.size().w) + " " + std::to_string(field.size().h) + "\nspace directions: none " +
           vector(a * g.spacing[0], c * g.spacing[0]) + " " + vector(b * g.spacing[1], d * g.spacing[1]) +
           "\nkinds: vector domain domain\nendian: little\nencoding: raw\nspace origin: " +
           vector(g.origin[0], g.origin[1]) + "\n\n" + field_bytes(field);
}

/// "(a,b) (c,d)" as numbers.
inline std::vector<double> nrrd_vectors(std::string const& where, std::string_view text) {
    std::string plain(text);
    for (char& c : plain)
        if (c == '(' || c == ')' || c == ',')
            c = ' ';
    return read_numbers(where, plain);
}

inline pixel_grid nrrd_grid(std::string const& where, std::map<std::string_view, std::string_view> const& fields) {
    pixel_grid grid;
    if (auto const found = fields.find("space directions"); found != fields.end()) {
        std::string_view rest = found->second;
        require<format_error>(take_word(rest) == "none", where, ": the space directions are '",
                              found->second.substr(0, 60), "', expected none (..) (..): the vectors' axis first");
        std::vector<double> const v = nrrd_vectors(where, rest);
        require<format_error>(v.size() == 4, where, ": the space directions have ", v.size(), " numbers, expected 4");
        grid.spacing = {std::hypot(v[0], v[1]), std::hypot(v[2], v[3])};
        require<format_error>(grid.spacing[0] > 0.0 && grid.spacing[1] > 0.0, where, ": a space direction is zero");
        grid.direction = {v[0] / grid.spacing[0], v[2] / grid.spacing[1], v[1] / grid.spacing[0],
                          v[3] / grid.spacing[1]};
    } else if (auto const spacings = fields.find("spacings"); spacings != fields.end()) {
        std::string_view rest = spacings->second;
        take_word(rest);  // of the vectors' axis, which has none
        std::vector<double> const v = read_numbers(where, rest);
        require<format_error>(v.size() == 2, where, ": there are spacings of ", v.size(), " axes, expected 2");
        grid.spacing = {v[0], v[1]};
    }
    if (auto const origin = fields.find("space origin"); origin != fields.end()) {
        std::vector<double> const v = nrrd_vectors(where, origin->second);
        require<format_error>(v.size() == 2, where, ": the space origin has ", v.size(), " numbers, expected 2");
        grid.origin = {v[0], v[1]};
    }
    return grid;
}

inline displacement_field2 parse_nrrd(std::string const& who, std::filesystem::path const& path, std::string_view text,
                                      std::size_t max_size) {
    std::string const where = who + ": " + path.string();
    std::map<std::string_view, std::string_view> fields;
    take_line(text);  // the version
    for (;;) {
        // A header of its own need not end with a blank line.
        require<format_error>(!text.empty() || fields.count("data file") || fields.count("datafile"), where,
                              ": the NRRD header has no end");
        std::string_view const line = take_line(text);
        if (line.empty())
            break;
        if (line.starts_with('#') || line.find(":=") != std::string_view::npos)
            continue;
        std::size_t const colon = line.find(": ");
        require<format_error>(colon != std::string_view::npos, where, ": the line '", line.substr(0, 60),
                              "' of the NRRD header has no colon");
        fields[line.substr(0, colon)] = without_blanks(line.substr(colon + 2));
    }
    auto const value = [&](char const* name, std::string_view missing) {
        auto const found = fields.find(name);
        return found == fields.end() ? missing : found->second;
    };
    std::string_view const type = value("type", ""), encoding = value("encoding", "");
    bool const raw = encoding == "raw", packed = encoding == "gzip" || encoding == "gz";
    require<format_error>(value("dimension", "") == "3" && (type == "float" || type == "double"), where,
                          ": the image has dimension ", value("dimension", "?"), " and type ", type,
                          "; a displacement field of the plane has 3 (vectors, x, y) and float or double");
    require<format_error>(raw || packed, where, ": the encoding is ", encoding, ", expected raw or gzip");
    require<format_error>(value("line skip", "0") == "0" && value("byte skip", "0") == "0", where,
                          ": lines or bytes are to be skipped, expected none");
    std::vector<std::size_t> const sizes = read_counts(where, "sizes", value("sizes", ""), 3);
    require<format_error>(sizes[0] == 2, where, ": the first axis has ", sizes[0],
                          " values, expected the 2 of a vector (x, y)");
    pixel_grid const grid = nrrd_grid(where, fields);
    std::string detached;
    if (std::string_view const file = value("data file", value("datafile", "")); !file.empty()) {
        require<format_error>(file != "LIST" && file.find('%') == std::string_view::npos, where,
                              ": the image lies in several files, expected one");
        detached = detached_bytes(who, path, file, max_size);
        text = detached;
    }
    return field_from(where, {{sizes[1], sizes[2]}, grid.origin, grid.spacing, grid.direction},
                      field_numbers(where, text, {sizes[1], sizes[2]},
                                    {type == "float", packed, value("endian", "little") == "big"}));
}

}}}  // namespace comir::COMIR_ABI::detail
