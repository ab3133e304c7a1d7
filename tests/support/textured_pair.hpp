#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <comir/core/random.hpp>
#include <comir/image/centre.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>

/// How a random texture looks.
struct texture_look {
    double low = 0.0, high = 1.0;  // of the noise that is blurred
    double sigma = 3.0;            // of the blur, pixels
    float gain = 0.0f;             // stretches the blurred values about 1/2 and cuts them to 0..1; 0: as they are
};

inline comir::image<float> texture(comir::image_shape const& shape, std::uint64_t seed, texture_look const& look = {}) {
    comir::image<float> out(shape);
    comir::random_stream random(seed);
    for (float& v : out.values())
        v = static_cast<float>(random.uniform(look.low, look.high));
    out = comir::gaussian_blur(out, look.sigma, 1);
    if (look.gain > 0.0f)
        for (float& v : out.values())
            v = std::clamp(0.5f + look.gain * (v - 0.5f), 0.0f, 1.0f);
    return out;
}

/// Two images of one scene, and the transform from fixed to moving.
template <class Transform>
struct textured_pair {
    comir::image<float> fixed, moving;
    Transform truth;
};

/// Two views on a canvas: the fixed one is cut out at `at`, the moving one lies as the truth says.
template <class Transform>
textured_pair<Transform> two_views(comir::image<float> const& canvas, comir::region const& at, Transform const& truth,
                                   comir::image_shape const& moving,
                                   comir::interpolation method = comir::interpolation::linear) {
    comir::affine2 to_canvas = comir::to_affine(truth.inverse());
    to_canvas.parameters[4] += static_cast<double>(at.x);
    to_canvas.parameters[5] += static_cast<double>(at.y);
    return {comir::crop(canvas, at), comir::warp(canvas, to_canvas, moving, {.sampling = {.method = method}}), truth};
}

/// Where a moving image lies: its centre in pixels beside that of the fixed image, and its angle in radians.
struct placement {
    double angle = 0.0, dx = 0.0, dy = 0.0;
};

/// Two views on one texture that fills the surroundings of both.
inline textured_pair<comir::rigid2> placed_pair(comir::image_shape const& fixed, comir::image_shape const& moving,
                                                placement const& p, std::uint64_t seed) {
    std::size_t const side = std::max({fixed.w, fixed.h, moving.w, moving.h}) * 2;
    comir::point2 const from = comir::image_centre(fixed), to = comir::image_centre(moving);
    comir::rigid2 const around{{p.angle, 0.0, 0.0}, from + comir::point2{p.dx, p.dy}};
    comir::point2 const shift = around(from) + to - around.centre - from;
    return two_views(texture({fixed.c, side, side}, seed),
                     {(side - fixed.w) / 2, (side - fixed.h) / 2, fixed.w, fixed.h},
                     comir::rigid2{{p.angle, shift.x, shift.y}, from}, moving);
}

/// Two views on one stretched texture, the moving one as large as the fixed one and with noise of its own.
inline textured_pair<comir::rigid2> noisy_pair(std::size_t side, comir::rigid2 const& truth, float noise,
                                               std::uint64_t seed) {
    auto pair = two_views(texture({1, 2 * side, 2 * side}, seed, {.gain = 6.0f}), {side / 2, side / 2, side, side},
                          truth, {1, side, side});
    comir::random_stream random(seed, 1);
    for (float& v : pair.moving.values())
        v += noise * static_cast<float>(random.normal());
    return pair;
}
