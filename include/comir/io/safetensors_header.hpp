#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A tensor of a safetensors file: its dtype as the file spells it ("F32", "U8", ...), its values row by row,
/// little-endian. It does not own the bytes.
struct safetensors_entry {
    std::string name;
    std::string dtype;
    std::vector<std::size_t> shape;
    std::span<std::byte const> bytes;
};

namespace detail {

/// Bytes of one item; 0 of an unknown dtype.
inline std::size_t safetensors_item_size(std::string_view dtype) {
    static constexpr std::pair<std::string_view, std::size_t> known[] = {
        {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
        {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8}};
    for (auto const& [name, size] : known)
        if (name == dtype)
            return size;
    return 0;
}

/// item x the extents; false if that is more than a size_t holds.
inline bool checked_product(std::span<std::size_t const> shape, std::size_t item, std::size_t& product) {
    product = item;
    bool fits = true;
    for (std::size_t extent : shape) {
        fits = fits && (extent == 0 || product <= std::numeric_limits<std::size_t>::max() / extent);
        product *= extent;
    }
    return fits;
}

/// Text of a file for a message: short, and without bytes that a terminal would obey.
inline std::string shown(std::string_view text) {
    std::string result(text.substr(0, 80));
    for (char& c : result)
        if (static_cast<unsigned char>(c) < 32 || c == 127)
            c = '?';
    return result.size() < text.size() ? result + "..." : result;
}

struct safetensors_declaration {
    std::string name, dtype;
    std::vector<std::size_t> shape;
    std::array<std::uint64_t, 2> offsets{};
};

struct safetensors_header {
    std::vector<safetensors_declaration> tensors;
    std::map<std::string, std::string> metadata;
};

/// Takes the header's JSON event by event: no tree of a hostile header is ever built, and nothing nests deeper than
/// the format does. The member names are those that nlohmann's parser calls.
class safetensors_events {
public:
    explicit safetensors_events(safetensors_header& header) : header_(header) {}
    std::string reason;

    bool start_object(std::size_t) {
        if (place_ == place::outside)
            return go(place::top);
        if (place_ == place::top && key_ == "__metadata__")
            return go(place::metadata);
        if (place_ != place::top)
            return unexpected("an object");
        header_.tensors.emplace_back();
        header_.tensors.back().name = key_;
        seen_ = 0;
        return go(place::tensor);
    }
    bool end_object() {
        if (place_ == place::tensor && seen_ != (dtype | shape | offsets))
            return wrong("a tensor lacks dtype, shape or data_offsets: '" + shown(header_.tensors.back().name) + "'");
        return go(place_ == place::top ? place::outside : place::top);
    }
    bool key(std::string& name) {
        key_ = std::move(name);
        if (place_ == place::top)
            return names_.insert(key_).second || wrong("the name '" + shown(key_) + "' appears twice");
        if (place_ == place::metadata)
            return header_.metadata.count(key_) == 0 || wrong("the metadata '" + shown(key_) + "' appears twice");
        unsigned const member = key_ == "dtype"          ? dtype
                                : key_ == "shape"        ? shape
                                : key_ == "data_offsets" ? offsets
                                                         : 0u;
        if (member == 0 || (seen_ & member) != 0)
            return wrong("'" + shown(key_) + "' is unknown or appears twice in a tensor");
        seen_ |= member;
        return true;
    }
    bool string(std::string& text) {
        if (place_ == place::metadata)
            return header_.metadata.emplace(key_, std::move(text)).second;
        if (place_ != place::tensor || key_ != "dtype")
            return unexpected("a string");
        header_.tensors.back().dtype = std::move(text);
        return true;
    }
    bool start_array(std::size_t) {
        if (place_ != place::tensor || key_ == "dtype")
            return unexpected("an array");
        offset_count_ = 0;
        return go(key_ == "shape" ? place::extents : place::range);
    }
    bool end_array() {
        if (place_ == place::range && offset_count_ != 2)
            return wrong("data_offsets need two numbers");
        return go(place::tensor);
    }
    bool number_unsigned(std::uint64_t value) {
        if (place_ == place::extents) {
            if (value > std::numeric_limits<std::size_t>::max())
                return wrong("an extent is too large");
            header_.tensors.back().shape.push_back(static_cast<std::size_t>(value));
            return true;
        }
        if (place_ != place::range)
            return unexpected("a number");
        if (offset_count_ == 2)
            return wrong("data_offsets need two numbers");
        header_.tensors.back().offsets[offset_count_++] = value;
        return true;
    }
    bool number_integer(std::int64_t) { return unexpected("a negative number"); }
    bool number_float(double, std::string const&) { return unexpected("a number with a fraction"); }
    bool boolean(bool) { return unexpected("true or false"); }
    bool null() { return unexpected("null"); }
    bool binary(nlohmann::json::binary_t&) { return unexpected("binary data"); }
    bool parse_error(std::size_t position, std::string const&, nlohmann::json::exception const& problem) {
        return wrong("byte " + std::to_string(position) + ": " + shown(problem.what()));
    }

private:
    enum class place { outside, top, metadata, tensor, extents, range };
    static constexpr unsigned dtype = 1, shape = 2, offsets = 4;  // the members of a tensor, as bits of seen_

    bool go(place next) {
        place_ = next;
        return true;
    }
    bool wrong(std::string why) {
        reason = std::move(why);
        return false;
    }
    bool unexpected(char const* what) {
        return wrong(std::string(what) + " does not belong here, after the name '" + shown(key_) + "'");
    }

    safetensors_header& header_;
    std::set<std::string> names_;
    std::string key_;
    place place_ = place::outside;
    unsigned seen_ = 0;
    std::size_t offset_count_ = 0;
};

inline void check_safetensors_header_size(std::string const& who, std::uint64_t header_size, std::uint64_t file_size) {
    // The format's own limit.
    constexpr std::uint64_t most = 100'000'000;
    require<format_error>(header_size <= most, who, ": not a safetensors file: its header would have ", header_size,
                          " bytes, expected at most ", most);
    require<format_error>(header_size <= file_size - 8, who, ": the file is cut short: its header has ", header_size,
                          " bytes, ", file_size - 8, " are there");
}

inline safetensors_header parse_safetensors_header(std::string const& who, std::string_view text) {
    require<format_error>(text.substr(0, 1) == "{", who, ": not a safetensors file: its header does not begin with {");
    safetensors_header header;
    safetensors_events events(header);
    bool const good = nlohmann::json::sax_parse(text.begin(), text.end(), &events);
    require<format_error>(good, who, ": the header is damaged: ", events.reason);
    return header;
}

/// The length and the JSON of a header, padded so that the data starts on a multiple of 8 bytes.
inline std::string safetensors_header_text(std::string const& who, std::span<safetensors_entry const* const> tensors,
                                           std::map<std::string, std::string> const& metadata) {
    std::string text = "{";
    auto const quoted = [&](std::string const& words) {
        try {
            return nlohmann::json(words).dump();
        } catch (nlohmann::json::exception const& problem) {
            fail(who, ": the text '", shown(words), "' is not UTF-8: ", problem.what());
        }
    };
    if (!metadata.empty()) {
        text += "\"__metadata__\":{";
        for (auto const& [name, value] : metadata)
            text += quoted(name) + ":" + quoted(value) + ",";
        text.back() = '}';
        text += ",";
    }
    std::size_t offset = 0;
    for (safetensors_entry const* tensor : tensors) {
        text += quoted(tensor->name) + ":{\"dtype\":\"" + tensor->dtype + "\",\"shape\":[";
        for (std::size_t i = 0; i < tensor->shape.size(); ++i)
            text += (i > 0 ? "," : "") + std::to_string(tensor->shape[i]);
        text += "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(offset + tensor->bytes.size()) +
                "]},";
        offset += tensor->bytes.size();
    }
    if (text.size() > 1)
        text.pop_back();
    text += "}";
    text.append((8 - text.size() % 8) % 8, ' ');
    require(text.size() <= 100'000'000, who, ": the header would have ", text.size(),
            " bytes, safetensors allow 100 MB; use shorter names or fewer tensors");
    std::string length(8, '\0');
    for (std::size_t i = 0; i < 8; ++i)
        length[i] = static_cast<char>(static_cast<unsigned char>(std::uint64_t{text.size()} >> (8 * i)));
    return length + text;
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
