#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <comir/core/concepts.hpp>
#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/transform/concepts.hpp>
#include <comir/transform/plane_map.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How a moving image is resampled.
struct warp_options {
    sampling_options sampling{};
    int threads = 0;
};

namespace detail {

/// Where pixel (x, y) of the result is read. Rows are stepped along where transforms are affine.
template <class Transform>
class warp_row {
public:
    warp_row(Transform const& fixed_to_moving, std::size_t y)
        : fixed_to_moving_(fixed_to_moving), y_(static_cast<double>(y)), start_(fixed_to_moving({0.0, y_})) {
        if constexpr (affine_transform<Transform>) {
            auto const linear = fixed_to_moving.linear();
            step_ = {linear(0, 0), linear(1, 0)};
        }
    }
    point2 operator()(std::size_t x) const {
        if constexpr (affine_transform<Transform>)
            return start_ + static_cast<double>(x) * step_;
        else
            return fixed_to_moving_({static_cast<double>(x), y_});
    }

private:
    Transform const& fixed_to_moving_;
    double y_;
    point2 start_, step_{};
};

}  // namespace detail

/// The moving image resampled on the fixed image's grid: pixel p takes the moving image's value at fixed_to_moving(p).
/// Any map of points will do: a transform, a deformation, a chain.
/// Shapes:  moving (C, H, W), fixed gives rows and columns (its channels do not matter), result (C, fixed H, fixed W)
/// Writes:  `inside`, if given, becomes 1 where the moving image contains the position and 0 elsewhere, whatever the
///          border
/// Errors:  shape_error if an image is empty; error if a parameter or the centre of the transform is not finite
/// Threads: over row bands; the same bits for any number of threads
template <scalar T, class Transform>
image<T> warp(image<T> const& moving, Transform const& fixed_to_moving, image_shape const& fixed,
              warp_options const& options = {}, image_mask* inside = nullptr) {
    static_assert(
        plane_map<Transform>,
        "comir: warp needs a map of points: operator()(point2) const that returns a point2, as every transform "
        "has it");
    if constexpr (plane_map<Transform>) {
        require<shape_error>(!moving.empty(), "comir::warp: the moving image is ", to_string(moving.shape()),
                             ", expected at least one pixel");
        require<shape_error>(fixed.h > 0 && fixed.w > 0, "comir::warp: the fixed shape is ", to_string(fixed),
                             ", expected at least one pixel");
        if constexpr (transform<Transform>)
            require(std::ranges::all_of(fixed_to_moving.parameters, [](double v) { return std::isfinite(v); }) &&
                        std::isfinite(fixed_to_moving.centre.x) && std::isfinite(fixed_to_moving.centre.y),
                    "comir::warp: a parameter or the centre of the ", Transform::name,
                    " is infinite or not a number, expected finite ones");
        image<T> result({moving.channels(), fixed.h, fixed.w});
        if (inside)
            *inside = image_mask({1, fixed.h, fixed.w});
        constexpr std::size_t band = 16;
        detail::with_method(options.sampling.method, [&](auto method) {
            parallel_for((fixed.h + band - 1) / band, options.threads, [&](std::size_t b) {
                for (std::size_t y = b * band; y < std::min((b + 1) * band, fixed.h); ++y) {
                    detail::warp_row const position(fixed_to_moving, y);
                    for (std::size_t x = 0; x < fixed.w; ++x) {
                        bool const hit = detail::sample_at<decltype(method)::value>(
                            moving, position(x), options.sampling, result.row(0, y) + x, fixed.h * fixed.w);
                        if (inside)
                            (*inside)(0, y, x) = hit;
                    }
                }
            });
        });
        return result;
    }
}

/// As above, on the grid of a fixed image, whose spacing and origin the result takes over.
template <scalar T, class Transform, class U>
image<T> warp(image<T> const& moving, Transform const& fixed_to_moving, image<U> const& fixed,
              warp_options const& options = {}, image_mask* inside = nullptr) {
    image<T> result = warp(moving, fixed_to_moving, fixed.shape(), options, inside);
    result.spacing = fixed.spacing;
    result.origin = fixed.origin;
    return result;
}

/// Two images in alternating squares, the fixed one at the top left: edges that run on across the squares show a good
/// registration. `squares` is their number along the longer side. A grey image beside one of several channels is
/// repeated in all of them.
/// Errors: shape_error if rows or columns differ, or channels differ and neither image is grey; error if squares is 0
template <class T>
image<T> checkerboard(image<T> const& fixed, image<T> const& warped, std::size_t squares = 8) {
    require<shape_error>(fixed.height() == warped.height() && fixed.width() == warped.width() && fixed.channels() > 0 &&
                             warped.channels() > 0 &&
                             (fixed.channels() == warped.channels() || fixed.channels() == 1 || warped.channels() == 1),
                         "comir::checkerboard: the images are ", to_string(fixed.shape()), " and ",
                         to_string(warped.shape()),
                         ", expected equal rows and columns, and equal channels or a grey image");
    require(squares > 0, "comir::checkerboard: 0 squares were given, expected at least 1");
    std::size_t const channels = std::max(fixed.channels(), warped.channels());
    std::size_t const longer = std::max(fixed.height(), fixed.width());
    std::size_t const side = std::max(std::size_t{1}, (longer + squares - 1) / squares);
    image<T> result({channels, fixed.height(), fixed.width()});
    result.spacing = fixed.spacing;
    result.origin = fixed.origin;
    for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t y = 0; y < result.height(); ++y)
            for (std::size_t x = 0; x < result.width(); ++x) {
                image<T> const& from = (x / side + y / side) % 2 == 0 ? fixed : warped;
                result(c, y, x) = from(from.channels() == 1 ? 0 : c, y, x);
            }
    return result;
}

}}  // namespace comir::COMIR_ABI
