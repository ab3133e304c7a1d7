#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/features/fit.hpp>
#include <comir/image/image.hpp>

#include "pictures/paste.hpp"

namespace comir { inline namespace COMIR_ABI {

/// Matches and the numbers of those that agree with the transform, as feature_result has them.
struct shown_matches {
    std::span<point_match const> matches;
    std::span<std::size_t const> inliers;
};

namespace detail {

using colour = std::array<float, 3>;

/// Without smoothing, so that a line's pixels have its very colour; what lies outside the picture is left out.
inline void draw_line(image<float>& picture, point2 from, point2 to, colour const& value) {
    double const length = std::max({std::abs(to.x - from.x), std::abs(to.y - from.y), 1.0});
    auto const steps = static_cast<std::size_t>(std::ceil(length));
    for (std::size_t i = 0; i <= steps; ++i) {
        double const share = static_cast<double>(i) / static_cast<double>(steps);
        double const x = std::round(from.x + share * (to.x - from.x)), y = std::round(from.y + share * (to.y - from.y));
        if (x < 0.0 || y < 0.0 || x >= static_cast<double>(picture.width()) ||
            y >= static_cast<double>(picture.height()))
            continue;
        for (std::size_t c = 0; c < 3; ++c)
            picture(c, static_cast<std::size_t>(y), static_cast<std::size_t>(x)) = value[c];
    }
}

/// As values from 0 to 1 in three channels; of other than one or three channels their mean is shown.
inline image<float> shown_channels(image<float> const& source) {
    image<float> picture = source;
    if (source.channels() != 1 && source.channels() != 3) {
        picture = image<float>({1, source.height(), source.width()}, 0.0f);
        for (std::size_t c = 0; c < source.channels(); ++c)
            for (std::size_t i = 0; i < picture.values().size(); ++i)
                picture.values()[i] += source.channel(c)[i] / static_cast<float>(source.channels());
    }
    for (float& v : picture.values())
        v = std::clamp(v, 0.0f, 1.0f);
    return as_colour(picture);
}

}  // namespace detail

/// The two images side by side, the fixed one at the left, with a line between the places of every match: inliers
/// green, above the outliers in red. Values from 0 black to 1 white.
/// Errors: shape_error if an image is empty; error if an inlier's number is that of no match
inline image<float> match_picture(image<float> const& fixed, image<float> const& moving, shown_matches const& found) {
    require<shape_error>(!fixed.empty() && !moving.empty(), "comir::match_picture: the images are ",
                         to_string(fixed.shape()), " and ", to_string(moving.shape()),
                         ", expected at least one pixel in each");
    std::vector<bool> agrees(found.matches.size(), false);
    for (std::size_t const i : found.inliers) {
        require(i < agrees.size(), "comir::match_picture: an inlier has the number ", i, ", expected one of ",
                agrees.size(), " matches, counted from 0");
        agrees[i] = true;
    }
    std::size_t const right = fixed.width() + detail::sheet_gap;
    image<float> picture({3, std::max(fixed.height(), moving.height()), right + moving.width()}, 1.0f);
    detail::paste(picture, detail::shown_channels(fixed), 0, 0);
    detail::paste(picture, detail::shown_channels(moving), right, 0);
    for (bool const inliers : {false, true})
        for (std::size_t i = 0; i < agrees.size(); ++i)
            if (agrees[i] == inliers)
                detail::draw_line(picture, found.matches[i].fixed,
                                  found.matches[i].moving + point2{static_cast<double>(right), 0.0},
                                  inliers ? detail::colour{0.0f, 0.8f, 0.2f} : detail::colour{0.9f, 0.1f, 0.1f});
    return picture;
}

}}  // namespace comir::COMIR_ABI
