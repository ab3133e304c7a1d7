#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/plane_map.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What warp_nearest writes where the moving image has no pixel.
template <class T>
struct warp_nearest_options {
    T fill{};
    bool edge = false;  // the nearest pixel of the moving image instead of the fill
    int threads = 0;
};

/// The moving image on the fixed image's grid: pixel p takes the value of the pixel that holds fixed_to_moving(p).
/// Values are copied and not computed with, so that labels of any type stay what they are.
/// Shapes:  moving (C, H, W), fixed gives rows and columns, result (C, fixed H, fixed W)
/// Errors:  shape_error if an image is empty
/// Threads: over row bands; the same bits for any number of threads
template <class T, plane_map Map>
image<T> warp_nearest(image<T> const& moving, Map const& fixed_to_moving, image_shape const& fixed,
                      warp_nearest_options<T> const& options = {}) {
    require<shape_error>(!moving.empty() && fixed.h > 0 && fixed.w > 0, "comir::warp_nearest: the images are ",
                         to_string(moving.shape()), " and ", to_string(fixed), ", expected at least one pixel");
    image<T> result({moving.channels(), fixed.h, fixed.w}, options.fill);
    auto const h = static_cast<double>(moving.height()), w = static_cast<double>(moving.width());
    constexpr std::size_t band = 16;
    parallel_for((fixed.h + band - 1) / band, options.threads, [&](std::size_t b) {
        for (std::size_t y = b * band; y < std::min((b + 1) * band, fixed.h); ++y) {
            detail::warp_row const position(fixed_to_moving, y);
            for (std::size_t x = 0; x < fixed.w; ++x) {
                point2 p = position(x);
                if (!contains(moving, p)) {
                    if (!options.edge || !std::isfinite(p.x) || !std::isfinite(p.y))
                        continue;
                    p = {std::clamp(p.x, 0.0, w - 1.0), std::clamp(p.y, 0.0, h - 1.0)};
                }
                auto const i = static_cast<std::size_t>(std::floor(p.x + 0.5)),
                           j = static_cast<std::size_t>(std::floor(p.y + 0.5));
                for (std::size_t c = 0; c < moving.channels(); ++c)
                    result(c, y, x) = moving(c, j, i);
            }
        }
    });
    return result;
}

}}  // namespace comir::COMIR_ABI
