#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <comir/core/error.hpp>

/// The message without the function that it begins with, which is of no use on a command line.
inline std::string_view without_function(std::string_view message) {
    std::size_t const end = message.find(": ");
    return message.starts_with("comir::") && end != std::string_view::npos ? message.substr(end + 2) : message;
}

/// What f returns; errors that it raises begin with the name of the file that they are about.
template <class F>
decltype(auto) naming(std::string const& file, F&& f) {
    try {
        return std::forward<F>(f)();
    } catch (comir::error const& problem) {
        comir::fail(file, ": ", without_function(problem.what()));
    }
}
