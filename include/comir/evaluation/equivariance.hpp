#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/progress.hpp>
#include <comir/image/centre.hpp>
#include <comir/image/pearson.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Which angles are tried, and how images are turned.
struct equivariance_options {
    std::vector<double> angles_deg{};  // none: every 10 degrees, without 0, where the correlation is 1 whatever encodes
    double margin = 0.05;              // share of the inscribed disc's radius that is left out at its rim
    interpolation method = interpolation::cubic;
    int threads = 0;  // of the turning; the encoder has its own
    progress on_progress{};
};

/// The correlation at one angle, the mean over images and channels.
struct equivariance_point {
    double angle_deg = 0.0, correlation = 0.0;
};

/// The mean over all angles.
/// Errors: error if there are no points
inline double mean_correlation(std::span<equivariance_point const> points) {
    require(!points.empty(), "comir::mean_correlation: there are no points, expected at least one");
    double sum = 0.0;
    for (equivariance_point const& p : points)
        sum += p.correlation;
    return sum / static_cast<double>(points.size());
}

namespace detail {

inline image<float> centred_square(image<float> const& source) {
    std::size_t const side = std::min(source.height(), source.width());
    return crop(source, {(source.width() - side) / 2, (source.height() - side) / 2, side, side});
}

inline image_mask centred_disc(std::size_t side, double radius) {
    image_mask mask({1, side, side});
    point2 const centre = image_centre(side, side);
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x)
            mask(0, y, x) = std::hypot(static_cast<double>(x) - centre.x, static_cast<double>(y) - centre.y) <= radius;
    return mask;
}

/// A square image's content turned about its centre; mirrored at the edges, and within the values that it has.
inline image<float> turned_by(image<float> const& square, double angle_deg, equivariance_options const& options) {
    // Sampling goes the other way.
    rigid2 const back{{-angle_deg * std::numbers::pi / 180.0, 0.0, 0.0}, image_centre(square.shape())};
    image<float> result =
        warp(square, back, square.shape(),
             {.sampling = {.method = options.method, .outside = border::reflect}, .threads = options.threads});
    auto const [low, high] = std::ranges::minmax(square.values());
    for (float& v : result.values())
        v = std::clamp(v, low, high);
    return result;
}

}  // namespace detail

/// How far an encoder turns with its images: an image is turned by each angle and encoded, the representation turned
/// back and correlated with that of the unturned image, in the disc that fits the image's centred square. Blurred
/// representations correlate best, so the figure says little without the success of registration beside it.
/// `encode` is a callable (image) -> image that keeps rows and columns.
/// Returns: a point for each angle, in order; none if on_progress stopped the work
/// Errors:  error if there are no images, or an option makes no sense; shape_error if encode changes rows or columns
/// Threads: those of encode; the same bits for any number of threads
template <class Encode>
std::vector<equivariance_point> equivariance(std::span<image<float> const> images, Encode const& encode,
                                             equivariance_options const& options = {}) {
    std::string const who = "comir::equivariance";
    require(!images.empty(), who, ": there are no images, expected at least one");
    require(options.margin >= 0.0 && options.margin < 1.0, who, ": margin is ", options.margin,
            ", expected a share of the radius from 0 to below 1");
    std::vector<equivariance_point> points;
    for (double const angle : options.angles_deg) {
        require(std::isfinite(angle), who, ": an angle is not finite");
        points.push_back({angle, 0.0});
    }
    for (int angle = 10; options.angles_deg.empty() && angle < 360; angle += 10)
        points.push_back({static_cast<double>(angle), 0.0});
    std::size_t const all = images.size() * points.size();
    std::size_t done = 0;
    auto const encoded = [&](image<float> const& square) {
        image<float> result = encode(square);
        require<shape_error>(result.height() == square.height() && result.width() == square.width(), who,
                             ": the encoder made ", to_string(result.shape()), " of ", to_string(square.shape()),
                             ", expected the same rows and columns");
        return result;
    };
    for (image<float> const& source : images) {
        require<shape_error>(!source.empty(), who, ": an image has no pixels");
        image<float> const square = detail::centred_square(source), straight = encoded(square);
        image_mask const disc =
            detail::centred_disc(square.width(), 0.5 * static_cast<double>(square.width()) * (1.0 - options.margin));
        for (equivariance_point& point : points) {
            image<float> const back = detail::turned_by(encoded(detail::turned_by(square, point.angle_deg, options)),
                                                        -point.angle_deg, options);
            for (std::size_t c = 0; c < straight.channels(); ++c)
                point.correlation += pearson(straight.channel(c), back.channel(c), disc.values()) /
                                     static_cast<double>(straight.channels() * images.size());
            if (!keep_going(options.on_progress, ++done, all))
                return {};
        }
    }
    return points;
}

}}  // namespace comir::COMIR_ABI
