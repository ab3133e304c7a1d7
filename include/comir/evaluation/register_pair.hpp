#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <filesystem>
#include <utility>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/pair_result.hpp>
#include <comir/evaluation/preparation.hpp>
#include <comir/image/image.hpp>
#include <comir/image/mask.hpp>
#include <comir/io/image_file.hpp>
#include <comir/registration/input.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A callable (fixed, moving) -> registration_result, such as make_method gives, that is handed images with their masks
/// and what they were prepared from.
template <class Method>
concept pair_method = std::invocable<Method const&, registration_input const&, registration_input const&>;

namespace detail {

/// The prepared values of an image, its mask, and the image itself as raw.
class prepared_input {
public:
    prepared_input(char const* which, registration_input const& raw, preparation const& prepare)
        : raw_(raw), values_(prepare(raw.values)) {
        require<shape_error>(values_.height() == raw.values.height() && values_.width() == raw.values.width(),
                             "comir::register_pair: the preparation of the ", which, " image made ",
                             to_string(values_.shape()), " of ", to_string(raw.values.shape()),
                             ", expected the same rows and columns");
    }
    operator registration_input() const { return {values_, raw_.mask, raw_.values, raw_.weights}; }

private:
    registration_input raw_;
    image<float> values_;
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

}  // namespace detail

/// Prepares two images and registers what came of them by a method. Their values are what is prepared; the method gets
/// the prepared values, the masks, and the images themselves as raw. The result's seconds cover both.
/// Errors: those of the preparations and the method; shape_error if a preparation changes rows or columns
template <class Method>
auto register_pair(registration_input const& fixed, registration_input const& moving, Method const& method,
                   pair_preparations const& prepare = {}) {
    static_assert(pair_method<Method>,
                  "comir: a method of register_pair is a callable (registration_input const& fixed, "
                  "registration_input const& moving) -> registration_result");
    if constexpr (pair_method<Method>) {
        auto const begin = std::chrono::steady_clock::now();
        detail::prepared_input const a("fixed", fixed, prepare.fixed), b("moving", moving, prepare.moving);
        registration_input const fixed_input = a, moving_input = b;
        auto result = method(fixed_input, moving_input);
        result.seconds = detail::seconds_since(begin);
        return result;
    }
}
/// The same for images without masks.
template <class Method>
auto register_pair(image<float> const& fixed, image<float> const& moving, Method const& method,
                   pair_preparations const& prepare = {}) {
    return register_pair(registration_input{.values = fixed}, registration_input{.values = moving}, method, prepare);
}

/// Reads, prepares and registers a pair of a list, and compares the outcome with the truth. A method that raises an
/// error, or finds no transform with a finite value, has refused: the pair then counts as if nothing had been moved. A
/// best guess that has not converged counts as it is. No-data values under a mask are filled. Reading the files is not
/// part of the seconds.
/// Errors: those of reading and preparing; shape_error if the moving image's width is not the listed size_px, or a
///         mask's size not that of its image
template <class Method>
scored_pair evaluate_pair(registration_pair const& pair, Method const& method, pair_preparations const& prepare = {}) {
    static_assert(pair_method<Method>,
                  "comir: a method of evaluate_pair is a callable (registration_input const& fixed, "
                  "registration_input const& moving) -> registration_result");
    image<float> fixed = read_image_float(pair.fixed), moving = read_image_float(pair.moving);
    require<shape_error>(moving.width() == pair.size_px, "comir::evaluate_pair: ", pair.moving.string(), " is ",
                         moving.width(), " pixels wide, the list says ", pair.size_px, "; correct its size_px");
    image_mask const fixed_mask = detail::read_mask(pair.fixed_mask, pair.fixed, fixed),
                     moving_mask = detail::read_mask(pair.moving_mask, pair.moving, moving);
    fixed = fill_masked(std::move(fixed), fixed_mask);
    moving = fill_masked(std::move(moving), moving_mask);
    pair_extent const size{{fixed.width(), fixed.height()}, {moving.width(), moving.height()}};
    auto const begin = std::chrono::steady_clock::now();
    detail::prepared_input const a("fixed", {.values = fixed, .mask = fixed_mask}, prepare.fixed),
        b("moving", {.values = moving, .mask = moving_mask}, prepare.moving);
    registration_input const fixed_input = a, moving_input = b;
    try {
        auto const found = method(fixed_input, moving_input);
        double const seconds = detail::seconds_since(begin);
        if (!std::isfinite(found.value))
            return {refused_pair(pair, size, seconds), "no transform makes the images overlap"};
        scored_pair scored{score_pair(pair, found.transform, size, seconds)};
        scored.result.confidence = scored.result.score.ok ? found.confidence : 0.0;
        if (!scored.result.score.ok)
            scored.refusal = "the transform is not finite";
        return scored;
    } catch (error const& refused) {
        return {refused_pair(pair, size, detail::seconds_since(begin)), refused.what()};
    }
}

}}  // namespace comir::COMIR_ABI
