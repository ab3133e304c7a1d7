#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

#include <comir/image/centre.hpp>
#include <comir/image/local_contrast.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/image/warp.hpp>
#include <comir/registration/global/information_scores.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/quantise.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

using shared_image = std::shared_ptr<image<float> const>;

inline shared_image share(image<float> made) {
    return std::make_shared<image<float> const>(std::move(made));
}

/// An image at one resolution as a search uses it. Copies share the images.
/// Shapes: values (C, H, W), for ZNCC, zero where the weight is; numbers (1, H, W), for mutual information, each
///         pixel's cluster; what the metric does not need may be missing. weight (1, H, W), 0 or 1
struct search_level {
    /// What a level depends on besides its image.
    struct key {
        double factor;
        search_metric metric;
        double contrast_sigma, contrast_floor;
        std::size_t clusters;

        bool operator==(key const&) const = default;
    };

    double factor = 1.0;  // pixels of the full image that one of the level measures
    shared_image values, numbers, weight;
    double area = 0.0;                      // sum of the weights
    double centre_x = 0.0, centre_y = 0.0;  // the full image's centre, in pixels of the level

    std::size_t width() const { return weight->width(); }
    std::size_t height() const { return weight->height(); }
};

/// A blurred and resampled image with its mask, and a level that lacks its values.
struct sampled_level {
    image<float> values;
    image_mask mask;
    search_level level;
};

/// The image with a pixel wherever the factor puts one. Half a pixel of the level keeps what its grid can carry.
inline sampled_level sample_level(image<float> const& full, image_mask const& mask, double factor, int threads) {
    sampled_level made;
    // A factor of 1 may come out a rounding error below it.
    auto const whole = std::max<std::size_t>(1, static_cast<std::size_t>(factor));
    auto const blurred = make_pyramid_level(full, {whole, factor > 1.0 ? 0.5 * factor : 0.0}, mask, threads).values;
    if (factor == static_cast<double>(whole)) {
        made.values = blurred;
        if (!mask.empty())
            made.mask = subsample(mask, whole);
    } else {
        double const step = factor / static_cast<double>(whole);
        auto const count = [step](std::size_t n) {
            return static_cast<std::size_t>(static_cast<double>(n - 1) / step + 1e-9) + 1;
        };
        image_shape const shape{1, count(blurred.height()), count(blurred.width())};
        affine2 const on_blurred{{step, 0.0, 0.0, step, 0.0, 0.0}, {}};
        made.values = warp(blurred, on_blurred, shape, {.threads = threads});
        if (!mask.empty()) {
            image_mask const near = subsample(mask, whole);
            auto const nearest = [step](std::size_t i) {
                return static_cast<std::size_t>(std::lround(step * static_cast<double>(i)));
            };
            made.mask = image_mask(shape);
            for (std::size_t y = 0; y < shape.h; ++y)
                for (std::size_t x = 0; x < shape.w; ++x)
                    made.mask(0, y, x) = near(0, nearest(y), nearest(x));
        }
    }
    search_level& level = made.level;
    level.factor = factor;
    image<float> weight({1, made.values.height(), made.values.width()}, 1.0f);
    for (std::size_t i = 0; i < made.mask.values().size(); ++i)
        weight.values()[i] = made.mask.values()[i] ? 1.0f : 0.0f;
    for (float const w : weight.values())
        level.area += static_cast<double>(w);
    level.weight = share(std::move(weight));
    point2 const centre = image_centre(full.shape());
    level.centre_x = centre.x / factor;
    level.centre_y = centre.y / factor;
    return made;
}

/// Takes the mean off every channel and divides by the standard deviation over all of them, so that float sums over
/// windows lose little; ignored pixels become zero. Correlations do not change.
inline void centre_values(image<float>& values, image<float> const& weights, double area) {
    double square = 0.0;
    auto const weight = weights.values();
    for (std::size_t c = 0; c < values.channels(); ++c) {
        auto const channel = values.channel(c);
        double sum = 0.0;
        for (std::size_t i = 0; i < weight.size(); ++i)
            sum += weight[i] > 0.0f ? static_cast<double>(channel[i]) : 0.0;
        auto const mean = static_cast<float>(sum / std::max(area, 1.0));
        for (std::size_t i = 0; i < weight.size(); ++i) {
            channel[i] = weight[i] > 0.0f ? channel[i] - mean : 0.0f;
            square += static_cast<double>(channel[i]) * static_cast<double>(channel[i]);
        }
    }
    double const deviation = std::sqrt(square / std::max(area, 1.0));
    if (deviation > 0.0)
        for (float& v : values.values())
            v = static_cast<float>(static_cast<double>(v) / deviation);
}

/// The level with the values that ZNCC compares: local contrast, centred.
inline search_level make_zncc_level(registration_input const& full, double factor, global_search_options const& o) {
    auto [values, mask, level] = sample_level(full.values, full.mask, factor, o.threads);
    if (o.contrast_sigma > 0.0)
        values = local_contrast(values,
                                {.sigma = o.contrast_sigma,
                                 .floor = o.contrast_floor,
                                 .relative_floor = true,
                                 .joint = true,
                                 .threads = o.threads},
                                mask);
    centre_values(values, *level.weight, level.area);
    level.values = share(std::move(values));
    return level;
}

/// The level with the clusters of raw values that mutual information compares.
inline search_level make_mi_level(registration_input const& full, double factor, global_search_options const& o) {
    auto [values, mask, level] = sample_level(full.raw_or_values(), full.mask, factor, o.threads);
    level.numbers = share(quantise(values, *level.weight, o.clusters));
    return level;
}

/// The image's level for the metric, made once.
inline search_level const& level_of(prepared_image const& full, double factor, global_search_options const& o,
                                    search_metric metric) {
    search_level::key const key{factor, metric, o.contrast_sigma, o.contrast_floor, o.clusters};
    return full.once<search_level>(key, [&] {
        if (metric == search_metric::zncc)
            return make_zncc_level(full, factor, o);
        if (metric == search_metric::mutual_information)
            return make_mi_level(full, factor, o);
        search_level both = level_of(full, factor, o, search_metric::zncc);
        both.numbers = level_of(full, factor, o, search_metric::mutual_information).numbers;
        return both;
    });
}

}}}  // namespace comir::COMIR_ABI::detail
