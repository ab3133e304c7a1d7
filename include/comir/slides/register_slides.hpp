#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/core/progress.hpp>
#include <comir/image/centre.hpp>
#include <comir/io/pixel_size.hpp>
#include <comir/io/slide/slide.hpp>
#include <comir/registration/automatic/register_any.hpp>
#include <comir/registration/automatic/settle.hpp>
#include <comir/registration/windows/follow_down.hpp>
#include <comir/slides/slide_overview.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How two slides are registered.
struct slide_registration_options {
    automatic_options
        search{};  // of the overviews, in pixels of level 0; without a scale the slides' pixel sizes say it
    masking_options fixed_masking{}, moving_masking{};
    double resolution = 0.0;    // micrometres that windows are followed down to; 0: to the coarser image's pixels
    progress on_progress = {};  // after each step; stopping once a place was found keeps what was reached
};

/// What was found between two slides, in pixels of level 0, and what they were searched in.
struct slide_registration {
    automatic_result result{};
    slide_overview fixed{}, moving{};
    std::optional<double> scale{};  // px of the moving image on one of the fixed image, as it was known before
};

namespace detail {

inline double mean_size(pixel_size const& size) {
    return std::sqrt(size.x * size.y);
}

/// The scale that both slides' pixel sizes state, if they do.
inline std::optional<double> known_scale(slide const& fixed, slide const& moving) {
    auto const &f = fixed.info().size, &m = moving.info().size;
    if (!f || !m)
        return {};
    double const scale = mean_size(*f) / mean_size(*m);
    return same_pixel_size(scale, 1.0) ? 1.0 : scale;
}

inline slide_registration_options checked_slide_options(slide const& fixed, slide const& moving,
                                                        slide_registration_options o) {
    require(std::isfinite(o.resolution) && o.resolution >= 0.0, "comir::register_slides: resolution is ", o.resolution,
            ", expected micrometres above 0, or 0 for the images' own");
    require(o.resolution == 0.0 || fixed.info().size, "comir::register_slides: a resolution of ", o.resolution,
            " micrometres is asked for, but ", fixed.where(), " does not say how large its pixels are");
    if (!o.search.prepare)
        o.search.prepare.emplace();
    auto const stated = known_scale(fixed, moving);
    if (!o.search.scale && stated) {
        constexpr double tolerance = 1.08;  // as of images in memory
        require(*stated >= 0.01 && *stated <= 100.0, "comir::register_slides: by their pixel sizes one pixel of ",
                fixed.where(), " measures ", *stated, " of ", moving.where(),
                ", expected 0.01 to 100; give the scale if a size is wrong");
        o.search.scale = stated;
        if (o.search.min_scale == automatic_options{}.min_scale &&
            o.search.max_scale == automatic_options{}.max_scale) {
            o.search.min_scale = 1.0 / tolerance;
            o.search.max_scale = tolerance;
        }
    }
    return o;
}

/// By which factors both are read: so that their pixels measure the same and neither has many more than are searched.
inline working_factors overview_factors(slide const& fixed, slide const& moving, automatic_options const& search) {
    constexpr double most = 8e6;  // pixels, also where one image is a small part of the other
    auto const shape = [](slide const& s) { return image_shape{1, s.level(0).size.h, s.level(0).size.w}; };
    image_shape const f = shape(fixed), m = shape(moving);
    working_factors factors(f, m, search.scale.value_or(1.0), search.working_pixels);
    auto const too_large = [](image_shape const& s, double factor) {
        return std::sqrt(static_cast<double>(s.h) * static_cast<double>(s.w) / most) / factor;
    };
    double const more = std::max({1.0, too_large(f, factors.fixed), too_large(m, factors.moving)});
    factors.fixed *= more;
    factors.moving *= more;
    return factors;
}

/// The options of the full images as those of the overviews.
inline automatic_options overview_options(automatic_options o, slide_overview const& fixed,
                                          slide_overview const& moving) {
    // A level may be finer than was asked for, and is searched as it is if it is not much larger.
    o.working_pixels += o.working_pixels / 2;
    o.scale = std::clamp(o.scale.value_or(1.0) * fixed.factor / moving.factor, 0.01, 100.0);
    bool const moving_is_larger = pixel_count(moving.image.values.shape()) > pixel_count(fixed.image.values.shape());
    double const larger = moving_is_larger ? moving.factor : fixed.factor;
    o.search.max_shift_x /= larger;
    o.search.max_shift_y /= larger;
    o.small_structures = true;
    o.bend = bend_search::no;
    if (o.start)
        o.start = compose(moving.to_full().inverse(), compose(*o.start, fixed.to_full()));
    return o;
}

/// Follows what was found in overviews down to the slides' own pixels, and writes it to the result.
inline void follow_slides(slide const& fixed, slide const& moving, slide_registration_options const& options,
                          slide_registration& found) {
    automatic_result& r = found.result;
    masked_slide const a{&fixed, &found.fixed, nodata_of(fixed, options.fixed_masking)},
        b{&moving, &found.moving, nodata_of(moving, options.moving_masking), r.mirrored};
    image_shape const fs = full_shape(a);
    affine2 const flip = mirror_map(full_shape(b));
    affine2 transform =
        compose(found.moving.to_full(), compose(to_affine(r.transform), found.fixed.to_full().inverse()));
    // From here on the moving image is mirrored if found so.
    if (r.mirrored)
        transform = compose(flip, transform);
    for (local_residual& residual : r.residuals) {
        residual.at = found.fixed.to_full()(residual.at);
        residual.shift = residual.shift * found.fixed.factor;
    }
    bool const same_pixels = options.search.scale.value_or(1.0) == 1.0;
    double const unit = r.residual_step * found.fixed.factor;
    r.residual_step = unit;
    r.kind =
        kind_in_pixels(options.search.kind.value_or(r.mirrored ? transform_kind::similarity : r.kind), same_pixels);
    global_search_options windows = options.search.search;
    windows.metric = search_metric::mutual_information;
    windows.threads = options.search.threads;
    windows.on_progress = {};
    // The finer the level, the more pixels it takes to see what raw images share.
    follow_options follow{.windows = windows, .side = 192};
    if (options.resolution > 0.0)
        follow.finest = options.resolution / mean_size(*fixed.info().size);
    auto const steps = steps_below(unit, transform, follow.finest).size() + 3;
    follow.on_step = [&](std::size_t i, std::size_t) { return keep_going(options.on_progress, i + 3, steps); };
    if (r.converged && r.residuals.size() >= window_verdict::least_windows) {
        window_fitting fitting{
            score_spread_windows(a, b, transform, following_windows(unit, transform, fs, follow.side), follow.per_side,
                                 windows),
            transform};
        if (fitting.windows.size() >= window_verdict::least_windows) {
            follow_down(fitting, a, b, follow);
            transform = settle(fitting, {options.search.kind, same_pixels, fs}, r);
        }
    }
    if (r.mirrored) {
        transform = compose(flip, transform);
        r.kind = transform_kind::affine;
    }
    r.transform = as_kind(transform, r.kind, image_centre(fs));
}

}  // namespace detail

/// Registers two slides of any size: register_any finds the place in overviews of search.working_pixels and a little
/// more, of the levels that are coarse enough; then small windows spread over what both show, cut out of ever finer
/// levels, follow it down to the pixels of level 0, or to a resolution. The expected scale is that of the slides' pixel
/// sizes, if both state one. With search.prepare only the overviews are prepared; windows compare them raw.
/// Bends are not looked for. The result is in pixels of level 0, as register_any would give it for the whole images.
/// Memory:  overviews (8 megapixels at most), windows of about 220 px a thread, and what the slides cache
/// Errors:  those of slide::read, read_overview and register_any; error for options out of range. Images without
///          anything in common are no errors: the confidence is then low
/// Threads: search.threads; the same bits for any number
inline slide_registration register_slides(slide const& fixed, slide const& moving,
                                          slide_registration_options const& given = {}) {
    auto const begin = std::chrono::steady_clock::now();
    auto const options = detail::checked_slide_options(fixed, moving, given);
    auto const factors = detail::overview_factors(fixed, moving, options.search);
    constexpr std::size_t least_steps = 4;  // more are known when a place was found
    slide_registration found;
    found.scale = options.search.scale;
    found.fixed = read_overview(fixed, factors.fixed, options.fixed_masking);
    bool going = keep_going(options.on_progress, 1, least_steps);
    if (going) {
        found.moving = read_overview(moving, factors.moving, options.moving_masking);
        going = keep_going(options.on_progress, 2, least_steps);
    }
    if (!going)
        return found;
    masked_image const &a = found.fixed.image, &b = found.moving.image;
    found.result = register_any({.values = a.values, .mask = a.mask}, {.values = b.values, .mask = b.mask},
                                detail::overview_options(options.search, found.fixed, found.moving));
    detail::follow_slides(fixed, moving, options, found);
    found.result.seconds = detail::seconds_since(begin);
    return found;
}

}}  // namespace comir::COMIR_ABI
