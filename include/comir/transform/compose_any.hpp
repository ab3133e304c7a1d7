#pragma once

#include <variant>

#include <comir/transform/any_transform.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The map p -> outer(inner(p)). Of two transforms of one kind it is of that kind, else affine.
inline any_transform compose_any(any_transform const& outer, any_transform const& inner) {
    return std::visit([](auto const& a, auto const& b) -> any_transform { return compose(a, b); }, outer, inner);
}

}}  // namespace comir::COMIR_ABI
