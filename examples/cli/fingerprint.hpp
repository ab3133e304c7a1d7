#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <comir/dataset/aligned_pair.hpp>

/// Fowler, Noll and Vo's hash (1a, 64 bits): names and recognises, protects against nothing.
class fingerprint {
public:
    void add(std::span<std::byte const> bytes) {
        for (std::byte const b : bytes)
            value_ = (value_ ^ static_cast<std::uint64_t>(b)) * 0x100000001b3ULL;
    }
    std::string text() const {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value_));
        return digits;
    }

private:
    std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

/// Of the pixels of all images.
inline std::string fingerprint_of(std::vector<comir::aligned_pair> const& pairs) {
    fingerprint pixels;
    for (comir::aligned_pair const& pair : pairs)
        for (comir::image<float> const& image : pair.images)
            pixels.add(std::as_bytes(image.values()));
    return pixels.text();
}
