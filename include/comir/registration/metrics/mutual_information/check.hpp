#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <comir/core/error.hpp>
#include <comir/registration/check_image.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/metrics/mutual_information/options.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// Of either image's sides, px.
inline constexpr std::size_t mi_least_side = 8;
inline constexpr char const* mi_name = "comir::register_mutual_information";

// Points that a resolution keeps; an iteration takes the next ones, and begins again after the last.
inline constexpr std::size_t mi_kept_points = std::size_t{1} << 15;

/// Errors: those of an image that mutual_information_target lists
inline void check_mi_input(char const* which, registration_input const& input) {
    check_registration_image(mi_name, which, input.values, input.mask, mi_least_side);
    check_mask_leaves_pixel(mi_name, which, input.mask);
}

/// Errors: error for an option out of range
inline void check_mi_options(mutual_information_options const& o) {
    constexpr char const* who = mi_name;
    require(o.equalise >= 0.0 && o.equalise <= 1.0, who, ": equalise is ", o.equalise, ", expected 0 to 1");
    require(o.start_shift >= 0.0 && o.start_shift <= 10.0, who, ": start_shift is ", o.start_shift,
            ", expected a share of the fixed image's shorter side from 0 to 10");
    require(o.kept_starts > 0, who, ": kept_starts is 0, expected at least 1");
    require(o.min_overlap >= 0.0 && o.min_overlap <= 1.0, who, ": min_overlap is ", o.min_overlap, ", expected 0 to 1");
    require(o.rest >= 0.0 && o.still >= 0.0, who, ": rest is ", o.rest, " and still ", o.still,
            " pixels, expected numbers that are not negative");
    require(std::ranges::all_of(o.start_angles, [](double a) { return std::isfinite(a); }), who,
            ": a start angle is infinite or not a number, expected radians");
    for (mutual_information_step const& s : o.pyramid)
        require(s.factor > 0 && s.samples > 0 && s.samples <= mi_kept_points && s.bins >= 5 && s.bins <= 256 &&
                    s.sigma >= 0.0 && s.sigma < 1e6 && s.max_step >= 0.0 && std::isfinite(s.max_step),
                who, ": a pyramid step has factor ", s.factor, ", sigma ", s.sigma, ", samples ", s.samples, ", bins ",
                s.bins, ", max_step ", s.max_step, "; expected a factor above 0, 1 to ", mi_kept_points,
                " samples, 5 to 256 bins, the others finite and not negative");
}

}}}  // namespace comir::COMIR_ABI::detail
