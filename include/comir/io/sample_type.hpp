#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The types of values that images have once they are read; files have more.
enum class sample_type {
    u8,   // std::uint8_t
    u16,  // std::uint16_t
    f32,  // float
};

/// The enumerator of a C++ type.
template <class T>
constexpr sample_type sample_type_of() {
    static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>,
                  "comir: images in files hold std::uint8_t, std::uint16_t or float");
    return std::is_same_v<T, std::uint8_t>    ? sample_type::u8
           : std::is_same_v<T, std::uint16_t> ? sample_type::u16
                                              : sample_type::f32;
}

/// Bytes of a value.
constexpr std::size_t sample_bytes(sample_type type) {
    return type == sample_type::u8 ? 1 : type == sample_type::u16 ? 2 : 4;
}

/// Calls f(T{}) with the C++ type of the enumerator.
template <class F>
auto with_sample_type(sample_type type, F&& f) {
    switch (type) {
        case sample_type::u8:
            return f(std::uint8_t{});
        case sample_type::u16:
            return f(std::uint16_t{});
        default:
            return f(float{});
    }
}

}}  // namespace comir::COMIR_ABI
