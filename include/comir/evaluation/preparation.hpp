#pragma once

#include <functional>

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

/// The preparations of the two images of a pair.
struct pair_preparations {
    preparation fixed = prepare_grey, moving = prepare_grey;
};

}}  // namespace comir::COMIR_ABI
