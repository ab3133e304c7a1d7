#pragma once

#include <cmath>
#include <cstddef>

#include <comir/image/filter.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How one level of a resolution pyramid comes from the full image: blur, then every factor-th pixel.
struct pyramid_step {
    std::size_t factor = 1;
    double sigma = 0.0;  // pixels of the full image
};

/// A smoothed and subsampled image. Its pixel (x, y) has the centre (factor * x, factor * y) of the full image: the
/// first pixel's centre stays where it was, and so do the image's origin and the meaning of its spacing.
template <scalar T>
struct pyramid_level {
    image<T> values;
    std::size_t factor = 1;

    point2 to_full(point2 p) const { return static_cast<double>(factor) * p; }
    point2 to_level(point2 p) const { return p * (1.0 / static_cast<double>(factor)); }
};

/// Every factor-th pixel of every factor-th row, beginning with the first; ceil(size / factor) of them.
template <class T>
image<T> subsample(image<T> const& source, std::size_t factor) {
    require(factor > 0, "comir::subsample: factor is 0, expected 1 or more");
    image<T> out({source.channels(), (source.height() + factor - 1) / factor, (source.width() + factor - 1) / factor});
    for (std::size_t c = 0; c < out.channels(); ++c)
        for (std::size_t y = 0; y < out.height(); ++y)
            for (std::size_t x = 0; x < out.width(); ++x)
                out(c, y, x) = source(c, factor * y, factor * x);
    double const step = static_cast<double>(factor);
    out.spacing = {source.spacing[0] * step, source.spacing[1] * step};
    out.origin = source.origin;
    return out;
}

namespace detail {

inline void require_mask_fits(char const* who, image_shape const& shape, image_mask const& mask) {
    require<shape_error>(mask.empty() || mask.shape() == image_shape{1, shape.h, shape.w}, who, ": the mask is ",
                         to_string(mask.shape()), ", expected 1 x ", shape.h, " x ", shape.w, " or an empty mask");
}

}  // namespace detail

/// One level of the pyramid. With a mask each value is the weighted mean of the pixels that count, so that ignored
/// ones, which may be NaN, do not bleed into their neighbours; zero where none is within reach.
/// Errors:  shape_error for an empty image or a mask of another size
/// Threads: as gaussian_blur
template <scalar T>
pyramid_level<T> make_pyramid_level(image<T> const& source, pyramid_step const& step, image_mask const& mask = {},
                                    int threads = 0) {
    require<shape_error>(!source.empty(), "comir::make_pyramid_level: the image is ", to_string(source.shape()),
                         ", expected at least one pixel");
    require(step.factor > 0, "comir::make_pyramid_level: factor is 0, expected 1 or more");
    detail::require_mask_fits("comir::make_pyramid_level", source.shape(), mask);
    pyramid_level<T> level{{}, step.factor};
    if (mask.empty()) {
        level.values = detail::blur_and_sample(source, step.sigma, step.factor, threads);
    } else {
        image<T> counted = source, weights({1, source.height(), source.width()});
        for (std::size_t i = 0; i < mask.values().size(); ++i) {
            weights.values()[i] = mask.values()[i] ? T{1} : T{0};
            if (!mask.values()[i])
                for (std::size_t c = 0; c < source.channels(); ++c)
                    counted.channel(c)[i] = T{0};
        }
        level.values = detail::blur_and_sample(counted, step.sigma, step.factor, threads);
        weights = detail::blur_and_sample(weights, step.sigma, step.factor, threads);
        for (std::size_t c = 0; c < source.channels(); ++c)
            for (std::size_t i = 0; i < weights.values().size(); ++i) {
                T& value = level.values.channel(c)[i];
                // Below this weight only rounding is left of the pixels that count.
                value = weights.values()[i] > T(1e-6) ? value / weights.values()[i] : T{0};
            }
    }
    double const factor = static_cast<double>(step.factor);
    level.values.spacing = {source.spacing[0] * factor, source.spacing[1] * factor};
    level.values.origin = source.origin;
    return level;
}

}}  // namespace comir::COMIR_ABI
