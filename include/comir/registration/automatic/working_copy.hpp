#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <comir/image/preparation.hpp>
#include <comir/registration/global/bands.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How many pixels of the moving image one of the fixed image measures, if both state the size of their pixels; else 0.
inline double stated_scale(image<float> const& fixed, image<float> const& moving) {
    auto const size = [](image<float> const& i) { return std::sqrt(std::abs(i.spacing[0] * i.spacing[1])); };
    double const f = size(fixed), m = size(moving);
    return f != 1.0 && m != 1.0 && f > 0.0 && m > 0.0 ? f / m : 0.0;
}

namespace detail {

/// By which factors two images are shrunk so that their pixels measure the same and neither has more than so many;
/// `scale` pixels of the moving image measure one of the fixed image.
struct working_factors {
    double fixed = 1.0, moving = 1.0;

    working_factors(image_shape const& f, image_shape const& m, double scale, std::size_t most_pixels) {
        common_units const unit(scale);
        auto const share = [&](image_shape const& s, double side) {
            return static_cast<double>(s.h) * static_cast<double>(s.w) /
                   (side * side * static_cast<double>(most_pixels));
        };
        double const most = std::max(share(f, unit.fixed), share(m, unit.moving));
        double k = most <= 1.0 ? 1.0 : std::ceil(std::sqrt(most));
        // A small field of view in an overview is not shrunk to nothing.
        k = std::clamp(std::floor(common_side(f, m, scale) / 256.0), 1.0, k);
        fixed = k * unit.fixed;
        moving = k * unit.moving;
    }
    constexpr working_factors(double of_fixed, double of_moving) : fixed(of_fixed), moving(of_moving) {}
    /// Those that undo these.
    working_factors inverse() const { return working_factors(1.0 / fixed, 1.0 / moving); }
    bool shrink() const { return fixed != 1.0 || moving != 1.0; }
};

/// All that is known of an image, at every factor-th pixel, blurred so that nothing is aliased.
inline registration_image shrink(registration_input const& full, double factor, int threads) {
    sampled_level made = sample_level(full.values, full.mask, factor, threads);
    registration_image out{std::move(made.values), std::move(made.mask)};
    if (!full.raw.empty())
        out.raw = sample_level(full.raw, full.mask, factor, threads).values;
    return out;
}

/// What is searched of an image: all that is known of it at every factor-th pixel, and its values as `prepare` makes them
/// of the raw image, if given. Refers to the full image where nothing is to be made.
inline prepared_image working_copy(registration_input const& full, double factor, preparation const* prepare,
                                   int threads) {
    if (factor == 1.0 && !prepare)
        return prepared_image::referring_to(full);
    registration_image copy = factor == 1.0 ? copy_of(full) : shrink(full, factor, threads);
    if (prepare) {
        copy.raw = std::move(copy.values);
        copy.values = prepare_checked("comir::register_any", *prepare, copy.raw);
    }
    return prepared_image(std::move(copy));
}

/// A transform between shrunk images as one between the full ones.
inline affine2 enlarge(affine2 const& between_shrunk, working_factors const& by) {
    affine2 const at_origin = to_affine(between_shrunk);
    return make_affine((by.moving / by.fixed) * at_origin.linear(), by.moving * translation(at_origin), point2{});
}

/// A transform between the full images as one between shrunk ones.
inline affine2 reduce(affine2 const& between_full, working_factors const& by) {
    affine2 const at_origin = to_affine(between_full);
    return make_affine((by.fixed / by.moving) * at_origin.linear(), (1.0 / by.moving) * translation(at_origin),
                       point2{});
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
