#pragma once

#include <cmath>
#include <cstddef>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

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

/// The image with values that are not finite, where the mask is zero, replaced by the mean of its channel where the
/// mask is not: no-data values, which would spread through whatever looks at a neighbourhood. Without a mask, the
/// image.
/// Errors: shape_error if the mask has other rows or columns
inline image<float> fill_masked(image<float> source, image_mask const& mask) {
    if (mask.empty())
        return source;
    require<shape_error>(mask.height() == source.height() && mask.width() == source.width(),
                         "comir::fill_masked: the mask is ", to_string(mask.shape()), ", expected 1 x ",
                         source.height(), " x ", source.width(), " as its image");
    for (std::size_t c = 0; c < source.channels(); ++c) {
        auto const values = source.channel(c);
        double total = 0, count = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
            if (mask.values()[i] != 0 && std::isfinite(values[i])) {
                total += static_cast<double>(values[i]);
                ++count;
            }
        for (std::size_t i = 0; i < values.size(); ++i)
            if (mask.values()[i] == 0 && !std::isfinite(values[i]))
                values[i] = count > 0 ? static_cast<float>(total / count) : 0.0f;
    }
    return source;
}

}}  // namespace comir::COMIR_ABI
