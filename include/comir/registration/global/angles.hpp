#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <comir/registration/global/options.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The angles of a search; half turns of them come with them if the whole circle is searched.
struct angle_list {
    std::vector<double> angles;
    bool half_turns = false;
    double step = 0.0;
};

inline angle_list make_angles(global_search_options const& options, double step) {
    angle_list list;
    double const pi = std::numbers::pi;
    if (options.max_angle >= pi) {
        // Quarter turns are among them, where a search on pixels is exact.
        auto const quarter = std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(0.5 * pi / step)));
        list.step = 0.5 * pi / static_cast<double>(quarter);
        list.half_turns = true;
        for (std::size_t i = 0; i < 2 * quarter; ++i)
            list.angles.push_back(options.angle + static_cast<double>(i) * list.step);
        return list;
    }
    auto const side = static_cast<std::size_t>(std::ceil(options.max_angle / step));
    list.step = side > 0 ? options.max_angle / static_cast<double>(side) : 0.0;
    for (std::size_t i = 0; i <= 2 * side; ++i)
        list.angles.push_back(options.angle + (static_cast<double>(i) - static_cast<double>(side)) * list.step);
    return list;
}

}}}  // namespace comir::COMIR_ABI::detail
