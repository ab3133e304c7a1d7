#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/registration/global/angles.hpp>
#include <comir/registration/global/climb.hpp>
#include <comir/registration/global/coarse.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/pose.hpp>
#include <comir/registration/global/resolutions.hpp>
#include <comir/registration/prepared_image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What a search found, as poses.
struct found_poses {
    std::vector<search_pose> poses;  // best first
    search_statistics statistics;
    double smaller_area = 0.0;  // pixels that count of the smaller image, at the finest resolution
};

/// Searches the coarsest resolution and climbs through the finer ones. The moving image is the smaller one; the options
/// say the least overlap.
inline found_poses find_poses(prepared_image const& fixed, prepared_image const& moving,
                              global_search_options const& o) {
    // Poses nearer than this share of the moving image's side are one.
    constexpr double distinct = 0.08;
    found_poses found;
    std::vector<std::size_t> const factors = search_factors(fixed.shape(), moving.shape(), o);
    std::vector<search_pose> poses;
    double step = 0.0;
    auto const side = static_cast<double>(std::min(moving.shape().w, moving.shape().h));
    for (std::size_t i = 0; i < factors.size(); ++i) {
        search_level const &f = level_of(fixed, factors[i], o, o.metric),
                           &m = level_of(moving, factors[i], o, o.metric);
        found.smaller_area = std::min(f.area, m.area);
        if (!(found.smaller_area > 0.0))
            return found;
        if (i == 0) {
            double const rim = 0.5 * side / static_cast<double>(factors[0]);
            auto const angles = make_angles(o, o.angle_step > 0.0 ? o.angle_step : 2.0 / rim);
            step = angles.step;
            coarse_result const coarse = coarse_search(f, m, angles, o).run();
            found.statistics = coarse.statistics;
            poses = distinct_poses(coarse.poses, climber_count(m, o), distinct * side, moving.shape());
        }
        // The first resolution settles the angle between those searched; each finer one halves what is left.
        std::size_t const halvings = i == 0 ? 2 : 1;
        bool const last = i + 1 == factors.size();
        pose_climber const climber(f, m, o);
        parallel_for(poses.size(), o.threads,
                     [&](std::size_t k) { poses[k] = climber.climb(poses[k], 0.5 * step, halvings, last); });
        step *= i == 0 ? 0.25 : 0.5;
        std::stable_sort(poses.begin(), poses.end(), better);
        poses = distinct_poses(poses, last ? o.candidates : climber_count(m, o), distinct * side, moving.shape());
    }
    std::erase_if(poses, [](search_pose const& p) { return !(p.score > static_cast<double>(no_score)); });
    found.poses = std::move(poses);
    return found;
}

}}}  // namespace comir::COMIR_ABI::detail
