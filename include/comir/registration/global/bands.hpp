#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/registration/global/options.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// By which factors two images of different scale are shrunk to common pixels, those of the coarser one; `scale` pixels of
/// the moving image measure one of the fixed image.
struct common_units {
    double fixed, moving;

    explicit common_units(double scale) : fixed(std::max(1.0, 1.0 / scale)), moving(std::max(1.0, scale)) {}
};

/// The shortest side of both images, in pixels of the coarser one.
inline double common_side(image_shape const& fixed, image_shape const& moving, double scale) {
    common_units const unit(scale);
    return std::min(static_cast<double>(std::min(fixed.h, fixed.w)) / unit.fixed,
                    static_cast<double>(std::min(moving.h, moving.w)) / unit.moving);
}

/// Neighbouring scales of a search, which share their levels: those of the moving image have `scale` times the factor
/// of the fixed one's, and what is left of a scale is made while turning.
struct scale_band {
    double scale = 1.0;          // pixels of the moving image on one of the fixed image, between the levels
    std::vector<double> scales;  // that are searched, likewise

    /// Pixels of each full image that a level of factor 1 makes one: none finer than the coarser image's.
    double fixed_unit() const { return common_units(scale).fixed; }
    double moving_unit() const { return common_units(scale).moving; }
    image_shape fixed_shape(image_shape const& s) const { return shrunk(s, fixed_unit()); }
    image_shape moving_shape(image_shape const& s) const { return shrunk(s, moving_unit()); }

private:
    static image_shape shrunk(image_shape const& s, double unit) {
        auto const side = [unit](std::size_t n) {
            return std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(n) / unit));
        };
        return {s.c, side(s.h), side(s.w)};
    }
};

/// The bands of the options' range of scales.
inline std::vector<scale_band> make_bands(global_search_options const& o) {
    // Resampling a level by more than a tenth or two would blur it, or leave out pixels.
    constexpr std::size_t scales_of_a_band = 3;
    if (o.min_scale == o.max_scale)
        return {{o.min_scale, {o.min_scale}}};
    double const step = o.scale_step > 0.0 ? o.scale_step : 3.1 / (0.5 * static_cast<double>(coarse_side_of(o)));
    double const low = std::log(o.min_scale), high = std::log(o.max_scale);
    auto const steps = std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil((high - low) / step - 1e-9)));
    std::vector<scale_band> bands;
    for (std::size_t begin = 0; begin <= steps; begin += scales_of_a_band) {
        std::size_t const count = std::min(scales_of_a_band, steps + 1 - begin);
        scale_band band;
        for (std::size_t i = begin; i < begin + count; ++i) {
            double const at = low + (high - low) * static_cast<double>(i) / static_cast<double>(steps);
            // Images of one scale keep the levels of their own pixels.
            band.scales.push_back(std::abs(at) < 1e-9 ? 1.0 : std::exp(at));
        }
        band.scale = band.scales[count / 2];
        bands.push_back(std::move(band));
    }
    return bands;
}

}}}  // namespace comir::COMIR_ABI::detail
