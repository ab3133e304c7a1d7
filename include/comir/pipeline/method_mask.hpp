#pragma once

#include <cstddef>

#include <comir/image/image.hpp>

namespace comir::inline COMIR_ABI {

/// The mask that a stored image stands for: a pixel counts if any of its channels is above 0, as pictures of masks have
/// 1, 255 or 65535 for what counts.
inline image_mask to_mask(image<float> const& stored) {
    image_mask mask({1, stored.height(), stored.width()}, 0);
    for (std::size_t c = 0; c < stored.channels(); ++c)
        for (std::size_t i = 0; i < mask.values().size(); ++i)
            if (stored.channel(c)[i] > 0.0f)
                mask.values()[i] = 1;
    return mask;
}

}  // namespace comir::inline COMIR_ABI
