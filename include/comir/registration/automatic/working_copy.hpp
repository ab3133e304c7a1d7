#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <comir/registration/global/level.hpp>
#include <comir/registration/input.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// How many pixels of the moving image one of the fixed image measures, if both state the size of their pixels; else 0.
inline double stated_scale(image<float> const& fixed, image<float> const& moving) {
    auto const size = [](image<float> const& i) { return std::sqrt(std::abs(i.spacing[0] * i.spacing[1])); };
    double const f = size(fixed), m = size(moving);
    return f != 1.0 && m != 1.0 && f > 0.0 && m > 0.0 ? f / m : 0.0;
}

/// By which factors two images are shrunk so that their pixels measure the same and neither has more than so many;
/// `scale` pixels of the moving image measure one of the fixed image.
struct working_factors {
    double fixed = 1.0, moving = 1.0;

    working_factors(image_shape const& f, image_shape const& m, double scale, std::size_t most_pixels) {
        double const unit_f = std::max(1.0, 1.0 / scale), unit_m = std::max(1.0, scale);
        auto const share = [&](image_shape const& s, double unit) {
            return static_cast<double>(s.h) * static_cast<double>(s.w) / (unit * unit * static_cast<double>(most_pixels));
        };
        double const most = std::max(share(f, unit_f), share(m, unit_m));
        double const k = most <= 1.0 ? 1.0 : std::ceil(std::sqrt(most));
        fixed = k * unit_f;
        moving = k * unit_m;
    }
    bool shrink() const { return fixed != 1.0 || moving != 1.0; }
};

/// All that is known of an image, at every factor-th pixel, blurred so that nothing is aliased.
inline registration_image shrink(registration_input const& full, double factor, int threads) {
    if (factor == 1.0)
        return copy_of(full);
    sampled_level made = sample_level(full.values, full.mask, factor, threads);
    registration_image out{std::move(made.values), std::move(made.mask)};
    if (!full.raw.empty())
        out.raw = sample_level(full.raw, full.mask, factor, threads).values;
    return out;
}

/// A transform between shrunk images as one between the full ones.
inline affine2 enlarge(affine2 const& between_shrunk, working_factors const& by) {
    affine2 const at_origin = to_affine(between_shrunk);
    return make_affine((by.moving / by.fixed) * at_origin.linear(), by.moving * translation(at_origin), point2{});
}

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
