#pragma once

#include <cmath>
#include <cstddef>
#include <string>

#include <comir/core/error.hpp>
#include <comir/image/pyramid.hpp>
#include <comir/registration/check_image.hpp>
#include <comir/registration/global/information_scores.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/prepared_image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

inline constexpr std::size_t search_least_side = 8;  // pixels of images

/// That a search has checked an image, its mask and its raw image.
struct search_check {
    struct key {
        bool operator==(key const&) const = default;
    };
};

/// Checks an image once, whatever searches it is for.
inline void check_search_input(char const* which, prepared_image const& checked) {
    checked.once<search_check>({}, [&] {
        registration_input const& in = checked.input();
        check_registration_image("comir::global_search", which, in.values, in.mask, search_least_side);
        if (!in.raw.empty()) {
            require<shape_error>(in.raw.height() == in.values.height() && in.raw.width() == in.values.width(),
                                 "comir::global_search: the ", which, " raw image is ", to_string(in.raw.shape()),
                                 ", the image ", to_string(in.values.shape()), "; expected the same rows and columns");
            check_registration_image("comir::global_search", std::string(which) + " raw", in.raw, in.mask,
                                     search_least_side);
        }
        return search_check{};
    });
}

inline void check_search_options(global_search_options const& o) {
    constexpr char const* who = "comir::global_search";
    require(std::isfinite(o.angle) && o.max_angle >= 0.0 && std::isfinite(o.max_angle), who, ": angle is ", o.angle,
            " and max_angle ", o.max_angle, ", expected finite radians, max_angle not negative");
    require(o.angle_step >= 0.0 && (o.angle_step == 0.0 || o.angle_step >= 1e-4) && std::isfinite(o.angle_step), who,
            ": angle_step is ", o.angle_step, " radians, expected at least 0.0001, or 0 for two pixels at the rim");
    require(o.min_scale >= 0.01 && o.max_scale <= 100.0 && o.min_scale <= o.max_scale, who, ": min_scale is ",
            o.min_scale, " and max_scale ", o.max_scale, ", expected 0.01 to 100, the first not above the second");
    require(o.scale_step >= 0.0 && (o.scale_step == 0.0 || o.scale_step >= 1e-3) && std::isfinite(o.scale_step), who,
            ": scale_step is ", o.scale_step, ", expected at least 0.001, or 0 for three pixels at the rim");
    require(o.max_shift_x >= 0.0 && o.max_shift_y >= 0.0 && o.max_shift_x < 1e9 && o.max_shift_y < 1e9, who,
            ": max_shift_x is ", o.max_shift_x, " and max_shift_y ", o.max_shift_y,
            " pixels, expected positive numbers, or 0 for no limit");
    require(o.min_overlap >= 0.0 && o.min_overlap <= 1.0, who, ": min_overlap is ", o.min_overlap, ", expected 0 to 1");
    require(o.contrast_sigma >= 0.0 && o.contrast_sigma <= 1000.0 && o.contrast_floor > 0.0 &&
                std::isfinite(o.contrast_floor),
            who, ": contrast_sigma is ", o.contrast_sigma, " px and contrast_floor ", o.contrast_floor,
            ", expected 0 to 1000 and a number above 0");
    require(o.coarse_side == 0 || o.coarse_side >= search_least_side, who, ": coarse_side is ", o.coarse_side,
            " pixels, expected at least ", search_least_side, ", or 0 for the metric's default");
    require(o.finest >= 1 && o.candidates >= 1, who, ": finest is ", o.finest, " and candidates ", o.candidates,
            ", expected at least 1");
    require(o.mi_weight >= 0.0 && std::isfinite(o.mi_weight), who, ": mi_weight is ", o.mi_weight,
            ", expected a finite number not below 0");
    require(o.clusters >= 2 && o.clusters <= most_clusters, who, ": clusters is ", o.clusters, ", expected 2 to ",
            most_clusters);
}

}}}  // namespace comir::COMIR_ABI::detail
