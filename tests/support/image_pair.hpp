#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <comir/core/random.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/image.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/affine.hpp>

/// Independent values, evenly spread.
inline comir::image<float> noise(comir::image_shape const& shape, std::uint64_t seed, double low = -0.1,
                                 double high = 1.1) {
    comir::image<float> out(shape);
    comir::random_stream random(seed);
    for (float& value : out.values())
        value = static_cast<float>(random.uniform(low, high));
    return out;
}

/// Smooth random texture that fills 0..1.
inline comir::image<float> texture(std::size_t c, std::size_t h, std::size_t w, double sigma, std::uint64_t seed) {
    comir::image<float> out = comir::gaussian_blur(noise({c, h, w}, seed), sigma, 1);
    float const gain = static_cast<float>(2.2 * sigma);
    for (float& value : out.values())
        value = std::clamp(0.5f + gain * (value - 0.5f), 0.0f, 1.0f);
    return out;
}

/// Smooth random texture of one channel, the darkest value 0, the brightest 1.
inline comir::image<float> grey_texture(std::size_t h, std::size_t w, std::uint64_t seed) {
    return comir::normalise(comir::gaussian_blur(noise({1, h, w}, seed, 0.0, 1.0), 3.0, 1));
}

/// Another modality: neither darker nor brighter in order.
inline float other_modality(float v) {
    return std::cos(5.0f * v) + 0.5f * v;
}

struct image_pair {
    comir::image<float> fixed, moving;
};

/// Two views on one canvas, which reaches `margin` pixels beyond the fixed image, so that nothing is missing.
template <class Transform>
image_pair two_views(comir::image<float> const& canvas, std::size_t margin, Transform const& truth,
                     comir::image_shape const& fixed, comir::image_shape const& moving) {
    comir::affine2 to_canvas = comir::to_affine(truth.inverse());
    to_canvas.parameters[4] += static_cast<double>(margin);
    to_canvas.parameters[5] += static_cast<double>(margin);
    return {comir::crop(canvas, {margin, margin, fixed.w, fixed.h}), comir::warp(canvas, to_canvas, moving)};
}

/// Two views on a texture.
template <class Transform>
image_pair make_pair(Transform const& truth, comir::image_shape const& fixed, comir::image_shape const& moving,
                     std::uint64_t seed = 1) {
    constexpr std::size_t margin = 60;
    auto const canvas = texture(fixed.c, fixed.h + 2 * margin, fixed.w + 2 * margin, 3.0, seed);
    return two_views(canvas, margin, truth, fixed, moving);
}

/// Two views on a grey texture, the moving one of another modality if asked for.
template <class Transform>
image_pair make_grey_pair(Transform const& truth, comir::image_shape const& fixed, comir::image_shape const& moving,
                          bool multimodal) {
    constexpr std::size_t margin = 50;
    auto const canvas = grey_texture(fixed.h + 2 * margin, fixed.w + 2 * margin, 1);
    image_pair p = two_views(canvas, margin, truth, fixed, moving);
    if (multimodal)
        for (float& v : p.moving.values())
            v = other_modality(v);
    return p;
}
