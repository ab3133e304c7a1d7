#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/quantile.hpp>
#include <comir/image/local_detail.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/metrics/alpha_amd/alpha_cut_maps.hpp>
#include <comir/registration/metrics/alpha_amd/options.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// Points of each image that a resolution keeps in random order; more would only be drawn from once.
inline constexpr std::size_t amd_kept_points = std::size_t{1} << 17;

/// The values that the fixed image takes at a resolution, but for its extremes.
struct amd_range {
    float low = 0.0f, high = 1.0f;
};

/// Values beyond least and 1 count as these.
inline amd_range value_range(image<float> const& values, image_mask const& mask, float least) {
    constexpr double cut = 0.005;
    constexpr std::size_t enough = 16384;  // values that tell the percentiles well enough
    std::size_t const stride = values.values().size() / enough + 1;
    std::vector<float> seen;
    for (std::size_t i = 0; i < values.values().size(); i += stride)
        if (mask.empty() || mask.values()[i % mask.values().size()])
            seen.push_back(std::clamp(values.values()[i], least, 1.0f));
    if (seen.empty())
        return {};
    amd_range const r{lower_quantile(seen, cut), lower_quantile(seen, 1.0 - cut)};
    // Less is rounding, or a quarter of a step of 8 bits: nothing to stretch.
    return r.high - r.low > 1.0f / 1024.0f ? r : amd_range{};
}

/// One image at one resolution, and the range that the fixed one has there.
struct amd_resolution {
    alpha_cut_maps maps;
    amd_range range;
    image<float> picture;  // what starts are compared by, if by correlation: details, if options ask for them
    image_mask mask;
};

/// The image at the resolution of a pyramid step; without a range its own is taken.
inline amd_resolution make_amd_resolution(registration_input const& input, alpha_amd_step const& step,
                                          alpha_amd_options const& options, amd_range const* range) {
    image<float> const& values = input.values;
    auto level = make_pyramid_level(values, {step.factor, step.sigma}, input.mask, options.threads);
    double const diagonal =
        std::hypot(static_cast<double>(values.width()) - 1.0, static_cast<double>(values.height()) - 1.0);
    alpha_cut_maps::settings settings;
    settings.alpha_levels = options.alpha_levels;
    settings.d_max =
        static_cast<float>(options.max_distance > 0.0 ? options.max_distance : options.max_distance_share * diagonal);
    settings.points = amd_kept_points;
    settings.seed = options.seed;
    settings.squared = options.squared;
    settings.slopes = options.gradient == amd_gradient::published;
    settings.threads = options.threads;
    image_mask small_mask = input.mask.empty() ? image_mask() : subsample(input.mask, step.factor);
    bool const detailed = options.details > 0.0;
    if (detailed)
        level.values = local_detail(level.values, options.details, small_mask, options.threads);
    amd_range const used = range             ? *range
                           : options.stretch ? value_range(level.values, small_mask, detailed ? -1.0f : 0.0f)
                                             : amd_range{};
    float const gain = 1.0f / (used.high - used.low);
    for (float& v : level.values.values())
        v = (v - used.low) * gain;
    alpha_cut_maps maps(level.values, step.factor, small_mask, settings,
                        input.weights.empty() ? image<float>() : subsample(input.weights, step.factor));
    bool const correlate = options.choice == amd_choice::correlation;
    return {std::move(maps), used, correlate ? std::move(level.values) : image<float>(), std::move(small_mask)};
}

}}}  // namespace comir::COMIR_ABI::detail
