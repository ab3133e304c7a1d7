#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <comir/core/concepts.hpp>
#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// Whether all pixels that sample_at reads at a position with a weight other than 0 count.
template <interpolation Method, class T>
bool reads_only_counted(image_mask const& mask, point2 p, border outside) {
    auto const h = static_cast<std::ptrdiff_t>(mask.height()), w = static_cast<std::ptrdiff_t>(mask.width());
    if (!contains(mask, p))
        p = {near_position(p.x, static_cast<double>(w), outside), near_position(p.y, static_cast<double>(h), outside)};
    auto const x = taps_at<T, Method>(p.x), y = taps_at<T, Method>(p.y);
    for (std::size_t j = 0; j < y.weight.size(); ++j)
        for (std::size_t i = 0; i < x.weight.size(); ++i)
            if (x.weight[i] != T{0} && y.weight[j] != T{0} &&
                mask(0, border_index(y.first + static_cast<std::ptrdiff_t>(j), h, outside),
                     border_index(x.first + static_cast<std::ptrdiff_t>(i), w, outside)) == 0)
                return false;
    return true;
}

}  // namespace detail

/// As warp, of an image in which some pixels do not count: they are mixed into nothing. A pixel of the result counts
/// only if the moving image contains its position and all pixels that it is interpolated from count; others are the
/// background, unless they lie beyond the moving image and the border is another. An empty mask means that all count.
/// Shapes:  moving (C, H, W), mask (1, H, W) or empty, fixed gives rows and columns, result (C, fixed H, fixed W)
/// Writes:  `counts`, if given, becomes 1 where the result's pixel counts and 0 elsewhere
/// Errors:  those of warp; shape_error if the mask has another size
/// Threads: over row bands; the same bits for any number of threads
template <scalar T, class Transform>
image<T> warp_masked(image<T> moving, image_mask const& mask, Transform const& fixed_to_moving,
                     image_shape const& fixed, warp_options const& options = {}, image_mask* counts = nullptr) {
    static_assert(plane_map<Transform>,
                  "comir: warp_masked needs a map of points: operator()(point2) const that returns a point2, as every "
                  "transform has it");
    require<shape_error>(
        mask.empty() || (mask.channels() == 1 && mask.height() == moving.height() && mask.width() == moving.width()),
        "comir::warp_masked: the mask is ", to_string(mask.shape()), ", expected 1 x ", moving.height(), " x ",
        moving.width(), " as its image");
    if (mask.empty())
        return warp(moving, fixed_to_moving, fixed, options, counts);
    auto const background = static_cast<T>(options.sampling.background);
    for (std::size_t c = 0; c < moving.channels(); ++c)  // a weight of 0 does not remove what is not a number
        for (std::size_t i = 0; i < mask.values().size(); ++i)
            if (mask.values()[i] == 0)
                moving.channel(c)[i] = T{0};
    image_mask inside;
    image<T> result = warp(moving, fixed_to_moving, fixed, options, &inside);
    constexpr std::size_t band = 16;
    detail::with_method(options.sampling.method, [&](auto method) {
        parallel_for((fixed.h + band - 1) / band, options.threads, [&](std::size_t b) {
            for (std::size_t y = b * band; y < std::min((b + 1) * band, fixed.h); ++y) {
                detail::warp_row const position(fixed_to_moving, y);
                for (std::size_t x = 0; x < fixed.w; ++x) {
                    bool const in = inside(0, y, x) != 0;
                    if (!in && options.sampling.outside == border::background)
                        continue;
                    if (detail::reads_only_counted<decltype(method)::value, T>(mask, position(x),
                                                                               options.sampling.outside))
                        continue;
                    inside(0, y, x) = 0;
                    for (std::size_t c = 0; c < result.channels(); ++c)
                        result(c, y, x) = background;
                }
            }
        });
    });
    if (counts)
        *counts = std::move(inside);
    return result;
}

/// As above, on the grid of a fixed image, whose spacing and origin the result takes over.
template <scalar T, class Transform, class U>
image<T> warp_masked(image<T> moving, image_mask const& mask, Transform const& fixed_to_moving, image<U> const& fixed,
                     warp_options const& options = {}, image_mask* counts = nullptr) {
    image<T> result = warp_masked(std::move(moving), mask, fixed_to_moving, fixed.shape(), options, counts);
    result.spacing = fixed.spacing;
    result.origin = fixed.origin;
    return result;
}

}}  // namespace comir::COMIR_ABI
