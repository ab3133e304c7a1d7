#pragma once

#include <cstddef>
#include <limits>

#include <comir/core/error.hpp>
#include <comir/transform/bspline.hpp>
#include <comir/transform/concepts.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The smallest Jacobian determinant of a bend, and where it is; below 0 the bend folds.
struct smallest_jacobian {
    double determinant = std::numeric_limits<double>::infinity();
    point2 at{};
};

/// The smallest one at the centres of an image's pixels, or of every so many of them along both axes.
/// Errors: shape_error if the image has no pixels; error if `every` is 0
inline smallest_jacobian minimum_jacobian(bspline2 const& spline, extent2 image, std::size_t every = 1) {
    require(every > 0, "comir::minimum_jacobian: every 0th pixel was asked for, expected 1 or more");
    require<shape_error>(image.w > 0 && image.h > 0, "comir::minimum_jacobian: the image has ", image.w, " x ", image.h,
                         " pixels, expected at least one");
    smallest_jacobian least;
    for (std::size_t y = 0; y < image.h; y += every)
        for (std::size_t x = 0; x < image.w; x += every) {
            point2 const p{static_cast<double>(x), static_cast<double>(y)};
            if (double const d = spline.jacobian_determinant(p); d < least.determinant)
                least = {d, p};
        }
    return least;
}

/// The longest way that a bend moves the centre of a pixel of an image, px.
/// Errors: shape_error if the image has no pixels
inline double largest_displacement(bspline2 const& spline, extent2 image) {
    require<shape_error>(image.w > 0 && image.h > 0, "comir::largest_displacement: the image has ", image.w, " x ",
                         image.h, " pixels, expected at least one");
    double largest = 0.0;
    for (std::size_t y = 0; y < image.h; ++y)
        for (std::size_t x = 0; x < image.w; ++x) {
            point2 const d = spline.displacement({static_cast<double>(x), static_cast<double>(y)});
            largest = std::max(largest, std::hypot(d.x, d.y));
        }
    return largest;
}

}}  // namespace comir::COMIR_ABI
