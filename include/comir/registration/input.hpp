#pragma once

#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

inline image<float> const no_image{};
inline image_mask const no_mask{};

}  // namespace detail

/// One of the two images of a registration, with all that is known of it. It refers to images that others hold, as long
/// as the call lasts: `register_auto({.values = a, .mask = m, .raw = photograph}, {.values = b})`.
/// Shapes: values (C, H, W); mask and weights (1, H, W) or empty; raw (any C, H, W) or empty
struct registration_input {
    image<float> const& values;                      // what methods compare: a representation, or the image itself
    image_mask const& mask = detail::no_mask;        // zeros are left out; empty: every pixel counts
    image<float> const& raw = detail::no_image;      // what the values were made of, such as the photograph behind a
                                                     // representation; empty: the values are raw themselves
    image<float> const& weights = detail::no_image;  // how much a pixel's distance counts, above 0 to a million; read
                                                     // by alpha-AMD only; empty: all alike

    /// The raw image, or the values where there is none.
    image<float> const& raw_or_values() const { return raw.empty() ? values : raw; }
};

/// The same with images of its own, for what outlives the images it was made of.
/// Shapes: as registration_input
struct registration_image {
    image<float> values;
    image_mask mask{};
    image<float> raw{}, weights{};

    operator registration_input() const { return {values, mask, raw, weights}; }
};

/// All that is known of an image in a region of it.
/// Errors: shape_error if the region leaves the image
inline registration_image crop(registration_input const& whole, region const& part) {
    auto const cut = [&part](auto const& i) { return i.empty() ? i : crop(i, part); };
    return {cut(whole.values), cut(whole.mask), cut(whole.raw), cut(whole.weights)};
}

/// A copy of all that an input refers to.
inline registration_image copy_of(registration_input const& input) {
    return {input.values, input.mask, input.raw, input.weights};
}

}}  // namespace comir::COMIR_ABI
