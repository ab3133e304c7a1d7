#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/registration/global/band_search.hpp>
#include <comir/registration/global/bands.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/pose.hpp>
#include <comir/registration/global/resolutions.hpp>
#include <comir/registration/prepared_image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What a search found, as poses; their overlap is a share of the smaller image's pixels.
struct found_poses {
    std::vector<search_pose> poses;  // best first
    search_statistics statistics;
};

/// Searches the coarsest resolution of every band of scales and climbs through the finer ones. The moving image is the
/// smaller one.
inline found_poses find_poses(prepared_image const& fixed, prepared_image const& moving,
                              global_search_options const& o) {
    // Poses nearer than this share of the moving image's side are one.
    constexpr double distinct = 0.08;
    auto const side = static_cast<double>(std::min(moving.shape().w, moving.shape().h));
    std::vector<band_search> bands;
    for (scale_band& band : make_bands(o))
        bands.emplace_back(fixed, moving, std::move(band), o);
    std::vector<search_pose> poses;
    score_sums sums;
    std::size_t resolutions = 0, climbers = 0;
    for (std::size_t b = 0; b < bands.size(); ++b) {
        if (!bands[b].has_pixels())
            continue;
        coarse_result coarse = bands[b].search_coarsest();
        if (coarse.stopped)
            return {};
        sums.add(coarse.sums);
        for (search_pose& p : coarse.poses)
            p.band = b;
        poses.insert(poses.end(), coarse.poses.begin(), coarse.poses.end());
        resolutions = std::max(resolutions, bands[b].resolutions());
        climbers = std::max(climbers, bands[b].climber_count(0));
    }
    std::stable_sort(poses.begin(), poses.end(), better);
    poses = distinct_poses(poses, climbers, distinct * side, moving.shape());
    for (std::size_t i = 0; i < resolutions; ++i) {
        climbers = o.candidates;
        for (search_pose const& p : poses)
            if (i < bands[p.band].resolutions())
                climbers = std::max(climbers, bands[p.band].climber_count(i));  // makes the levels, too
        parallel_for(poses.size(), o.threads, [&](std::size_t k) {
            if (band_search const& band = bands[poses[k].band]; i < band.resolutions())
                poses[k] = band.climb(poses[k], i);
        });
        std::stable_sort(poses.begin(), poses.end(), better);
        poses = distinct_poses(poses, i + 1 == resolutions ? o.candidates : climbers, distinct * side, moving.shape());
    }
    std::erase_if(poses, [](search_pose const& p) { return !(p.score > static_cast<double>(no_score)); });
    for (search_pose& p : poses)
        p.overlap /= bands[p.band].smaller_area(p.scale);
    return {std::move(poses), sums.statistics()};
}

}}}  // namespace comir::COMIR_ABI::detail
