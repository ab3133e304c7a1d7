#pragma once

#include <chrono>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Wall time in seconds, for the results that tell how long they took.
inline double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}}}  // namespace comir::COMIR_ABI::detail
