#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <comir/io/pixel_size.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What the description of an ImageJ TIFF says.
struct imagej_description {
    std::uint64_t images = 1, channels = 1, slices = 1, frames = 1;
    std::optional<double> unit{};  // micrometres; resolution tags count pixels of it
};

/// The value behind "key=" of a text of lines, without spaces around it; nothing if the key is missing.
inline std::optional<std::string_view> described_value(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        auto const end = text.find('\n');
        std::string_view const line = text.substr(0, end);
        if (line.size() > key.size() && line.substr(0, key.size()) == key && line[key.size()] == '=') {
            std::string_view value = line.substr(key.size() + 1);
            while (!value.empty() && (value.back() == '\r' || value.back() == ' ' || value.back() == '\0'))
                value.remove_suffix(1);
            return value;
        }
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    return {};
}

/// Reads the description of an ImageJ TIFF; nothing if it is none.
/// Source: ImageJ's FileInfo and TiffDecoder, https://imagej.net/ij/source/ij/io/
inline std::optional<imagej_description> read_imagej_description(std::string_view text) {
    if (text.substr(0, 7) != "ImageJ=")
        return {};
    auto const count = [&](std::string_view key) {
        std::uint64_t value = 1;
        if (auto const digits = described_value(text, key))
            std::from_chars(digits->data(), digits->data() + digits->size(), value);
        return value == 0 ? 1 : value;
    };
    imagej_description result{count("images"), count("channels"), count("slices"), count("frames")};
    if (auto const unit = described_value(text, "unit"))
        result.unit = micrometres_of(*unit);
    return result;
}

/// The pixel size that Aperio's scanners and their followers write as "|MPP = 0.2505|" into a description.
inline std::optional<double> read_aperio_mpp(std::string_view text) {
    auto const at = text.find("|MPP");
    if (text.find("Aperio") == std::string_view::npos || at == std::string_view::npos)
        return {};
    auto const digits = text.find_first_of("0123456789", at);
    if (digits == std::string_view::npos || digits - at > 12)
        return {};
    double value = 0.0;
    std::from_chars(text.data() + digits, text.data() + text.size(), value);
    return value > 0.0 ? std::optional(value) : std::nullopt;
}

}}  // namespace comir::COMIR_ABI
