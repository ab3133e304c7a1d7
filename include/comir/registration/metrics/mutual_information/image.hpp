#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/image/convert.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Pixels that count.
inline double count_mi_pixels(image_shape const& shape, image_mask const& mask) {
    std::size_t const ignored = mask.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(mask.values(), 0));
    return static_cast<double>(shape.h * shape.w - ignored);
}

/// The range of the pixels that count; 0 to 0 if there are none.
struct mi_range {
    float low = 0.0f, high = 0.0f;

    mi_range(image<float> const& values, image_mask const& mask) {
        bool first = true;
        for (std::size_t i = 0; i < values.values().size(); ++i)
            if (mask.empty() || mask.values()[i]) {
                float const v = values.values()[i];
                low = first ? v : std::min(low, v);
                high = first ? v : std::max(high, v);
                first = false;
            }
    }
    /// What a value is multiplied with, after low is subtracted, to run from 0 to length.
    float scale(float length) const { return high > low ? length / (high - low) : 0.0f; }
};

/// For each pixel but those of the last row and column whether it and its three neighbours to the right and below
/// count, so that a value between them may be read; empty if all do.
inline std::vector<unsigned char> mi_cells(image_mask const& mask) {
    std::vector<unsigned char> cells(mask.values().size());
    for (std::size_t y = 0; y + 1 < mask.height(); ++y)
        for (std::size_t x = 0; x + 1 < mask.width(); ++x)
            cells[y * mask.width() + x] =
                mask(0, y, x) && mask(0, y, x + 1) && mask(0, y + 1, x) && mask(0, y + 1, x + 1);
    return cells;
}

/// The values of one channel in 0..1, drawn towards the share of pixels that are darker: `amount` of that share and the
/// rest of the value itself. Pixels that do not count become 0.
inline void equalise_mi(image<float>& values, image_mask const& mask, double amount) {
    constexpr std::size_t cells = 4096;
    mi_range const range(values, mask);
    double const scale = range.high > range.low ? 1.0 / (double(range.high) - double(range.low)) : 0.0;
    std::vector<double> darker(cells + 1, 0.0);
    auto const counts = [&mask](std::size_t i) { return mask.empty() || mask.values()[i] != 0; };
    auto const scaled = [&](std::size_t i) {
        return std::clamp((static_cast<double>(values.values()[i]) - static_cast<double>(range.low)) * scale, 0.0, 1.0);
    };
    auto const cell = [](double v) { return std::min(static_cast<std::size_t>(v * cells), cells - 1); };
    double total = 0.0;
    for (std::size_t i = 0; i < values.values().size(); ++i)
        if (counts(i)) {
            darker[cell(scaled(i)) + 1] += 1.0;
            total += 1.0;
        }
    for (std::size_t k = 0; k < cells; ++k)
        darker[k + 1] += darker[k];
    for (std::size_t i = 0; i < values.values().size(); ++i) {
        if (!counts(i)) {
            values.values()[i] = 0.0f;
            continue;
        }
        double const v = scaled(i);
        std::size_t const k = cell(v);
        double const within = v * cells - static_cast<double>(k);
        double const share = (darker[k] + within * (darker[k + 1] - darker[k])) / total;
        values.values()[i] = static_cast<float>(std::lerp(v, share, amount));
    }
}

/// One channel as the measure sees it, before the pyramid.
inline image<float> prepare_mi_image(image<float> values, image_mask const& mask, double equalise) {
    if (values.channels() > 1) {
        // Pixels that do not count take their channel's mean over the others, and so do not turn the axis.
        for (std::size_t c = 0; c < values.channels() && !mask.empty(); ++c) {
            auto const channel = values.channel(c);
            double total = 0.0, count = 0.0;
            for (std::size_t i = 0; i < channel.size(); ++i)
                if (mask.values()[i]) {
                    total += static_cast<double>(channel[i]);
                    count += 1.0;
                }
            for (std::size_t i = 0; i < channel.size(); ++i)
                if (!mask.values()[i])
                    channel[i] = static_cast<float>(total / count);
        }
        values = principal_component(values);
    }
    equalise_mi(values, mask, equalise);
    return values;
}

}}}  // namespace comir::COMIR_ABI::detail
