#pragma once

#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The map p -> outer(inner(p)), with inner's centre, of any two affine transforms. Where the types are equal and
/// closed under composition, the overload beside the type is chosen instead and keeps the type.
template <affine_transform Outer, affine_transform Inner>
affine2 compose(Outer const& outer, Inner const& inner) {
    return detail::make_affine(outer.linear() * inner.linear(), outer(inner(inner.centre)) - inner.centre,
                               inner.centre);
}

/// The same map expressed about another centre: only the centre and the translation change.
template <affine_transform T>
T with_centre(T const& t, point2 centre) {
    T result = t;
    point2 const shift = t(centre) - centre;
    result.centre = centre;
    set_translation(result, shift);
    return result;
}

}}  // namespace comir::COMIR_ABI
