#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/memory.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/input_file.hpp>
#include <comir/io/safetensors_header.hpp>

namespace comir { inline namespace COMIR_ABI {

// The format: 8 bytes little-endian length of the header, the header (JSON), the tensors' bytes one after another.
static_assert(std::endian::native == std::endian::little, "comir: safetensors files need a little-endian machine");

/// The tensors of a safetensors file, in the order of their bytes. The bytes belong to whoever holds the file.
struct safetensors_view {
    std::vector<safetensors_entry> entries;
    std::map<std::string, std::string> metadata;

    /// Null if there is no tensor of that name.
    safetensors_entry const* find(std::string_view name) const {
        auto const found = std::find_if(entries.begin(), entries.end(),
                                        [&](safetensors_entry const& entry) { return entry.name == name; });
        return found == entries.end() ? nullptr : &*found;
    }
    /// Errors: format_error if there is no tensor of that name
    safetensors_entry const& at(std::string_view name) const {
        safetensors_entry const* entry = find(name);
        require<format_error>(entry != nullptr, "comir::safetensors_view::at: no tensor '", name, "' among ",
                              entries.size(), "; the file is of another kind or version");
        return *entry;
    }
};

/// The dtype text of a C++ type: "F32" of float and so on.
template <class T>
constexpr char const* safetensors_dtype() {
    static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8,
                  "comir: safetensors hold integers, bool, float and double");
    if constexpr (std::is_same_v<T, bool>)
        return "BOOL";
    else if constexpr (std::is_floating_point_v<T>)
        return sizeof(T) == 4 ? "F32" : "F64";
    else if constexpr (std::is_signed_v<T>)
        return sizeof(T) == 1 ? "I8" : sizeof(T) == 2 ? "I16" : sizeof(T) == 4 ? "I32" : "I64";
    else
        return sizeof(T) == 1 ? "U8" : sizeof(T) == 2 ? "U16" : sizeof(T) == 4 ? "U32" : "U64";
}

/// An entry over values that stay where they are.
/// Errors: shape_error if the number of values is not that of the shape
template <class T, std::size_t Extent>
safetensors_entry make_safetensors_entry(std::string name, std::vector<std::size_t> shape,
                                         std::span<T, Extent> values) {
    std::size_t count = 0;
    require<shape_error>(detail::checked_product(shape, 1, count) && count == values.size(),
                         "comir::make_safetensors_entry: '", name, "' has ", values.size(), " values, its shape has ",
                         count);
    return {std::move(name), safetensors_dtype<std::remove_const_t<T>>(), std::move(shape), std::as_bytes(values)};
}

/// Reads a safetensors file that lies in memory (a read-only array, a mapped file); copies no values.
/// Errors: format_error if the bytes are cut short, or are not a safetensors file in every detail: lengths within the
///         file, a header of at most 100 MB without unknown or repeated names, tensors that fill the rest of the file
///         without gaps and overlaps and have the sizes of their shapes
/// Source: the format description of huggingface/safetensors
inline safetensors_view parse_safetensors(std::span<std::byte const> bytes,
                                          std::string const& who = "comir::parse_safetensors") {
    std::uint64_t header_size = 0;
    require<format_error>(bytes.size() >= 8, who, ": ", bytes.size(), " bytes were given, a safetensors file has at ",
                          "least 8");
    std::memcpy(&header_size, bytes.data(), 8);
    detail::check_safetensors_header_size(who, header_size, bytes.size());
    auto const header = bytes.subspan(8, static_cast<std::size_t>(header_size));
    auto const data = bytes.subspan(8 + header.size());
    detail::safetensors_header parsed =
        detail::parse_safetensors_header(who, {reinterpret_cast<char const*>(header.data()), header.size()});

    std::stable_sort(parsed.tensors.begin(), parsed.tensors.end(),
                     [](auto const& a, auto const& b) { return a.offsets < b.offsets; });
    safetensors_view view;
    view.metadata = std::move(parsed.metadata);
    view.entries.reserve(parsed.tensors.size());
    std::uint64_t end = 0;
    for (detail::safetensors_declaration& tensor : parsed.tensors) {
        std::string const name = detail::shown(tensor.name);
        std::uint64_t const first = tensor.offsets[0], last = tensor.offsets[1];
        require<format_error>(first == end && last >= first && last <= data.size(), who, ": tensor '", name,
                              "' lies at bytes ", first, " to ", last, ", expected to start at ", end,
                              " where the one before it ends, and to end within the ", data.size(), " bytes of data");
        std::size_t const item = detail::safetensors_item_size(tensor.dtype);
        std::size_t size = 0;
        require<format_error>(item > 0, who, ": tensor '", name, "' has the unknown dtype '",
                              detail::shown(tensor.dtype), "'");
        require<format_error>(detail::checked_product(tensor.shape, item, size) && size == last - first, who,
                              ": tensor '", name, "' has ", last - first, " bytes, its shape needs another number");
        view.entries.push_back({std::move(tensor.name), std::move(tensor.dtype), std::move(tensor.shape),
                                data.subspan(static_cast<std::size_t>(first), size)});
        end = last;
    }
    require<format_error>(end == data.size(), who, ": ", data.size() - end, " bytes at the end belong to no tensor");
    return view;
}

/// A tensor's values, copied.
/// Errors: format_error if the tensor has another dtype than T
template <class T>
std::vector<T> copy_values(safetensors_entry const& entry) {
    static_assert(!std::is_same_v<T, bool>, "comir: read BOOL tensors as std::uint8_t");
    bool const fits =
        entry.dtype == safetensors_dtype<T>() || (std::is_same_v<T, std::uint8_t> && entry.dtype == "BOOL");
    require<format_error>(fits, "comir::copy_values: tensor '", detail::shown(entry.name), "' has dtype ", entry.dtype,
                          ", expected ", safetensors_dtype<T>());
    std::vector<T> result(entry.bytes.size() / sizeof(T));
    if (!result.empty())
        std::memcpy(result.data(), entry.bytes.data(), result.size() * sizeof(T));
    return result;
}

/// A tensor's values where they lie.
/// Errors: format_error if the tensor has another dtype than T; error if its bytes are not aligned for T, which files
///         of other programs may do to values behind smaller ones (copy_values takes them anyway)
template <class T>
std::span<T const> values(safetensors_entry const& entry) {
    require<format_error>(entry.dtype == safetensors_dtype<T>(), "comir::values: tensor '", detail::shown(entry.name),
                          "' has dtype ", entry.dtype, ", expected ", safetensors_dtype<T>());
    require(reinterpret_cast<std::uintptr_t>(entry.bytes.data()) % alignof(T) == 0, "comir::values: tensor '",
            detail::shown(entry.name), "' is not aligned in its file; use comir::copy_values");
    return {reinterpret_cast<T const*>(entry.bytes.data()), entry.bytes.size() / sizeof(T)};
}

namespace detail {

/// Largest items first, so that the data's alignment of 8 holds for each tensor, as the Python writer does.
inline std::vector<safetensors_entry const*> safetensors_order(std::vector<safetensors_entry> const& tensors) {
    std::vector<safetensors_entry const*> order;
    for (safetensors_entry const& tensor : tensors)
        order.push_back(&tensor);
    std::stable_sort(order.begin(), order.end(), [](auto const* a, auto const* b) {
        return safetensors_item_size(a->dtype) > safetensors_item_size(b->dtype);
    });
    return order;
}

inline void check_safetensors(std::string const& who, std::vector<safetensors_entry> const& tensors) {
    std::set<std::string_view> names;
    for (safetensors_entry const& tensor : tensors) {
        std::size_t const item = safetensors_item_size(tensor.dtype);
        std::size_t size = 0;
        require(item > 0, who, ": tensor '", tensor.name, "' has the unknown dtype '", tensor.dtype, "'");
        require<shape_error>(checked_product(tensor.shape, item, size) && size == tensor.bytes.size(), who,
                             ": tensor '", tensor.name, "' has ", tensor.bytes.size(), " bytes, its shape needs ",
                             size);
        require(tensor.name != "__metadata__", who, ": a tensor cannot be called __metadata__");
        require(names.insert(tensor.name).second, who, ": two tensors are called '", tensor.name, "'");
    }
}

}  // namespace detail

/// A safetensors file in memory. Tensors of larger items come first, otherwise the order is kept.
/// Errors: error if a name is used twice, a dtype is unknown or a text is not UTF-8; shape_error if a tensor's bytes do
///         not fit its shape
inline std::vector<std::byte> to_safetensors(std::vector<safetensors_entry> const& tensors,
                                             std::map<std::string, std::string> const& metadata = {}) {
    std::string const who = "comir::to_safetensors";
    detail::check_safetensors(who, tensors);
    auto const order = detail::safetensors_order(tensors);
    std::string const header = detail::safetensors_header_text(who, order, metadata);
    auto const head = std::as_bytes(std::span(header));
    std::vector<std::byte> result(head.begin(), head.end());
    for (safetensors_entry const* tensor : order)
        result.insert(result.end(), tensor->bytes.begin(), tensor->bytes.end());
    return result;
}

/// Writes a safetensors file that appears under its name only when it is complete.
/// Errors: those of to_safetensors; error naming path and reason if the file cannot be written
inline void write_safetensors(std::filesystem::path const& path, std::vector<safetensors_entry> const& tensors,
                              std::map<std::string, std::string> const& metadata = {}) {
    std::string const who = "comir::write_safetensors";
    detail::check_safetensors(who + ": " + path.string(), tensors);
    auto const order = detail::safetensors_order(tensors);
    std::string const header = detail::safetensors_header_text(who + ": " + path.string(), order, metadata);
    atomic_file file(who, path);
    file.write(std::as_bytes(std::span(header)));
    for (safetensors_entry const* tensor : order)
        file.write(tensor->bytes);
    file.commit();
}

/// A safetensors file with its bytes, which its entries point to: it can be moved, not copied.
class safetensors_file {
public:
    /// Errors: error if the file cannot be opened; those of parse_safetensors, naming the path
    explicit safetensors_file(std::string const& who, std::filesystem::path const& path) {
        input_file file(who, path);
        require<format_error>(file.size() >= 8, file.where(), ": the file has ", file.size(),
                              " bytes, a safetensors file has at least 8");
        std::uint64_t header_size = 0;
        file.read(&header_size, 8);
        detail::check_safetensors_header_size(file.where(), header_size, file.size());
        // The data starts on a full alignment, whatever the header's length.
        auto const head = static_cast<std::size_t>(8 + header_size);
        std::size_t const gap = round_up(head, alignment) - head;
        bytes_.resize(gap + static_cast<std::size_t>(file.size()));
        std::memcpy(bytes_.data() + gap, &header_size, 8);
        file.read(bytes_.data() + gap + 8, static_cast<std::size_t>(file.size()) - 8);
        view_ = parse_safetensors(std::span<std::byte const>(bytes_).subspan(gap), file.where());
    }
    safetensors_file(safetensors_file&&) = default;
    safetensors_file& operator=(safetensors_file&&) = default;

    safetensors_view const& view() const { return view_; }
    std::vector<safetensors_entry> const& entries() const { return view_.entries; }
    std::map<std::string, std::string> const& metadata() const { return view_.metadata; }
    safetensors_entry const* find(std::string_view name) const { return view_.find(name); }
    safetensors_entry const& at(std::string_view name) const { return view_.at(name); }

private:
    aligned_vector<std::byte> bytes_;
    safetensors_view view_;
};

/// Reads a whole safetensors file.
/// Errors: error if the file cannot be opened; those of parse_safetensors, naming the path
inline safetensors_file read_safetensors(std::filesystem::path const& path) {
    return safetensors_file("comir::read_safetensors", path);
}

}}  // namespace comir::COMIR_ABI
