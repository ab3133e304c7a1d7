#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// Whether a stored value is the one that stands for no data, which files and people write as a decimal number: floats
/// are compared as floats, since most decimal numbers are none.
template <class T>
bool is_nodata(T stored, double value) {
    if constexpr (std::is_integral_v<T>) {
        return static_cast<double>(stored) == value;
    } else {
        if (std::isnan(value))
            return std::isnan(stored);
        // -3.4028235e+38, the lowest float in a few digits, lies beyond it as a double.
        double const most = static_cast<double>(std::numeric_limits<T>::max());
        return stored == (std::isinf(value) ? static_cast<T>(value) : static_cast<T>(std::clamp(value, -most, most)));
    }
}

}  // namespace detail

/// The mask of an image in which a value stands for no data: zero where all of the first `channels` channels have it,
/// as rasterio's dataset_mask and GDAL's warper with UNIFIED_SRC_NODATA=YES take it. A colour of which one channel
/// happens to be 0 is no missing pixel. A value of NaN is found, one that T cannot hold is nowhere. Empty if no pixel
/// is left out.
/// Shapes: source (C, H, W), mask (1, H, W) or empty
template <class T>
image_mask nodata_mask(image<T> const& source, double value,
                       std::size_t channels = std::numeric_limits<std::size_t>::max()) {
    channels = std::min(channels, source.channels());
    image_mask mask({1, source.height(), source.width()}, 0);
    for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t i = 0; i < mask.values().size(); ++i)
            if (!detail::is_nodata(source.channel(c)[i], value))
                mask.values()[i] = 1;
    bool const any = channels > 0 && std::ranges::find(mask.values(), 0) != mask.values().end();
    return any ? mask : image_mask{};
}

/// The mask of an image with values that are infinite or not numbers: zero where any channel has one, since nothing can
/// be computed from such a pixel. Empty if all are finite.
/// Shapes: source (C, H, W), mask (1, H, W) or empty
inline image_mask finite_mask(image<float> const& source) {
    if (std::ranges::all_of(source.values(), [](float v) { return std::isfinite(v); }))
        return {};
    image_mask mask({1, source.height(), source.width()}, 1);
    for (std::size_t c = 0; c < source.channels(); ++c)
        for (std::size_t i = 0; i < mask.values().size(); ++i)
            if (!std::isfinite(source.channel(c)[i]))
                mask.values()[i] = 0;
    return mask;
}

}}  // namespace comir::COMIR_ABI
