#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include <comir/image/preparation.hpp>
#include <comir/io/model_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The representation by an encoder of either shape, unbounded.
inline image<float> encode_with(any_encoder const& held, image<float> const& raw, encode_options const& options = {}) {
    return std::visit([&](auto const& encoder) { return encoder.encode(raw, options); }, held);
}

/// The preparation by a model: the modality's representation, mapped to 0..1 by the model's one range.
/// Errors: error listing the model's modalities if it has none of that name
inline preparation prepare_with(std::shared_ptr<model const> const& trained, std::string_view modality,
                                encode_options const& options = {}) {
    any_encoder const& held = trained->find(modality);
    // The preparation keeps the model alive.
    return [trained, &held, options](image<float> const& raw) {
        return to_unit(encode_with(held, raw, options), settings_of(held).range);
    };
}

}}  // namespace comir::COMIR_ABI
