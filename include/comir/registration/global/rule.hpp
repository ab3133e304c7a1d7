#pragma once

#include <algorithm>

#include <comir/registration/global/level.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/scores.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What a shift of two levels needs to count, where `scale` pixels of the moving one measure one of the fixed one.
inline score_rule make_rule(search_level const& fixed, search_level const& moving, double scale,
                            global_search_options const& options) {
    double const area = std::min(fixed.area, moving.area / (scale * scale));
    // Half a pixel less, since counts from transforms miss whole numbers by rounding errors.
    return {static_cast<float>(std::max(1.0, options.min_overlap * area) - 0.5),
            options.weigh_overlap ? static_cast<float>(area) : 0.0f};
}

}}}  // namespace comir::COMIR_ABI::detail
