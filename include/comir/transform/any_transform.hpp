#pragma once

#include <variant>

#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>
#include <comir/transform/translation.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A transform whose kind is chosen while the program runs, by a command line or a file.
using any_transform = std::variant<translation2, rigid2, similarity2, affine2>;

/// The kinds that any_transform holds, in its order.
enum class transform_kind { translation, rigid, similarity, affine };

/// The same map as an affine transform, which every kind is.
inline affine2 to_affine(any_transform const& t) {
    return std::visit([](auto const& held) { return to_affine(held); }, t);
}

}}  // namespace comir::COMIR_ABI
