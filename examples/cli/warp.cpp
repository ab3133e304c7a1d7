#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <comir/image/convert.hpp>
#include <comir/image/mask.hpp>
#include <comir/image/nodata.hpp>
#include <comir/image/warp.hpp>
#include <comir/image/warp_masked.hpp>
#include <comir/image/warp_nearest.hpp>
#include <comir/io/tiff_nodata.hpp>

#include "transforms.hpp"

// Warping is compiled for affine transforms, which all linear ones are, and for chains.

namespace {

/// Whether an image of this type holds the value.
template <class T>
bool can_hold(double value) {
    if constexpr (std::is_floating_point_v<T>)
        return true;
    else
        return value >= static_cast<double>(std::numeric_limits<T>::lowest()) &&
               value <= static_cast<double>(std::numeric_limits<T>::max()) && value == std::floor(value);
}

constexpr char const *white = "white", *edge = "edge";

/// Calls f with the image's pixels, in the type that they are written in.
template <class F>
auto with_pixels(warped_image const& image, F&& f) {
    return image.exact ? std::visit(f, *image.exact) : std::visit(f, image.moving.pixels);
}

/// Raises comir::error if an option's value, given as this text, is none that the image holds.
void require_held(char const* option, std::string const& text, double value, warped_image const& image) {
    with_pixels(image, [&]<class T>(comir::image<T> const&) {
        comir::require(can_hold<T>(value), option, ": ", text,
                       " is no value of the moving image, expected a whole number from ",
                       +std::numeric_limits<T>::lowest(), " to ", +std::numeric_limits<T>::max());
    });
}

/// What is written where the result shows nothing. A file's own value that its type does not hold, such as -9999 of
/// 8 bits, is found nowhere in it. An image with values that are not numbers has these for what it does not show.
template <class T>
T fill_value(warped_image const& image, comir::image<T> const& pixels) {
    if constexpr (std::is_floating_point_v<T>)
        if (!image.moving.nodata && image.fill.empty() && !comir::has_only_finite(pixels))
            return std::numeric_limits<T>::quiet_NaN();
    if (image.fill == white)
        return std::numeric_limits<T>::max();
    double value = image.moving.nodata.value_or(0.0);
    if (!image.fill.empty() && image.fill != edge)
        value = comir::parse_nodata(image.fill).value_or(0.0);
    return can_hold<T>(value) ? static_cast<T>(value) : T{0};
}

/// Zero where the image shows nothing that may be mixed with its neighbours.
template <class T>
comir::image_mask shown_pixels(comir::image<T> const& pixels, comir::stored_image const& file) {
    std::size_t const colours = pixels.channels() - (file.alpha ? 1 : 0);
    comir::image_mask mask;
    if (file.nodata)
        mask = comir::nodata_mask(pixels, *file.nodata, colours);
    if (file.alpha) {
        comir::image_mask opaque({1, pixels.height(), pixels.width()});
        std::ranges::transform(pixels.channel(colours), opaque.values().begin(), [](T v) { return v > T{0}; });
        mask = comir::combine_masks(std::move(mask), opaque);
    }
    if constexpr (std::is_floating_point_v<T>)
        mask = comir::combine_masks(std::move(mask), comir::finite_mask(pixels));
    return mask;
}

}  // namespace

void declare_nodata(warped_image& image, std::optional<double> nodata) {
    image.moving.nodata = nodata;
    if (nodata)
        require_held("--nodata", comir::nodata_text(*nodata), *nodata, image);
}

void check_fill(warped_image const& image) {
    if (image.fill.empty())
        return;
    if (image.fill == edge)
        return;
    if (image.fill == white) {
        bool const has_white = with_pixels(image, []<class T>(comir::image<T> const&) {
            return std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t>;
        });
        comir::require(has_white, "--fill: white is known of 8 and 16 bits without a sign only; give a number");
        return;
    }
    auto const fill = comir::parse_nodata(image.fill);
    comir::require(fill.has_value(), "--fill: '", image.fill, "' is not a number, nan, white or edge");
    require_held("--fill", image.fill, *fill, image);
}

namespace {

/// Calls f with the transform in the form that is cheapest to apply.
template <class F>
auto with_map(comir::transform_chain const& transform, F&& f) {
    if (auto const linear = comir::as_linear(transform))
        return f(comir::to_affine(*linear));
    return f(comir::merge_linear(transform));
}

comir::image<float> warp_floats(comir::image<float> moving, comir::image_mask const& mask,
                                comir::transform_chain const& transform, comir::image_shape const& shape,
                                comir::warp_options const& options, comir::image_mask& counts) {
    return with_map(transform, [&](auto const& map) {
        return comir::warp_masked(std::move(moving), mask, map, shape, options, &counts);
    });
}

/// One pixel type of warp_page.
template <class T>
comir::image<T> warp_values(warped_image const& image, comir::image<T> const& stored,
                            comir::transform_chain const& transform, comir::image_shape const& shape) {
    comir::warp_options options{.threads = image.threads};
    options.sampling.method = image.method;
    bool const to_edge = image.fill == edge;
    if (to_edge) {
        // What is beyond the edge does not count, but is shown; what shows nothing is marked by what no value is.
        options.sampling.outside = comir::border::clamp;
        options.sampling.background = std::numeric_limits<double>::quiet_NaN();
    }
    comir::image_mask counts;
    auto warped =
        warp_floats(comir::to_float(stored), shown_pixels(stored, image.moving), transform, shape, options, counts);
    if (to_edge)
        for (std::size_t i = 0; i < counts.values().size(); ++i)
            counts.values()[i] = std::isnan(warped.channel(0)[i]) ? 0 : 1;
    comir::image<T> pixels;
    if constexpr (std::is_floating_point_v<T>)
        pixels = std::move(warped);
    else
        pixels = comir::to_integer<T>(warped);
    T const fill = fill_value(image, stored);
    for (std::size_t c = 0; c < pixels.channels(); ++c) {
        bool const is_alpha = image.moving.alpha && c + 1 == pixels.channels();
        for (std::size_t i = 0; i < counts.values().size(); ++i)
            if (counts.values()[i] == 0)
                pixels.channel(c)[i] = is_alpha ? T{0} : fill;
    }
    return pixels;
}

comir::exact_image copy_values(warped_image const& image, comir::transform_chain const& transform,
                               warp_target const& target) {
    return std::visit(
        [&]<class T>(comir::image<T> const& stored) -> comir::exact_image {
            auto pixels = with_map(transform, [&](auto const& map) {
                return comir::warp_nearest<T>(stored, map, target.shape,
                                              {fill_value(image, stored), image.fill == edge, image.threads});
            });
            pixels.spacing = target.spacing;
            return pixels;
        },
        *image.exact);
}

}  // namespace

saved_page warp_page(warped_image const& image, comir::transform_chain const& transform, warp_target const& target) {
    saved_page result;
    // All that is said of the moving image's pixels, and nothing of its place.
    result.image = {.alpha = image.moving.alpha,
                    .premultiplied = image.moving.premultiplied,
                    .nodata = image.moving.nodata,
                    .page_name = image.moving.page_name};
    if (image.exact) {
        result.exact = copy_values(image, transform, target);
        return result;
    }
    result.image.pixels = std::visit(
        [&](auto const& stored) -> comir::any_image {
            auto pixels = warp_values(image, stored, transform, target.shape);
            pixels.spacing = target.spacing;
            return pixels;
        },
        image.moving.pixels);
    return result;
}

comir::stored_image warp_as_stored(warped_image const& image, comir::transform_chain const& transform,
                                   comir::image<float> const& fixed) {
    return warp_page(image, transform, {fixed.shape(), fixed.spacing}).image;
}

comir::stored_image warp_as_stored(warped_image const& image, comir::any_transform const& transform,
                                   comir::image<float> const& fixed) {
    return warp_as_stored(image, comir::to_chain(transform), fixed);
}

comir::image<float> warp_by(comir::transform_chain const& transform, comir::image<float> const& moving,
                            comir::image<float> const& fixed, int threads) {
    return with_map(transform, [&](auto const& map) { return comir::warp(moving, map, fixed, {.threads = threads}); });
}

comir::image<float> warp_by(comir::any_transform const& transform, comir::image<float> const& moving,
                            comir::image<float> const& fixed, int threads) {
    return comir::warp(moving, comir::to_affine(transform), fixed, {.threads = threads});
}
