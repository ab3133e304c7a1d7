#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/input_file.hpp>
#include <comir/io/transforms/inflate.hpp>
#include <comir/io/transforms/itk_parts.hpp>
#include <comir/transform/displacement_field.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// How a field's numbers are stored.
struct field_encoding {
    bool single = false, packed = false, big_endian = false;
};

/// The numbers of a field from the bytes after its header, x and y of each point in turn.
inline std::vector<double> field_numbers(std::string const& where, std::string_view bytes, extent2 size,
                                         field_encoding const& encoding) {
    std::size_t const each = encoding.single ? sizeof(float) : sizeof(double);
    require<format_error>(size.w > 0 && size.h > 0 && size.h < (std::size_t{1} << 40) / size.w, where,
                          ": the field has ", size.w, " x ", size.h,
                          " grid points, expected one at least and not more than memory holds");
    std::size_t const count = 2 * size.w * size.h;
    std::string unpacked;
    if (encoding.packed) {
        unpacked = inflate_bytes(where, bytes, count * each);
        bytes = unpacked;
    }
    require<format_error>(bytes.size() >= count * each, where, ": the file ends too early: ", bytes.size(),
                          " bytes for ", size.w, " x ", size.h, " grid points of ", 2 * each, " bytes");
    std::vector<double> numbers(count);
    auto const swap = [&](auto& bits) {
        if (encoding.big_endian != (std::endian::native == std::endian::big)) {
            auto* const first = reinterpret_cast<unsigned char*>(&bits);
            std::reverse(first, first + sizeof bits);
        }
    };
    for (std::size_t i = 0; i < count; ++i) {
        if (encoding.single) {
            float value = 0.0f;
            std::memcpy(&value, bytes.data() + i * each, each);
            swap(value);
            numbers[i] = static_cast<double>(value);
        } else {
            std::memcpy(&numbers[i], bytes.data() + i * each, each);
            swap(numbers[i]);
        }
        require<format_error>(std::isfinite(numbers[i]), where, ": a displacement is not finite");
    }
    return numbers;
}

/// What lies in another file, as a header names it: beside the header.
inline std::string detached_bytes(std::string const& who, std::filesystem::path const& header, std::string_view name,
                                  std::size_t max_size) {
    return read_text_file(who, header.parent_path() / std::filesystem::path(name).filename(), max_size);
}

inline std::string field_bytes(displacement_field2 const& field) {
    static_assert(std::endian::native == std::endian::little);
    auto const numbers = field_parameters(field.displacements());
    std::string bytes(numbers.size() * sizeof(double), '\0');
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    return bytes;
}

}}}  // namespace comir::COMIR_ABI::detail
