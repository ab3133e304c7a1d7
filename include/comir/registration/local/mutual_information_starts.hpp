#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/registration/local/mutual_information_descent.hpp>
#include <comir/registration/local/starts.hpp>
#include <comir/registration/metrics/mutual_information/options.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Every start angle about the fixed image's centre, which is put on the moving image's centre, and beside it.
template <affine_transform Transform>
std::vector<mi_start<Transform>> make_mi_starts(image_shape const& fixed, image_shape const& moving,
                                                mutual_information_options const& options) {
    double const aside = options.start_shift * static_cast<double>(std::min(fixed.h, fixed.w));
    std::vector<mi_start<Transform>> starts;
    for (double const angle : options.start_angles)
        for (point2 const shift : {point2{}, {-aside, 0.0}, {aside, 0.0}, {0.0, -aside}, {0.0, aside}}) {
            auto t = centred_start<Transform>(fixed, moving);
            set_translation(t, translation(t) + shift);
            if (turn_start(t, angle))
                starts.push_back({t, t});
            if (aside == 0.0)
                break;
        }
    require(!starts.empty(),
            "comir::register_mutual_information: there is no start; give start_angles, with the angle 0 for ",
            Transform::name, ", or starts");
    return starts;
}

template <affine_transform Transform>
std::vector<mi_start<Transform>> take_mi_starts(std::vector<Transform> const& given) {
    std::vector<mi_start<Transform>> starts;
    for (Transform const& t : given) {
        require(std::ranges::all_of(t.parameters, [](double p) { return std::isfinite(p); }) &&
                    std::isfinite(t.centre.x) && std::isfinite(t.centre.y),
                "comir::register_mutual_information: a start has a parameter or centre that is not finite");
        starts.push_back({t, t});
    }
    return starts;
}

template <class Transform>
bool fits(mi_start<Transform> const& start, double min_overlap) {
    return std::isfinite(start.value) && start.overlap >= min_overlap;
}

/// The best first; those that are equal stay in their order.
template <class Transform>
void sort_mi_starts(std::vector<mi_start<Transform>>& starts, double min_overlap) {
    std::ranges::stable_sort(starts, [min_overlap](auto const& a, auto const& b) {
        bool const a_fits = fits(a, min_overlap), b_fits = fits(b, min_overlap);
        return a_fits != b_fits ? a_fits : a.value > b.value;
    });
}

/// Of sorted starts the first `count` that ended at places of their own.
template <affine_transform Transform>
void keep_mi_starts(std::vector<mi_start<Transform>>& starts, std::size_t count, image_shape const& fixed) {
    constexpr double same = 2.0;  // pixels between the corners; the finest resolution brings them together
    std::vector<mi_start<Transform>> kept;
    for (auto const& start : starts)
        if (kept.size() < count && std::ranges::none_of(kept, [&](auto const& other) {
                return corner_distance(start.transform, other.transform, fixed.h, fixed.w) < same;
            }))
            kept.push_back(start);
    starts = std::move(kept);
}

}}}  // namespace comir::COMIR_ABI::detail
