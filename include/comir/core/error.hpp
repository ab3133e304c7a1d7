#pragma once

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Base of everything that comir throws.
class error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A shape, size or channel count that does not fit.
class shape_error : public error {
public:
    using error::error;
};

/// A file or byte span that is not what its format promises.
class format_error : public error {
public:
    using error::error;
};

/// Called with the message before an error is raised; set it where exceptions are off and abort() is not wanted.
/// It may end the program or jump away. If it returns, the error is thrown (or abort() called without exceptions).
using failure_handler = void (*)(char const* message);
/// The handler in use, none at first. Set it before threads start.
inline failure_handler on_failure = nullptr;

namespace detail {

inline std::string to_text(std::string_view part) {
    return std::string(part);
}
inline std::string to_text(char part) {
    return std::string(1, part);
}
template <class T>
requires std::is_arithmetic_v<T> std::string to_text(T part) {
    if constexpr (std::is_floating_point_v<T>)
        if (T const size = part < 0 ? -part : part; size > 0 && (size < T(1e-3) || size > T(1e15))) {
            char digits[32];
            auto const end = std::to_chars(digits, digits + sizeof digits, part, std::chars_format::general, 4).ptr;
            return std::string(digits, end);
        }
    std::string text = std::to_string(part);
    if constexpr (std::is_floating_point_v<T>) {
        // std::to_string always prints six decimals; the trailing zeros only hide the number.
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.')
            text.pop_back();
    }
    return text;
}

}  // namespace detail

/// Raises Error with the parts joined to one message: who, what was given, what was expected, what to do.
template <class Error = error, class... Parts>
[[noreturn]] void fail(Parts const&... parts) {
    std::string message;
    ((message += detail::to_text(parts)), ...);
    if (on_failure)
        on_failure(message.c_str());
#if defined(__cpp_exceptions)
    throw Error(message);
#else
    std::abort();
#endif
}

/// Checks a condition at a public entry; builds the message only when it fails.
template <class Error = error, class... Parts>
void require(bool condition, Parts const&... parts) {
    if (!condition) [[unlikely]]
        fail<Error>(parts...);
}

}}  // namespace comir::COMIR_ABI
