#pragma once

#include <cstddef>
#include <functional>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Called by long work with the number of finished and of all steps; returning false stops the work cleanly.
using progress = std::function<bool(std::size_t done, std::size_t total)>;

/// True if the work should go on: there is no callback, or it says so.
inline bool keep_going(progress const& callback, std::size_t done, std::size_t total) {
    return !callback || callback(done, total);
}

}}  // namespace comir::COMIR_ABI
