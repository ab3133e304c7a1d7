#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

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

/// The mask of the pixels that count in both. An empty mask means that all count.
/// Errors: shape_error if both have pixels and the sizes differ
inline image_mask combine_masks(image_mask a, image_mask const& b) {
    if (a.empty() || b.empty())
        return a.empty() ? b : a;
    require<shape_error>(a.shape() == b.shape(), "comir::combine_masks: the masks are ", to_string(a.shape()), " and ",
                         to_string(b.shape()), ", expected equal sizes");
    for (std::size_t i = 0; i < a.values().size(); ++i)
        a.values()[i] = a.values()[i] != 0 && b.values()[i] != 0;
    return a;
}

/// The share of pixels that the mask leaves out, 0 to 1; 0 of an empty one.
inline double masked_share(image_mask const& mask) {
    auto const out = std::ranges::count(mask.values(), static_cast<unsigned char>(0));
    return mask.empty() ? 0.0 : static_cast<double>(out) / static_cast<double>(mask.values().size());
}

namespace detail {

/// Replaces values where the mask is zero and `wanted(i, value)` holds by the mean of the channel's finite ones that
/// count.
template <class Wanted>
void fill_masked(char const* who, image<float>& source, image_mask const& mask, Wanted wanted) {
    if (mask.empty())
        return;
    require<shape_error>(mask.height() == source.height() && mask.width() == source.width(), who, ": the mask is ",
                         to_string(mask.shape()), ", expected 1 x ", source.height(), " x ", source.width(),
                         " as its image");
    for (std::size_t c = 0; c < source.channels(); ++c) {
        auto const values = source.channel(c);
        double total = 0, count = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
            if (mask.values()[i] != 0 && std::isfinite(values[i])) {
                total += static_cast<double>(values[i]);
                ++count;
            }
        for (std::size_t i = 0; i < values.size(); ++i)
            if (mask.values()[i] == 0 && wanted(i, values[i]))
                values[i] = count > 0 ? static_cast<float>(total / count) : 0.0f;
    }
}

}  // namespace detail

/// The image with values that are not finite, where the mask is zero, replaced by the mean of its channel where the
/// mask is not: no-data values, which would spread through whatever looks at a neighbourhood. Without a mask, the
/// image.
/// Errors: shape_error if the mask has other rows or columns
inline image<float> fill_masked(image<float> source, image_mask const& mask) {
    detail::fill_masked("comir::fill_masked", source, mask, [](std::size_t, float v) { return !std::isfinite(v); });
    return source;
}

/// The image with values where `found` is zero replaced by the mean of its channel where `mask` is not: numbers such as
/// -9999 that stand for no data would rule the range of the image, and black bands the contrast beside them.
/// Errors: shape_error if a mask has other rows or columns
inline image<float> replace_masked(image<float> source, image_mask const& found, image_mask const& mask) {
    image_mask const both = combine_masks(found, mask);
    detail::fill_masked("comir::replace_masked", source, both,
                        [&](std::size_t i, float) { return !found.empty() && found.values()[i] == 0; });
    return source;
}

}}  // namespace comir::COMIR_ABI
