#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/registration/check_image.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/metrics/alpha_amd/options.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// Of either image's sides, px.
inline constexpr std::size_t amd_least_side = 8;
inline constexpr char const* amd_name = "comir::register_alpha_amd";

/// Errors: those of an image that alpha_amd_target lists
inline void check_amd_input(char const* which, registration_input const& input) {
    image_shape const& shape = input.values.shape();
    image_mask const& mask = input.mask;
    image<float> const& weights = input.weights;
    check_registration_image(amd_name, which, input.values, mask, amd_least_side);
    check_mask_leaves_pixel(amd_name, which, mask);
    if (weights.empty())
        return;
    require<shape_error>(weights.shape() == image_shape{1, shape.h, shape.w}, amd_name, ": the weights of the ", which,
                         " image are ", to_string(weights.shape()), ", expected 1 x ", shape.h, " x ", shape.w,
                         " or an empty image");
    bool any = false;
    for (std::size_t i = 0; i < weights.values().size(); ++i) {
        float const weight = weights.values()[i];
        require(weight >= 0.0f && weight <= 1e6f, amd_name, ": the weights of the ", which, " image hold ", weight,
                ", expected numbers from 0 to a million");
        any = any || (weight > 0.0f && (mask.empty() || mask.values()[i]));
    }
    require(any, amd_name, ": the weights of the ", which,
            " image leave no point, expected at least one above 0 that is not masked");
}

/// Errors: error for an option out of range
inline void check_amd_options(alpha_amd_options const& o) {
    require(o.alpha_levels >= 1 && o.alpha_levels <= 250, amd_name, ": alpha_levels is ", o.alpha_levels,
            ", expected 1 to 250");
    require(o.momentum >= 0.0 && o.momentum < 1.0, amd_name, ": momentum is ", o.momentum, ", expected 0 to below 1");
    require(o.max_distance >= 0.0 && std::isfinite(o.max_distance), amd_name, ": max_distance is ", o.max_distance,
            " pixels, expected a positive number, or 0 for the image's diagonal");
    require(o.max_distance_share > 0.0 && o.max_distance_share <= 1.0, amd_name, ": max_distance_share is ",
            o.max_distance_share, ", expected above 0 and at most 1");
    require(o.start_shifts <= 16 && o.start_step > 0.0 && o.start_step <= 1.0, amd_name, ": start_shifts is ",
            o.start_shifts, " and start_step ", o.start_step, ", expected at most 16 and above 0 to 1");
    require(o.min_overlap >= 0.0 && o.min_overlap <= 1.0, amd_name, ": min_overlap is ", o.min_overlap,
            ", expected 0 to 1");
    require(o.abandon == 0.0 || (o.abandon >= 1.0 && std::isfinite(o.abandon)), amd_name, ": abandon is ", o.abandon,
            ", expected 0 or a multiple of at least 1");
    require(o.details == 0.0 || (o.details > 0.0 && o.details <= 1000.0 && o.stretch), amd_name, ": details is ",
            o.details, " and stretch ", o.stretch ? "on" : "off",
            ", expected 0, or at most 1000 pixels with stretch on, since details are small and of either sign");
    require(o.rest >= 0.0, amd_name, ": rest is ", o.rest, " pixels, expected a number that is not negative");
    require(std::ranges::all_of(o.start_angles, [](double a) { return std::isfinite(a); }), amd_name,
            ": a start angle is infinite or not a number, expected radians");
    for (alpha_amd_step const& s : o.pyramid)
        require(s.factor > 0 && s.samples > 0 && s.sigma >= 0.0 && s.sigma < 1e6 && std::isfinite(s.step_begin) &&
                    std::isfinite(s.step_end) && s.step_begin >= 0.0 && s.step_end >= 0.0,
                amd_name, ": a pyramid step has factor ", s.factor, ", sigma ", s.sigma, ", samples ", s.samples,
                ", step_begin ", s.step_begin, ", step_end ", s.step_end,
                "; expected a factor and samples above 0, the others finite and not negative");
}

}}}  // namespace comir::COMIR_ABI::detail
