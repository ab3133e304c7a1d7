#pragma once

#include <comir/image/image.hpp>
#include <comir/transform/pixel_grid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The grid of an image, from its spacing and origin.
template <class T>
pixel_grid grid_of(image<T> const& source) {
    return {source.spacing, source.origin};
}

}}  // namespace comir::COMIR_ABI
