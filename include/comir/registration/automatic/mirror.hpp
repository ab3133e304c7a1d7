#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/registration/input.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Every row of all images read backwards.
inline registration_image mirrored(registration_input const& from) {
    registration_image out = copy_of(from);
    auto const flip = [](auto& i) {
        for (std::size_t c = 0; c < i.channels(); ++c)
            for (std::size_t y = 0; y < i.height(); ++y)
                std::reverse(i.row(c, y), i.row(c, y) + i.width());
    };
    flip(out.values);
    flip(out.mask);
    flip(out.raw);
    flip(out.weights);
    return out;
}

/// The map that takes pixels of an image of this shape to those of the mirrored one, and back.
inline affine2 mirror_map(image_shape const& s) {
    return {{-1.0, 0.0, 0.0, 1.0, static_cast<double>(s.w) - 1.0, 0.0}, {}};
}

}}}  // namespace comir::COMIR_ABI::detail
