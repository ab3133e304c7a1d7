#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/image/pyramid.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Checks one image of a registration: its size, the size of its mask, and that every value that counts is finite.
/// `who` begins the message, such as "comir::global_search"; `which` names the image, such as "fixed".
/// Errors: shape_error if a side is below least_side pixels or the mask is of another size; error for a value that is
///         not finite and not masked
inline void check_registration_image(char const* who, std::string_view which, image<float> const& values,
                                     image_mask const& mask, std::size_t least_side) {
    require<shape_error>(!values.empty() && values.height() >= least_side && values.width() >= least_side, who,
                         ": the ", which, " image is ", to_string(values.shape()), ", expected at least ", least_side,
                         " rows and columns");
    require_mask_fits(who, values.shape(), mask);
    for (std::size_t c = 0; c < values.channels(); ++c) {
        auto const channel = values.channel(c);
        for (std::size_t i = 0; i < channel.size(); ++i)
            require(std::isfinite(channel[i]) || (!mask.empty() && !mask.values()[i]), who, ": the ", which,
                    " image is not finite at channel ", c, ", x = ", i % values.width(), ", y = ", i / values.width(),
                    "; mask such pixels or replace them");
    }
}

/// Errors: error if the mask leaves no pixel to register by
inline void check_mask_leaves_pixel(char const* who, std::string_view which, image_mask const& mask) {
    require(mask.empty() || std::ranges::any_of(mask.values(), [](unsigned char m) { return m != 0; }), who,
            ": the mask of the ", which, " image leaves no pixel, expected at least one that is not zero");
}

}}}  // namespace comir::COMIR_ABI::detail
