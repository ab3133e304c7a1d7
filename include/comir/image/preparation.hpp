#pragma once

#include <functional>

#include <comir/core/error.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What makes an image of one modality ready to be compared: an encoder, or prepare_grey. Pixels stay where they are.
using preparation = std::function<image<float>(image<float> const&)>;

/// The preparation without a model: one grey channel by principal_component, its minimum 0 and its maximum 1.
/// Errors: error if the image is empty or a value is not finite
inline image<float> prepare_grey(image<float> const& raw) {
    return normalise(principal_component(raw));
}

namespace detail {

/// What a preparation makes of an image, which must keep its rows and columns.
inline image<float> prepare_checked(char const* who, preparation const& prepare, image<float> const& raw) {
    image<float> values = prepare(raw);
    require<shape_error>(values.height() == raw.height() && values.width() == raw.width(), who, ": a preparation made ",
                         to_string(values.shape()), " of ", to_string(raw.shape()),
                         ", expected the same rows and columns");
    return values;
}

}  // namespace detail

/// The preparations of the two images of a pair.
struct pair_preparations {
    preparation fixed = prepare_grey, moving = prepare_grey;
};

}}  // namespace comir::COMIR_ABI
