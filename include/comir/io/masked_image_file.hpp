#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <comir/image/border_regions.hpp>
#include <comir/image/image.hpp>
#include <comir/image/mask.hpp>
#include <comir/image/nodata.hpp>
#include <comir/io/image_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How the mask of an image file comes about.
struct masking_options {
    std::filesystem::path mask{};    // image of the same size whose zeros are left out; empty: none
    std::optional<double> nodata{};  // value that stands for no data, as stored; empty: the file's own
    bool declared_nodata = true;     // whether the file's own value counts, where no other is given
    bool borders = true;             // whether borders are looked for; with a mask, of them only what is far from all
                                     // other values, such as -9999: who draws a mask has seen the rest
    read_image_options read{};
};

/// Why pixels of an image do not count.
enum class masked_reason {
    nodata,       // they have the value that stands for no data
    transparent,  // their opacity is 0
    not_finite,   // they are infinite or not numbers
    border,       // they belong to a region of one colour at the frame, which was drawn there (find_borders)
};

/// Pixels of an image that do not count for one reason. Pixels of several reasons belong to the first of them.
struct masked_part {
    masked_reason reason{};
    std::vector<double>
        value{};  // that they have, as stored, one for all channels or one for each; none of transparent
                  // ones and of those that are not finite
    std::size_t pixels = 0;
    double share = 0.0;  // of the image, 0 to 1
};

/// An image with the mask of what counts in it: `register_auto({.values = a.values, .mask = a.mask}, ...)`.
/// Shapes: values (C, H, W), mask (1, H, W) or empty
struct masked_image {
    image<float> values{};
    image_mask mask{};
    std::vector<masked_part> parts{};  // what was found, without the given mask; empty if nothing was
    std::string unread_nodata{};       // what the file's tag GDAL_NODATA says where it is no number, and was left out
    std::optional<pixel_size> size{};  // as stored_image has it
    std::vector<std::string> notes{};
};

/// The share of the image that was found not to count, 0 to 1.
inline double found_share(masked_image const& image) {
    double share = 0.0;
    for (masked_part const& part : image.parts)
        share += part.share;
    return share;
}

/// What was found, for people: "12.3 % no data (-9999), 4.0 % border of colour 0". Empty if nothing was.
inline std::string describe_masked(masked_image const& image) {
    std::string text;
    for (masked_part const& part : image.parts) {
        char share[32];
        std::snprintf(share, sizeof share, part.share >= 0.001 ? "%.1f %%" : "%.2g %%", 100.0 * part.share);
        std::string value;
        for (double const v : part.value)
            value += (value.empty() ? "" : " ") + nodata_text(v);
        text += (text.empty() ? "" : ", ") + std::string(share);
        switch (part.reason) {
            case masked_reason::nodata:
                text += " no data (" + value + ")";
                break;
            case masked_reason::transparent:
                text += " transparent";
                break;
            case masked_reason::not_finite:
                text += " not finite (" + std::to_string(part.pixels) + (part.pixels == 1 ? " pixel)" : " pixels)");
                break;
            case masked_reason::border:
                text += " border of colour " + value;
                break;
        }
    }
    return text;
}

namespace detail {

/// Zero where the last channel is.
inline image_mask opaque_mask(stored_image const& file) {
    if (!file.alpha)
        return {};
    return std::visit(
        [](auto const& held) {
            using value = typename std::decay_t<decltype(held)>::value_type;
            image<value> alpha({1, held.height(), held.width()});
            std::ranges::copy(held.channel(held.channels() - 1), alpha.values().begin());
            return nodata_mask(alpha, 0.0);
        },
        file.pixels);
}

/// What a value of read_image_float was multiplied by.
inline double stored_scale(any_image const& pixels) {
    return std::visit(
        []<class T>(image<T> const&) {
            if constexpr (std::is_integral_v<T>)
                return static_cast<double>(std::numeric_limits<T>::max());
            return 1.0;
        },
        pixels);
}

inline image_mask read_mask_file(std::string const& who, masking_options const& options,
                                 std::filesystem::path const& masked_path, image<float> const& masked) {
    if (options.mask.empty())
        return {};
    image_mask mask = to_mask(colours_as_float(decode_image(who, options.mask, {})));
    require<shape_error>(mask.height() == masked.height() && mask.width() == masked.width(), who, ": ",
                         options.mask.string(), ": the mask is ", mask.width(), " x ", mask.height(), " px, its image ",
                         masked_path.string(), " ", masked.width(), " x ", masked.height(),
                         " px; expected the same size");
    return mask;
}

/// Collects what does not count, reason by reason.
class mask_builder {
public:
    void add(image_mask more, masked_reason reason, std::vector<double> value) {
        std::size_t const before = left_out();
        mask_ = combine_masks(std::move(more), mask_);
        if (std::size_t const pixels = left_out() - before; pixels > 0)
            parts_.push_back({reason, std::move(value), pixels,
                              static_cast<double>(pixels) / static_cast<double>(mask_.values().size())});
    }
    image_mask const& mask() const { return mask_; }
    std::vector<masked_part>& parts() { return parts_; }

private:
    std::size_t left_out() const {
        return static_cast<std::size_t>(std::ranges::count(mask_.values(), static_cast<unsigned char>(0)));
    }

    image_mask mask_{};
    std::vector<masked_part> parts_{};
};

inline void add_borders(mask_builder& builder, image<float> const& values, image_mask const& known,
                        masking_options const& options, double scale) {
    for (border_region& region : find_borders(values, known, {.outlines = options.mask.empty()}).regions) {
        std::vector<double> colour;
        for (float const v : region.colour)  // integers came through a division
            colour.push_back(scale == 1.0 ? static_cast<double>(v) : std::round(static_cast<double>(v) * scale));
        if (std::ranges::all_of(colour, [&](double v) { return v == colour.front(); }))
            colour.resize(1);
        builder.add(std::move(region.mask), masked_reason::border, std::move(colour));
    }
}

}  // namespace detail

/// Reads an image as read_image_float does, and the mask of what counts in it: without pixels of no data (the file's
/// tag GDAL_NODATA, or the value given; all channels must have it), without transparent pixels, those that are not
/// finite, borders that were drawn around the content (find_borders), and the zeros of a given mask. Values of pixels
/// that were found not to count are replaced by the mean of those that do, so that a number such as -9999 or the edge
/// of a black band disturbs nothing that looks at neighbours or at the range of the image.
/// Errors: those of read_image, of both files; shape_error if the mask has another size; error if no pixel counts
inline masked_image read_masked_image(std::filesystem::path const& path, masking_options const& options = {}) {
    std::string const who = "comir::read_masked_image";
    stored_image const file = detail::decode_image(who, path, options.read);
    masked_image result{.values = detail::colours_as_float(file), .size = file.size, .notes = file.notes};
    image_mask const given = detail::read_mask_file(who, options, path, result.values);
    detail::mask_builder builder;
    std::optional<double> const nodata =
        options.nodata ? options.nodata : (options.declared_nodata ? file.nodata : std::nullopt);
    if (nodata)
        builder.add(std::visit([&](auto const& held) { return nodata_mask(held, *nodata, result.values.channels()); },
                               file.pixels),
                    masked_reason::nodata, {*nodata});
    if (!options.nodata && options.declared_nodata)
        result.unread_nodata = file.unread_nodata;
    builder.add(detail::opaque_mask(file), masked_reason::transparent, {});
    builder.add(finite_mask(result.values), masked_reason::not_finite, {});
    if (options.borders)
        detail::add_borders(builder, result.values, combine_masks(builder.mask(), given), options,
                            detail::stored_scale(file.pixels));
    result.mask = combine_masks(builder.mask(), given);
    result.values = replace_masked(std::move(result.values), builder.mask(), result.mask);
    result.parts = std::move(builder.parts());
    std::string const found = describe_masked(result);
    require(masked_share(result.mask) < 1.0, who, ": ", path.string(), ": no pixel counts: ", found,
            found.empty() || given.empty() ? "" : ", the rest ", given.empty() ? "" : "0 in the mask",
            "; expected at least one; check the value for no data and the mask");
    return result;
}

}}  // namespace comir::COMIR_ABI
