#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/transforms/itk_parts.hpp>
#include <comir/transform/chain.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// ITK's .mat, which ANTs writes for affine transforms, are columns of MATLAB's format 4: five 32-bit integers (type,
// rows, columns, whether complex, length of the name with its end), the name, the numbers. Each transform is two of
// them: its class with the parameters, and "fixed" with the centre.

/// What a column's header says.
struct matlab_header {
    std::int32_t type = 0, rows = 0, columns = 0, complex = 0, name_size = 0;
};

inline std::optional<matlab_header> matlab_header_of(std::string_view bytes) {
    matlab_header h;
    static_assert(sizeof h == 20 && std::endian::native == std::endian::little);
    if (bytes.size() < sizeof h)
        return {};
    std::memcpy(&h, bytes.data(), sizeof h);
    bool const known = (h.type == 0 || h.type == 10) && h.rows >= 0 && h.columns >= 0 && h.complex == 0 &&
                       h.name_size > 1 && h.name_size < 200;
    return known ? std::optional(h) : std::nullopt;
}

inline bool is_matlab_transform(std::string_view bytes) {
    auto const header = matlab_header_of(bytes);
    return header && bytes.substr(sizeof(matlab_header), 80).find("Transform") != std::string_view::npos;
}

inline std::string matlab_column(std::string_view name, std::vector<double> const& values) {
    matlab_header const h{0, static_cast<std::int32_t>(values.size()), 1, 0,
                          static_cast<std::int32_t>(name.size() + 1)};
    std::string bytes(sizeof h, '\0');
    std::memcpy(bytes.data(), &h, sizeof h);
    bytes += name;
    bytes += '\0';
    std::size_t const start = bytes.size();
    bytes.resize(start + 8 * values.size());
    std::memcpy(bytes.data() + start, values.data(), 8 * values.size());
    return bytes;
}

/// One affine transform, as ANTs has it.
inline std::string matlab_bytes(affine2 const& t) {
    itk_part const part = to_itk(t);
    return matlab_column(part.name + "_double_2_2", part.parameters) + matlab_column("fixed", part.fixed);
}

inline transform_chain parse_matlab(std::string const& where, std::string_view bytes) {
    std::vector<itk_part> parts;
    while (!bytes.empty()) {
        auto const header = matlab_header_of(bytes);
        require<format_error>(header.has_value(), where,
                              ": the MATLAB file is damaged, or not in format 4 with numbers "
                              "in little-endian order");
        bytes.remove_prefix(sizeof(matlab_header));
        auto const name_size = static_cast<std::size_t>(header->name_size);
        std::size_t const count = static_cast<std::size_t>(header->rows) * static_cast<std::size_t>(header->columns),
                          size = header->type == 10 ? sizeof(float) : sizeof(double);
        require<format_error>(name_size <= bytes.size() && count <= (bytes.size() - name_size) / size, where,
                              ": the MATLAB file ends too early");
        std::string name(bytes.substr(0, name_size));
        name.resize(name.find('\0') == std::string::npos ? name.size() : name.find('\0'));
        bytes.remove_prefix(name_size);
        std::vector<double> values(count);
        for (std::size_t i = 0; i < count; ++i) {
            float single = 0.0f;
            if (size == sizeof(float)) {
                std::memcpy(&single, bytes.data() + i * size, size);
                values[i] = static_cast<double>(single);
            } else {
                std::memcpy(&values[i], bytes.data() + i * size, size);
            }
            require<format_error>(std::isfinite(values[i]), where, ": a number of '", name, "' is not finite");
        }
        bytes.remove_prefix(count * size);
        if (name == "fixed" && !parts.empty())
            parts.back().fixed = std::move(values);
        else
            parts.push_back({std::move(name), std::move(values), {}});
    }
    return chain_from_itk(where, parts);
}

}}}  // namespace comir::COMIR_ABI::detail
