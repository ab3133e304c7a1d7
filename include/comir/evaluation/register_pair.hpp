#pragma once

#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <utility>

#include <comir/core/error.hpp>
#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/pair_result.hpp>
#include <comir/evaluation/success.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/image.hpp>
#include <comir/image/mask.hpp>
#include <comir/io/image_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What makes an image of one modality ready to be compared: an encoder, or prepare_grey. Pixels stay where they are.
using preparation = std::function<image<float>(image<float> const&)>;

/// The preparation without a model: one grey channel by principal_component, its minimum 0 and its maximum 1.
/// Errors: error if the image is empty or a value is not finite
inline image<float> prepare_grey(image<float> const& source) {
    return normalise(principal_component(source));
}

struct pair_preparations {
    preparation fixed = prepare_grey, moving = prepare_grey;
};

/// A method that can leave out pixels, such as make_method gives: (fixed, moving, fixed_mask, moving_mask).
template <class Method>
concept takes_masks = requires(Method const& method, image<float> const& values, image_mask const& mask) {
    method(values, values, mask, mask);
};

/// A method that can also look at what the images were prepared from: (fixed, moving, fixed_mask, moving_mask,
/// fixed_raw, moving_raw).
template <class Method>
concept takes_raw = requires(Method const& method, image<float> const& values, image_mask const& mask) {
    method(values, values, mask, mask, values, values);
};

namespace detail {

inline image<float> prepared(char const* which, image<float> const& source, preparation const& prepare) {
    image<float> result = prepare(source);
    require<shape_error>(result.height() == source.height() && result.width() == source.width(),
                         "comir::register_pair: the preparation of the ", which, " image made ",
                         to_string(result.shape()), " of ", to_string(source.shape()),
                         ", expected the same rows and columns");
    return result;
}

struct pair_masks {
    image_mask fixed, moving;
};

inline image_mask read_mask(std::filesystem::path const& path, std::filesystem::path const& masked_path,
                            image<float> const& masked) {
    if (path.empty())
        return {};
    image_mask mask = to_mask(read_image_float(path));
    require<shape_error>(mask.height() == masked.height() && mask.width() == masked.width(),
                         "comir::evaluate_pair: ", path.string(), ": the mask is ", mask.width(), " x ", mask.height(),
                         " px, its image ", masked_path.string(), " ", masked.width(), " x ", masked.height(),
                         " px; expected the same size");
    return mask;
}

template <class Method>
auto register_prepared(image<float> const& fixed_raw, image<float> const& moving_raw, image<float> const& fixed,
                       image<float> const& moving, Method const& method, std::chrono::steady_clock::time_point begin,
                       pair_masks const& masks = {}) {
    auto result = [&] {
        if constexpr (takes_raw<Method>)
            return method(fixed, moving, masks.fixed, masks.moving, fixed_raw, moving_raw);
        else if constexpr (takes_masks<Method>)
            return method(fixed, moving, masks.fixed, masks.moving);
        else
            return method(fixed, moving);
    }();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
}

}  // namespace detail

/// Prepares two images and registers what came of them by a method: a callable (fixed, moving) -> registration_result,
/// such as make_method gives. The result's seconds cover both.
/// Errors: those of the preparations and the method; shape_error if a preparation changes rows or columns
template <class Method>
auto register_pair(image<float> const& fixed, image<float> const& moving, Method const& method,
                   pair_preparations const& prepare = {}) {
    auto const begin = std::chrono::steady_clock::now();
    image<float> const a = detail::prepared("fixed", fixed, prepare.fixed);
    image<float> const b = detail::prepared("moving", moving, prepare.moving);
    return detail::register_prepared(fixed, moving, a, b, method, begin);
}

/// Reads, prepares and registers a pair of a list, and compares the outcome with the truth. A method that raises an
/// error, or finds no transform with a finite value, has refused: the pair then counts as if nothing had been moved. A
/// best guess that has not converged counts as it is. No-data values under a mask are filled. Reading the files is not
/// part of the seconds.
/// Errors: those of reading and preparing; shape_error if the moving image's width is not the listed size_px, or a
///         mask's size not that of its image
template <class Method>
scored_pair evaluate_pair(registration_pair const& pair, Method const& method, pair_preparations const& prepare = {}) {
    image<float> fixed = read_image_float(pair.fixed), moving = read_image_float(pair.moving);
    require<shape_error>(moving.width() == pair.size_px, "comir::evaluate_pair: ", pair.moving.string(), " is ",
                         moving.width(), " pixels wide, the list says ", pair.size_px, "; correct its size_px");
    require(takes_masks<Method> || takes_raw<Method> || (pair.fixed_mask.empty() && pair.moving_mask.empty()),
            "comir::evaluate_pair: ", pair.name,
            " has masks, but the method takes none; give a callable (fixed, moving, fixed_mask, moving_mask), "
            "or take the masks from the list");
    detail::pair_masks const masks{detail::read_mask(pair.fixed_mask, pair.fixed, fixed),
                                   detail::read_mask(pair.moving_mask, pair.moving, moving)};
    fixed = fill_masked(std::move(fixed), masks.fixed);
    moving = fill_masked(std::move(moving), masks.moving);
    pair_extent const size{{fixed.width(), fixed.height()}, {moving.width(), moving.height()}};
    auto const begin = std::chrono::steady_clock::now();
    image<float> const a = detail::prepared("fixed", fixed, prepare.fixed);
    image<float> const b = detail::prepared("moving", moving, prepare.moving);
    try {
        auto const found = detail::register_prepared(fixed, moving, a, b, method, begin, masks);
        if (!std::isfinite(found.value))
            return {refused_pair(pair, size, found.seconds), "no transform makes the images overlap"};
        scored_pair scored{score_pair(pair, found.transform, size, found.seconds)};
        scored.result.confidence = scored.result.score.ok ? found.confidence : 0.0;
        if (!scored.result.score.ok)
            scored.refusal = "the transform is not finite";
        return scored;
    } catch (error const& refused) {
        double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return {refused_pair(pair, size, seconds), refused.what()};
    }
}

}}  // namespace comir::COMIR_ABI
