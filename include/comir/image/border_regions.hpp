#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/image/border_outline.hpp>
#include <comir/image/image.hpp>
#include <comir/image/mask.hpp>
#include <comir/image/mask_opening.hpp>
#include <comir/image/nodata.hpp>
#include <comir/image/pyramid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What was drawn around the content of an image: one colour, such as the black of stitching.
struct border_region {
    std::vector<float> colour{};  // (C)
    image_mask mask{};            // zero on its pixels
};

/// The borders of an image.
struct found_borders {
    image_mask mask{};  // zero on borders; empty if there are none
    std::vector<border_region> regions{};
};

/// How borders are told from content.
struct border_options {
    std::size_t grow = 2;  // px by which borders are grown, since resampling mixes them with what lies beside them
    bool outlines = true;  // whether outlines are judged; else only colours far from all others are borders
};

namespace detail {

// Where these numbers come from: docs/decisions/masks.md.
inline constexpr std::size_t border_colours = 4;                    // of the frame, the most frequent ones, are tried
inline constexpr std::size_t border_openings[] = {9, 17};           // px; the wide one parts a band from dark content
inline constexpr double border_least_share = 0.002;                 // of the image, of one part
inline constexpr double border_step = 0.25;                         // of the content's deviation: an abrupt edge
inline constexpr double border_straight = 0.65;                     // of an outline with an abrupt edge
inline constexpr double faint_straight = 0.75, faint_share = 0.02;  // of an outline without
inline constexpr double faint_fade = 0.5;  // of the step further away: content that is cut off fades into its colour
inline constexpr double sibling_straight = 0.5;  // of a part beside one that is a border
inline constexpr double far_colour = 10.0;       // in ranges of the content: no value of it
inline constexpr std::size_t border_side = 512;  // px, of the image that is looked at

/// The most frequent colours of the pixels at the frame.
inline std::vector<std::vector<float>> colours_at_frame(image<float> const& source, image_mask const& known) {
    std::map<std::vector<float>, std::size_t> counts;
    std::vector<float> colour(source.channels());
    auto const count = [&](std::size_t y, std::size_t x) {
        if (!known.empty() && known(0, y, x) == 0)
            return;
        for (std::size_t c = 0; c < source.channels(); ++c)
            colour[c] = source(c, y, x);
        ++counts[colour];
    };
    for (std::size_t x = 0; x < source.width(); ++x) {
        count(0, x);
        count(source.height() - 1, x);
    }
    for (std::size_t y = 0; y < source.height(); ++y) {
        count(y, 0);
        count(y, source.width() - 1);
    }
    std::vector<std::pair<std::size_t, std::vector<float>>> sorted;
    for (auto& [key, n] : counts)
        sorted.emplace_back(n, key);
    std::ranges::stable_sort(sorted, [](auto const& a, auto const& b) { return a.first > b.first; });
    std::vector<std::vector<float>> colours;
    for (std::size_t i = 0; i < std::min(sorted.size(), border_colours); ++i)
        colours.push_back(std::move(sorted[i].second));
    return colours;
}

/// One where all channels have the colour and it is known.
inline image_mask pixels_of_colour(image<float> const& source, image_mask const& known,
                                   std::vector<float> const& colour) {
    image_mask set({1, source.height(), source.width()}, 1);
    for (std::size_t c = 0; c < source.channels(); ++c)
        for (std::size_t i = 0; i < set.values().size(); ++i)
            if (source.channel(c)[i] != colour[c])
                set.values()[i] = 0;
    return combine_masks(std::move(set), known);
}

/// The spread of what is no border: of each channel the lowest, the highest and the standard deviation.
struct content_spread {
    bool far = true;  // whether the colour lies far from it in all channels
    double deviation = 0.0;
};

inline content_spread spread_beside(image<float> const& source, image_mask const& known, image_mask const& same,
                                    std::vector<float> const& colour) {
    content_spread spread;
    for (std::size_t c = 0; c < source.channels(); ++c) {
        double n = 0, mean = 0, squares = 0, lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
        for (std::size_t i = 0; i < same.values().size(); ++i) {
            if (same.values()[i] != 0 || (!known.empty() && known.values()[i] == 0))
                continue;
            auto const v = static_cast<double>(source.channel(c)[i]);
            double const from_mean = v - mean;
            mean += from_mean / ++n;
            squares += from_mean * (v - mean);
            lowest = std::min(lowest, v);
            highest = std::max(highest, v);
        }
        double const range = highest - lowest, v = static_cast<double>(colour[c]);
        double const gap = std::max(lowest - v, v - highest);
        spread.far = spread.far && n > 0 && range > 0 && gap >= far_colour * range;
        spread.deviation = std::max(spread.deviation, n > 0 ? std::sqrt(squares / n) : 0.0);
    }
    return spread;
}

/// One where the parts of one colour that touch the frame are borders.
inline image_mask borders_of_colour(image<float> const& source, image_mask const& known, image_mask const& same,
                                    std::vector<float> const& colour, double deviation) {
    auto const total = static_cast<double>(same.values().size());
    image_mask with_unknown = same, sure({1, source.height(), source.width()}, 0), faint = sure, siblings = sure;
    for (std::size_t i = 0; i < known.values().size(); ++i)  // beyond them nothing is known, as beyond the frame
        if (known.values()[i] == 0)
            with_unknown.values()[i] = 1;
    // A band is as long as a side of the image; squares that lossy compression flattened are not.
    std::size_t const least_faint = std::min(source.height(), source.width()) * 3 / 4;
    std::size_t faint_length = 0;
    for (std::size_t const side : border_openings) {
        border_parts const parts = parts_at_frame(open_mask(with_unknown, side));
        outline_measure const measure(source, known, parts);
        std::vector<image_mask*> kind(parts.count + 1, nullptr);
        std::size_t length = 0;
        for (std::size_t part = 1; part <= parts.count; ++part) {
            border_outline const outline = measure.of(part, colour.data());
            if (outline.length == 0 || static_cast<double>(outline.pixels) < border_least_share * total)
                continue;
            bool const abrupt = outline.step >= border_step * deviation && outline.step > 0.0;
            if (abrupt && outline.straight >= border_straight)
                kind[part] = &sure;
            else if (outline.straight >= faint_straight && outline.step >= faint_fade * outline.far_step)
                kind[part] = &faint, length += outline.length;
            else if (outline.straight >= sibling_straight)
                kind[part] = &siblings;
        }
        faint_length = std::max(faint_length, length);
        for (std::size_t i = 0; i < parts.label.size(); ++i)
            if (kind[parts.label[i]] != nullptr && same.values()[i] != 0)
                kind[parts.label[i]]->values()[i] = 1;
    }
    auto const add = [&](image_mask const& more) {
        for (std::size_t i = 0; i < sure.values().size(); ++i)
            sure.values()[i] |= more.values()[i];
    };
    auto const count = [](image_mask const& set) { return std::ranges::count(set.values(), 1); };
    if (static_cast<double>(count(faint)) >= faint_share * total && faint_length >= least_faint)
        add(faint);
    if (count(sure) > 0)
        add(siblings);
    return sure;
}

/// One on every pixel of the image with the colour whose place in the smaller image lies in the set or beside it.
inline image_mask in_full_size(image<float> const& source, image_mask const& known, std::vector<float> const& colour,
                               image_mask const& small, std::size_t n) {
    image_mask const wide = grow_mask(small, 1);
    image_mask full = pixels_of_colour(source, known, colour);
    for (std::size_t y = 0; y < full.height(); ++y)
        for (std::size_t x = 0; x < full.width(); ++x)
            full(0, y, x) = full(0, y, x) != 0 && wide(0, y / n, x / n) != 0;
    return full;
}

/// Zero on the border of a colour; empty if there is none. Large images are looked at in a smaller size.
inline image_mask border_of(image<float> const& source, image_mask const& seen, std::vector<float> const& colour,
                            border_options const& options) {
    std::size_t const side = std::min(source.height(), source.width());
    std::size_t const n = std::max<std::size_t>(1, (side + border_side / 2) / border_side);
    // Not blurred, so that what is constant stays so.
    image<float> const small = subsample(source, n);
    image_mask const small_seen = subsample(seen, n);
    image_mask const same = pixels_of_colour(small, small_seen, colour);
    content_spread const beside = spread_beside(small, small_seen, same, colour);
    image_mask border;
    if (beside.far) {
        border = pixels_of_colour(source, seen, colour);
    } else if (options.outlines && beside.deviation > 0.0) {  // drawn shapes of one colour are what such an image shows
        image_mask const found = borders_of_colour(small, small_seen, same, colour, beside.deviation);
        border = in_full_size(source, seen, colour, found, n);
    }
    if (std::ranges::find(border.values(), 1) == border.values().end())
        return {};
    border = grow_mask(border, options.grow);
    for (unsigned char& v : border.values())
        v = v == 0;
    return border;
}

}  // namespace detail

/// The regions of one exact colour that touch the image's frame and were drawn there: bands of stitched or moved
/// images, the canvas around a turned one, the black around a round field of view. Content of one colour, such as the
/// dark background of an image with few signals or an overexposed sky, is left alone: its outline is ragged, or fades.
/// A border has an outline that is straight for the most part, or a large circle, and either an abrupt edge, or a
/// straighter outline of most of a side's length, 2 % of the image, and no colours beside it that lead up to its own.
/// A colour ten ranges away from all others, such as -9999, is none of the content: all its pixels are masked wherever
/// they lie.
/// Pixels that `known` leaves out, and those that are not finite, count as if the frame ran along them; the mask does
/// not repeat them.
/// Shapes: source (C, H, W), known (1, H, W) or empty
/// Errors: shape_error if `known` has another size
/// Threads: none
inline found_borders find_borders(image<float> const& source, image_mask const& known = {},
                                  border_options const& options = {}) {
    require<shape_error>(known.empty() || (known.channels() == 1 && known.height() == source.height() &&
                                           known.width() == source.width()),
                         "comir::find_borders: the mask is ", to_string(known.shape()), ", expected 1 x ",
                         source.height(), " x ", source.width(), " as its image");
    found_borders result;
    if (source.empty())
        return result;
    image_mask const seen = combine_masks(known, finite_mask(source));
    for (auto const& colour : detail::colours_at_frame(source, seen)) {
        image_mask border = detail::border_of(source, seen, colour, options);
        image_mask const mask = combine_masks(border, result.mask);
        // An image that is nearly all border shows what no mask can tell.
        if (border.empty() || masked_share(combine_masks(mask, seen)) > 0.99)
            continue;
        result.mask = mask;
        result.regions.push_back({colour, std::move(border)});
    }
    return result;
}

}}  // namespace comir::COMIR_ABI
