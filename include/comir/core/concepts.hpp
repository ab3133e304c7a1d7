#pragma once

#include <concepts>
#include <cstddef>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Element types that networks, losses and metrics compute in.
template <class T>
concept scalar = std::same_as<T, float> || std::same_as<T, double>;

}}  // namespace comir::COMIR_ABI
