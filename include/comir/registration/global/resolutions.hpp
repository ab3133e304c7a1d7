#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/registration/global/check.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/global/options.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The factors of the resolutions that a search takes, coarse to fine.
inline std::vector<std::size_t> search_factors(image_shape const& fixed, image_shape const& moving,
                                               global_search_options const& o) {
    bool const information = uses_mi(o.metric);
    std::size_t const side = coarse_side_of(o);
    // To 5/8 of the side coarser: small images in large ones, as the cost grows with the fixed image; and whatever is
    // larger than the side for mutual information, which costs several times as much.
    std::size_t const most_pixels = (information ? 16 : 64) * side * side;
    std::size_t const smaller = std::min({moving.w, moving.h, fixed.w, fixed.h});
    std::size_t factor = std::max<std::size_t>(1, (smaller + side / 2) / side);
    while (((fixed.w / factor) * (fixed.h / factor) > most_pixels || (information && smaller / factor > side)) &&
           smaller / (factor + 1) >= 5 * side / 8)
        ++factor;
    factor = std::max(factor, std::min(o.finest, std::max<std::size_t>(1, smaller / search_least_side)));
    std::vector<std::size_t> factors{factor};
    while (factors.back() > o.finest)
        factors.push_back(std::max(o.finest, (factors.back() + 1) / 2));
    return factors;
}

/// How many poses are climbed from: many while the images are small, so that the finer resolutions decide.
inline std::size_t climber_count(search_level const& moving, global_search_options const& o) {
    constexpr std::size_t pixels = std::size_t{1} << 18;
    // Joint histograms cost several times what sums of products do.
    std::size_t const most = uses_mi(o.metric) ? 24 : 64;
    return std::max(o.candidates, std::min(most, pixels / (moving.width() * moving.height() + 1)));
}

}}}  // namespace comir::COMIR_ABI::detail
