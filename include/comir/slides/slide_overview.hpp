#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/image/mask.hpp>
#include <comir/io/masked_image_file.hpp>
#include <comir/io/slide/slide.hpp>
#include <comir/registration/automatic/mirror.hpp>
#include <comir/registration/windows/window_part.hpp>
#include <comir/slides/shrunk_part.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A slide in a small size, with what counts in it.
struct slide_overview {
    masked_image image{};
    point2 first{};
    double factor = 1.0;  // the pixel p lies at first + factor p of level 0

    /// Where a pixel lies in level 0, as a map.
    affine2 to_full() const { return {{factor, 0.0, 0.0, factor, first.x, first.y}, {}}; }
};

namespace detail {

inline std::optional<double> nodata_of(slide const& from, masking_options const& masking) {
    return masking.nodata ? masking.nodata : masking.declared_nodata ? from.info().nodata : std::nullopt;
}

/// What windows are cut out of: a slide, masked as its overview says, every row read backwards if mirrored.
struct masked_slide {
    slide const* from;
    slide_overview const* overview;
    std::optional<double> nodata{};
    bool mirrored = false;
};

inline image_shape full_shape(masked_slide const& s) {
    slide_info const& info = s.from->info();
    return {info.channels, info.levels[0].size.h, info.levels[0].size.w};
}

/// One where the overview counts.
inline image_mask overview_mask(slide_overview const& o, shrunk_part const& part) {
    image_mask const& known = o.image.mask;
    if (known.empty())
        return {};
    image_mask out({1, part.values.height(), part.values.width()});
    auto const nearest = [&o](double full, double first, std::size_t size) {
        double const at = std::round((full - first) / o.factor);
        return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(size - 1)));
    };
    for (std::size_t y = 0; y < out.height(); ++y) {
        std::size_t const from =
            nearest(part.first.y + part.factor * static_cast<double>(y), o.first.y, known.height());
        for (std::size_t x = 0; x < out.width(); ++x)
            out(0, y, x) =
                known(0, from, nearest(part.first.x + part.factor * static_cast<double>(x), o.first.x, known.width()));
    }
    return out;
}

/// See window_part.hpp.
inline window_part read_part(masked_slide const& s, region const& part, double factor) {
    std::size_t const width = s.from->info().levels[0].size.w;
    region const read = s.mirrored ? region{width - part.x - part.w, part.y, part.w, part.h} : part;
    shrunk_part made = read_shrunk(*s.from, read, factor, s.nodata);
    if (made.values.empty())
        return {};
    image_mask mask = combine_masks(overview_mask(*s.overview, made), made.mask);
    if (masked_share(mask) == 1.0)
        return {};
    registration_image images{replace_masked(std::move(made.values), mask, mask), std::move(mask)};
    if (!s.mirrored)
        return {std::move(images), made.first, made.factor};
    double const last = made.first.x + made.factor * static_cast<double>(images.values.width() - 1);
    return {mirrored(images), {static_cast<double>(width) - 1.0 - last, made.first.y}, made.factor};
}

}  // namespace detail

/// Reads a slide with pixels that measure `factor` of level 0 or less, and masks what does not count in it as
/// read_masked_image does: no data, opacity 0, borders. Only the level that is needed is read, in parts.
/// Errors: those of slide::read; error if the options name a mask file or no pixel counts
inline slide_overview read_overview(slide const& from, double factor, masking_options const& masking = {}) {
    slide_info const& info = from.info();
    require(masking.mask.empty(), "comir::read_overview: ", from.where(), ": a mask is given (", masking.mask.string(),
            "), expected none: slides are masked by opacity, no-data and borders alone");
    require(factor >= 1.0, "comir::read_overview: the factor is ", factor, ", expected at least 1");
    extent2 const size = info.levels[0].size;
    std::optional<double> const nodata = detail::nodata_of(from, masking);
    detail::shrunk_part made = detail::read_shrunk(from, {0, 0, size.w, size.h}, factor, nodata);
    slide_overview out{
        {.values = std::move(made.values), .size = info.size, .notes = info.notes}, made.first, made.factor};
    if (!masking.nodata && masking.declared_nodata)
        out.image.unread_nodata = info.unread_nodata;
    detail::mask_builder builder;
    if (nodata)
        builder.add(std::move(made.mask), masked_reason::nodata, {*nodata});
    else
        builder.add(std::move(made.mask), info.alpha ? masked_reason::transparent : masked_reason::not_finite, {});
    if (masking.borders) {
        double const scale = info.type == sample_type::u8 ? 255.0 : info.type == sample_type::u16 ? 65535.0 : 1.0;
        detail::add_borders(builder, out.image.values, builder.mask(), masking, scale);
    }
    out.image.mask = builder.mask();
    out.image.values = replace_masked(std::move(out.image.values), builder.mask(), out.image.mask);
    out.image.parts = std::move(builder.parts());
    require(masked_share(out.image.mask) < 1.0, "comir::read_overview: ", from.where(),
            ": no pixel counts: ", describe_masked(out.image), "; expected at least one; check the value for no data");
    return out;
}

}}  // namespace comir::COMIR_ABI
