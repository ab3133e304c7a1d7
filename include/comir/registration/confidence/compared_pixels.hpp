#pragma once

#include <cstddef>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Pixels of the fixed image that suffice to tell how sure a registration is.
inline constexpr std::size_t compared_pixels = 20000;

}}  // namespace comir::COMIR_ABI
