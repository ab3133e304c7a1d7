#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/registration/global/angles.hpp>
#include <comir/registration/global/bands.hpp>
#include <comir/registration/global/climb.hpp>
#include <comir/registration/global/coarse.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/pose.hpp>
#include <comir/registration/global/resolutions.hpp>
#include <comir/registration/prepared_image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The search through one band of scales, at its own resolutions: 0 is the coarsest.
class band_search {
public:
    band_search(prepared_image const& fixed, prepared_image const& moving, scale_band band,
                global_search_options const& o)
        : fixed_(fixed),
          moving_(moving),
          band_(std::move(band)),
          options_(o),
          factors_(search_factors(band_.fixed_shape(fixed.shape()), band_.moving_shape(moving.shape()), o)) {
        options_.min_overlap = least_overlap(o, band_.fixed_shape(fixed.shape()), band_.moving_shape(moving.shape()));
    }

    std::size_t resolutions() const { return factors_.size(); }
    bool has_pixels() const { return std::min(fixed_level(0).area, moving_level(0).area) > 0.0; }
    std::size_t climber_count(std::size_t i) const {
        fixed_level(i);
        return detail::climber_count(moving_level(i), options_);
    }
    /// Of the smaller image, in pixels of the finest level, at a scale.
    double smaller_area(double scale) const {
        double const zoom = scale / band_.scale;
        std::size_t const finest = factors_.size() - 1;
        return std::min(fixed_level(finest).area, moving_level(finest).area / (zoom * zoom));
    }

    /// All angles, scales and shifts at the coarsest resolution.
    coarse_result search_coarsest() {
        search_level const &f = fixed_level(0), &m = moving_level(0);
        auto const side = static_cast<double>(std::min(moving_.shape().w, moving_.shape().h));
        double const two_pixels = 2.0 / (0.5 * side / m.factor);  // at the rim
        auto angles = make_angles(options_, options_.angle_step > 0.0 ? options_.angle_step : two_pixels);
        auto const& scales = band_.scales;
        double const range = std::log(options_.max_scale / options_.min_scale);
        // Where a band has one scale, the climbs still follow what lies between it and its neighbours.
        step_ = {angles.step, scales.size() > 1 ? std::log(scales[1] / scales[0]) : std::min(range, two_pixels)};
        return coarse_search(f, m, std::move(angles), band_, options_).run();
    }
    /// Climbs at the resolution: the coarsest one settles the angle and scale between those searched, each finer one
    /// halves what is left.
    search_pose climb(search_pose const& pose, std::size_t i) const {
        double const left = i == 0 ? 0.5 : std::ldexp(0.25, -static_cast<int>(i));
        return pose_climber(fixed_level(i), moving_level(i), band_, options_)
            .climb(pose, left * step_, i == 0 ? 2 : 1, i + 1 == factors_.size());
    }

private:
    search_level const& fixed_level(std::size_t i) const {
        return level_of(fixed_, static_cast<double>(factors_[i]) * band_.fixed_unit(), options_, options_.metric);
    }
    search_level const& moving_level(std::size_t i) const {
        return level_of(moving_, static_cast<double>(factors_[i]) * band_.moving_unit(), options_, options_.metric);
    }

    prepared_image const &fixed_, &moving_;
    scale_band band_;
    global_search_options options_;
    std::vector<std::size_t> factors_;
    turn_steps step_;
};

}}}  // namespace comir::COMIR_ABI::detail
