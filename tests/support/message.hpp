#pragma once

#include <string>

#include <comir/core/error.hpp>

/// What an error says that f raises; "no error" if it raises none.
template <class F>
std::string message(F const& f) {
    try {
        f();
    } catch (comir::error const& e) {
        return e.what();
    }
    return "no error";
}
