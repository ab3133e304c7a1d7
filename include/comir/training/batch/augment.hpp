#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include <comir/core/error.hpp>
#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/image.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What may happen to a patch on its way from a scene into a batch.
struct augment_options {
    std::size_t patch = 128;      // rows and columns, pixels
    bool rotate = true;           // by any angle, to positions between pixels; else positions are whole pixels
    bool flip = true;             // left and right change places in half of the patches
    double blur_probability = 0;  // 0.5 in the original CoMIR program
    double max_blur_sigma = 2;    // pixels; the sigma of a blurred patch is uniform in 0 to this
    interpolation method = interpolation::linear;
};

/// What happens to one sample: the same for all its modalities, so that they stay aligned.
struct augmentation {
    affine2 patch_to_scene{};
    double blur_sigma = 0;  // pixels; 0 for none
};

namespace detail {

inline void check_augment_options(char const* who, augment_options const& options) {
    require(options.patch >= 1, who, ": the patch is 0 px, expected at least 1");
    require(options.blur_probability >= 0 && options.blur_probability <= 1, who, ": blur_probability is ",
            options.blur_probability, ", expected 0 to 1");
    // The bound keeps the memory of a typing error small; NaN fails here too.
    require(options.max_blur_sigma >= 0 && options.max_blur_sigma <= 100, who, ": max_blur_sigma is ",
            options.max_blur_sigma, " px, expected 0 to 100");
}

inline void check_patch_fits(char const* who, std::size_t patch, image_shape const& scene) {
    require<shape_error>(scene.h >= patch && scene.w >= patch, who, ": a patch of ", patch,
                         " px does not fit into a scene of ", scene.w, " x ", scene.h, " px; use a smaller patch");
}

/// The centre of a square, along one axis, from u uniform in [0, 1); half is half the turned square's width, centre to
/// centre of its outermost pixels. Where the square is too wide for the scene, what sticks out at both ends together
/// is as little as can be, and u tells how it is shared.
inline double turned_centre(double u, double half, std::size_t extent) {
    double const last = static_cast<double>(extent) - 1.0;
    return half + u * (last - 2.0 * half);
}

/// Positions of a line that are computed before their values, on the stack.
inline constexpr std::size_t cut_chunk = 64;

/// Bilinear values along a line of w <= cut_chunk positions that all have their 2 x 2 pixels in the scene. sample_at
/// gives the same, but one position after another takes twice as long.
inline void cut_inside(image<float> const& scene, point2 start, point2 step, std::size_t w, float* to,
                       std::size_t stride_c) {
    std::array<std::size_t, cut_chunk> first;
    std::array<float, cut_chunk> tx, ty;
    std::size_t const pitch = scene.width();
    for (std::size_t x = 0; x < w; ++x) {
        point2 const p = start + static_cast<double>(x) * step;
        // Positions are not negative, so the conversion rounds down.
        auto const column = static_cast<std::int32_t>(p.x), line = static_cast<std::int32_t>(p.y);
        tx[x] = static_cast<float>(p.x - column);
        ty[x] = static_cast<float>(p.y - line);
        first[x] = static_cast<std::size_t>(line) * pitch + static_cast<std::size_t>(column);
    }
    for (std::size_t c = 0; c < scene.channels(); ++c) {
        float const* const plane = scene.row(c, 0);
        for (std::size_t x = 0; x < w; ++x) {
            float const* const upper = plane + first[x];
            float const* const lower = upper + pitch;
            float const along_upper = (1.0f - tx[x]) * upper[0] + tx[x] * upper[1];
            float const along_lower = (1.0f - tx[x]) * lower[0] + tx[x] * lower[1];
            to[c * stride_c + x] = (1.0f - ty[x]) * along_upper + ty[x] * along_lower;
        }
    }
}

/// Samples the rows of sample n; neither allocates nor throws.
template <interpolation Method>
void cut_patch(image<float> const& scene, affine2 const& patch_to_scene, tensor_view<float> const& patch,
               std::size_t n) {
    sampling_options const sampling{.method = Method, .outside = border::reflect};
    // The compiler may round a position here and in cut_inside differently; a pixel too far would be outside memory.
    double const last_x = static_cast<double>(scene.width()) - 1.0 - 1e-6;
    double const last_y = static_cast<double>(scene.height()) - 1.0 - 1e-6;
    auto const has_four = [&](point2 p) { return p.x >= 0.0 && p.y >= 0.0 && p.x < last_x && p.y < last_y; };
    point2 const step{patch_to_scene.parameters[0], patch_to_scene.parameters[2]};
    for (std::size_t y = 0; y < patch.shape().h; ++y)
        for (std::size_t x = 0; x < patch.shape().w; x += cut_chunk) {
            std::size_t const w = std::min(cut_chunk, patch.shape().w - x);
            point2 const start = patch_to_scene({static_cast<double>(x), static_cast<double>(y)});
            float* const to = patch.row(n, 0, y) + x;
            if (Method == interpolation::linear && has_four(start) &&
                has_four(start + static_cast<double>(w - 1) * step))
                cut_inside(scene, start, step, w, to, patch.stride_c());
            else
                for (std::size_t i = 0; i < w; ++i)
                    sample_at<Method>(scene, start + static_cast<double>(i) * step, sampling, to + i, patch.stride_c());
        }
}

/// As cut_patch, then blurred. The blur reads pixels of the scene around the patch, so that the patch shows no edge.
inline void cut_blurred_patch(image<float> const& scene, augmentation const& how, interpolation method,
                              tensor_view<float> const& patch, std::size_t n, int threads) {
    std::size_t const size = patch.shape().h, margin = gaussian_kernel<float>(how.blur_sigma).size() / 2;
    affine2 wide_to_scene = how.patch_to_scene;
    point2 const corner =
        how.patch_to_scene({-static_cast<double>(margin), -static_cast<double>(margin)}) - wide_to_scene(point2{});
    wide_to_scene.parameters[4] += corner.x;
    wide_to_scene.parameters[5] += corner.y;
    image<float> const wide = warp(scene, wide_to_scene, {scene.channels(), size + 2 * margin, size + 2 * margin},
                                   {.sampling = {.method = method, .outside = border::reflect}, .threads = threads});
    image<float> const blurred = gaussian_blur(wide, how.blur_sigma, threads);
    copy(blurred.view().window(margin, margin, size, size), patch.samples(n, 1));
}

}  // namespace detail

/// Draws what happens to one sample of a scene: angle, mirroring, position, blur. The turned square lies inside the
/// scene where its angle allows, at any such place with equal probability; else as little as possible sticks out, where
/// the scene is mirrored at its edge. An option that is switched off leaves the draws of the others as they are.
/// Errors: error if an option is out of range; shape_error if the scene is smaller than the patch
inline augmentation draw_augmentation(random_stream& random, image_shape const& scene,
                                      augment_options const& options = {}) {
    detail::check_augment_options("comir::draw_augmentation", options);
    detail::check_patch_fits("comir::draw_augmentation", options.patch, scene);
    double const angle = random.uniform(-std::numbers::pi, std::numbers::pi);
    bool const mirrored = random.coin(0.5) && options.flip;
    double const u = random.uniform(), v = random.uniform();
    bool const blurred = random.coin(options.blur_probability);
    double const sigma = random.uniform(0.0, options.max_blur_sigma);

    double const middle = 0.5 * (static_cast<double>(options.patch) - 1.0);
    double cosine = 1.0, sine = 0.0;
    point2 centre;
    if (options.rotate) {
        cosine = std::cos(angle);
        sine = std::sin(angle);
        double const half = middle * (std::abs(cosine) + std::abs(sine));
        centre = {detail::turned_centre(u, half, scene.w), detail::turned_centre(v, half, scene.h)};
    } else {
        centre = {middle + std::floor(u * static_cast<double>(scene.w - options.patch + 1)),
                  middle + std::floor(v * static_cast<double>(scene.h - options.patch + 1))};
    }
    double const side = mirrored ? -1.0 : 1.0;
    augmentation how;
    how.patch_to_scene.parameters = {side * cosine, -sine, side * sine, cosine, centre.x - middle, centre.y - middle};
    how.patch_to_scene.centre = {middle, middle};
    how.blur_sigma = blurred ? sigma : 0.0;
    return how;
}

/// Cuts one patch from a scene: pixel p is the scene at patch_to_scene(p), the scene being mirrored beyond its edge.
/// Shapes:  scene (C, H, W), patch (1, C, P, P)
/// Writes:  overwrites the patch
/// Errors:  shape_error if the scene is empty, or the patch is not one square sample with the scene's channels; error
///          if blur_sigma is negative or not finite
/// Threads: over row bands of a blurred patch only; the same bits for any number of threads
inline void augment(image<float> const& scene, augmentation const& how, interpolation method,
                    tensor_view<float> const& patch, int threads = 0) {
    shape4 const& s = patch.shape();
    require<shape_error>(!scene.empty() && s.n == 1 && s.c == scene.channels() && s.h == s.w && s.h > 0,
                         "comir::augment: the patch is ", to_string(s), ", expected (1, ", scene.channels(),
                         ", P, P) for a scene of ", to_string(scene.shape()));
    if (how.blur_sigma != 0)
        detail::cut_blurred_patch(scene, how, method, patch, 0, threads);
    else
        detail::with_method(
            method, [&](auto m) { detail::cut_patch<decltype(m)::value>(scene, how.patch_to_scene, patch, 0); });
}

}}  // namespace comir::COMIR_ABI
