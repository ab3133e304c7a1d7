#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/register_pair.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/image.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/rigid.hpp>

#include "pictures/paste.hpp"

namespace comir { inline namespace COMIR_ABI {

/// As a picture: one grey channel or three colours, stretched without the extremes.
inline image<float> for_display(image<float> const& source) {
    bool const shown = source.channels() == 1 || source.channels() == 3;
    return normalise(shown ? source : principal_component(source), {.low = 0.5, .high = 99.5});
}

/// One picture of a pair, two rows of four: above the images, below what the preparations made of them; from left to
/// right the fixed one, the moving one, and checkerboards of both before and after the registration. A representation
/// is shown as the method sees it, 0 black and 1 white.
/// Errors: those of the preparations
template <class Transform>
image<float> pair_sheet(image<float> const& fixed, image<float> const& moving, Transform const& fixed_to_moving,
                        pair_preparations const& prepare = {}) {
    constexpr std::size_t gap = detail::sheet_gap;
    rigid2 const before = to_transform({}, {{fixed.width(), fixed.height()}, {moving.width(), moving.height()}});
    std::size_t const w = std::max(fixed.width(), moving.width()), h = std::max(fixed.height(), moving.height());
    image<float> sheet({3, 2 * h + gap, 4 * w + 3 * gap});
    std::ranges::fill(sheet.values(), 1.0f);
    auto const representation = [](image<float> picture) {
        if (picture.channels() != 1 && picture.channels() != 3)
            picture = normalise(principal_component(picture));
        for (float& v : picture.values())
            v = std::clamp(v, 0.0f, 1.0f);
        return picture;
    };
    std::array<image<float>, 4> const pictures{for_display(fixed), for_display(moving),
                                               representation(prepare.fixed(fixed)),
                                               representation(prepare.moving(moving))};
    for (std::size_t row = 0; row < 2; ++row) {
        image<float> const a = detail::as_colour(pictures[2 * row]), b = detail::as_colour(pictures[2 * row + 1]);
        std::size_t const y = row * (h + gap);
        detail::paste(sheet, a, 0, y);
        detail::paste(sheet, b, w + gap, y);
        detail::paste(sheet, checkerboard(a, warp(b, before, a)), 2 * (w + gap), y);
        detail::paste(sheet, checkerboard(a, warp(b, fixed_to_moving, a)), 3 * (w + gap), y);
    }
    return sheet;
}

}}  // namespace comir::COMIR_ABI
