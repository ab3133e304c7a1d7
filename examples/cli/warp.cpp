#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <comir/image/canvas.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/mask.hpp>
#include <comir/image/nodata.hpp>
#include <comir/image/warp.hpp>
#include <comir/image/warp_masked.hpp>
#include <comir/io/tiff_nodata.hpp>
#include <comir/transform/compose.hpp>

#include "commands.hpp"
#include "images.hpp"
#include "messages.hpp"
#include "outputs.hpp"
#include "transforms.hpp"

// Every kind is an affine transform; warping is compiled for that one alone.

namespace {

/// Whether an image of this type holds the value.
template <class T>
bool can_hold(double value) {
    if constexpr (std::is_floating_point_v<T>)
        return true;
    else
        return value >= 0.0 && value <= static_cast<double>(std::numeric_limits<T>::max()) &&
               value == std::floor(value);
}

/// Raises comir::error if an option's value, given as this text, is none that the image holds.
void require_held(char const* option, std::string const& text, double value, comir::any_image const& pixels) {
    std::visit(
        [&](auto const& held) {
            using pixel = typename std::decay_t<decltype(held)>::value_type;
            comir::require(can_hold<pixel>(value), option, ": ", text,
                           " is no value of the moving image, expected a whole number from 0 to ",
                           +std::numeric_limits<pixel>::max());
        },
        pixels);
}

/// What is written where the result shows nothing. A file's own value that its type does not hold, such as -9999 of
/// 8 bits, is found nowhere in it. An image with values that are not numbers has these for what it does not show.
template <class T>
T fill_value(warped_image const& image, comir::image<T> const& pixels) {
    if constexpr (std::is_floating_point_v<T>)
        if (!image.moving.nodata && image.fill.empty() && !comir::has_only_finite(pixels))
            return std::numeric_limits<T>::quiet_NaN();
    double value = image.moving.nodata.value_or(0.0);
    if (!image.fill.empty())
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
        require_held("--nodata", comir::nodata_text(*nodata), *nodata, image.moving.pixels);
}

void check_fill(warped_image const& image) {
    if (image.fill.empty())
        return;
    auto const fill = comir::parse_nodata(image.fill);
    comir::require(fill.has_value(), "--fill: '", image.fill, "' is not a number or nan");
    require_held("--fill", image.fill, *fill, image.moving.pixels);
}

comir::stored_image warp_as_stored(warped_image const& image, comir::any_transform const& transform,
                                   comir::image<float> const& fixed) {
    comir::warp_options options{.threads = image.threads};
    options.sampling.method = image.method;
    comir::stored_image result = image.moving;
    result.pixels = std::visit(
        [&](auto const& stored) -> comir::any_image {
            using value = typename std::decay_t<decltype(stored)>::value_type;
            comir::image_mask counts;
            auto const warped = comir::warp_masked(comir::to_float(stored), shown_pixels(stored, image.moving),
                                                   comir::to_affine(transform), fixed, options, &counts);
            comir::image<value> pixels;
            if constexpr (std::is_floating_point_v<value>)
                pixels = warped;
            else
                pixels = comir::to_integer<value>(warped);
            auto const fill = fill_value(image, stored);
            for (std::size_t c = 0; c < pixels.channels(); ++c) {
                bool const is_alpha = image.moving.alpha && c + 1 == pixels.channels();
                for (std::size_t i = 0; i < counts.values().size(); ++i)
                    if (counts.values()[i] == 0)
                        pixels.channel(c)[i] = is_alpha ? value{0} : fill;
            }
            return pixels;
        },
        image.moving.pixels);
    return result;
}

comir::image<float> warp_by(comir::any_transform const& transform, comir::image<float> const& moving,
                            comir::image<float> const& fixed, int threads) {
    return comir::warp(moving, comir::to_affine(transform), fixed, {.threads = threads});
}

void run_warp(warp_settings const& s) {
    check_output("--out", s.out, {".png", ".tif", ".tiff"});
    check_no_input("--out", s.out, {s.moving, s.fixed, s.transform});
    comir::image<float> const fixed = load_float_image(s.fixed);
    warped_image image{load_stored_image(s.moving), s.fill, comir::interpolation::cubic, s.run.threads};
    if (s.interpolation != "cubic")
        image.method = s.interpolation == "nearest" ? comir::interpolation::nearest : comir::interpolation::linear;
    check_holds("--out", s.out, image.moving);
    if (s.nodata.empty())
        note_unread_nodata(s.moving, image.moving.unread_nodata);
    else
        declare_nodata(image, parse_nodata_option("--nodata", s.nodata));
    check_fill(image);
    auto const moving_grid = std::visit([](auto const& held) { return comir::grid_of(held); }, image.moving.pixels);
    comir::any_transform const transform = load_transform(s.transform, {comir::grid_of(fixed), moving_grid});
    if (s.canvas == "fixed") {
        save_image(s.out, warp_as_stored(image, transform, fixed));
        return;
    }
    comir::extent2 const moving_size = std::visit(
        [](auto const& held) {
            return comir::extent2{held.width(), held.height()};
        },
        image.moving.pixels);
    comir::affine2 const affine = comir::to_affine(transform);
    comir::canvas const canvas = naming(s.transform, [&] {
        return comir::canvas_of_both(affine, {fixed.width(), fixed.height()}, moving_size);
    });
    comir::image<float> grid({1, canvas.size.h, canvas.size.w});
    grid.spacing = fixed.spacing;
    save_image(s.out, warp_as_stored(image, comir::on_canvas(affine, canvas), grid));
    std::printf("canvas     %zu x %zu px, begins at (%td, %td) of the fixed image\n", canvas.size.w, canvas.size.h,
                canvas.x, canvas.y);
}
