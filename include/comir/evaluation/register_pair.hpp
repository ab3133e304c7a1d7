#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <exception>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/pair_result.hpp>
#include <comir/image/image.hpp>
#include <comir/image/preparation.hpp>
#include <comir/io/masked_image_file.hpp>
#include <comir/registration/input.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How the masks of a pair's images come about. Those of a list take the place of the masks given here.
struct pair_masking {
    masking_options fixed{}, moving{};
};

/// A callable (fixed, moving) -> registration_result, such as make_method gives, that is handed images with their masks
/// and what they were prepared from.
template <class Method>
concept pair_method = std::invocable<Method const&, registration_input const&, registration_input const&>;

namespace detail {

/// The prepared values of an image, its mask, and the image itself as raw.
class prepared_input {
public:
    prepared_input(registration_input const& raw, preparation const& prepare)
        : raw_(raw), values_(prepare_checked("comir::register_pair", prepare, raw.values)) {}
    operator registration_input() const { return {values_, raw_.mask, raw_.values, raw_.weights}; }

private:
    registration_input raw_;
    image<float> values_;
};

/// Registers raw images by a method; one that prepares them itself is left to it.
template <class Method>
auto run_prepared(registration_input const& fixed, registration_input const& moving, Method const& method,
                  pair_preparations const& prepare) {
    if constexpr (requires { method.prepares(); })
        if (method.prepares())
            return method(fixed, moving, prepare);
    prepared_input const a(fixed, prepare.fixed), b(moving, prepare.moving);
    registration_input const fixed_input = a, moving_input = b;
    return method(fixed_input, moving_input);
}

/// The same preparation, which keeps what it raises.
inline preparation noting_failure(preparation const& prepare, std::exception_ptr& failure) {
    return [&](image<float> const& raw) {
        try {
            return prepare_checked("comir::evaluate_pair", prepare, raw);
        } catch (...) {
            failure = std::current_exception();
            throw;
        }
    };
}

}  // namespace detail

/// Prepares two images and registers what came of them by a method. Their values are what is prepared; the method gets
/// the prepared values, the masks, and the images themselves as raw, or prepares them itself if it can. The result's
/// seconds cover both.
/// Errors: those of the preparations and the method; shape_error if a preparation changes rows or columns
template <class Method>
auto register_pair(registration_input const& fixed, registration_input const& moving, Method const& method,
                   pair_preparations const& prepare = {}) {
    static_assert(pair_method<Method>,
                  "comir: a method of register_pair is a callable (registration_input const& fixed, "
                  "registration_input const& moving) -> registration_result");
    if constexpr (pair_method<Method>) {
        auto const begin = std::chrono::steady_clock::now();
        auto result = detail::run_prepared(fixed, moving, method, prepare);
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
/// best guess that has not converged counts as it is. No data, transparent pixels and borders are left out, as
/// read_masked_image says, beside the zeros of the list's masks. Reading the files is not part of the seconds.
/// Errors: those of reading and preparing; shape_error if the moving image's width is not the listed size_px
template <class Method>
scored_pair evaluate_pair(registration_pair const& pair, Method const& method, pair_preparations const& prepare = {},
                          pair_masking masking = {}) {
    static_assert(pair_method<Method>,
                  "comir: a method of evaluate_pair is a callable (registration_input const& fixed, "
                  "registration_input const& moving) -> registration_result");
    masking.fixed.mask = pair.fixed_mask;
    masking.moving.mask = pair.moving_mask;
    masked_image const fixed = read_masked_image(pair.fixed, masking.fixed),
                       moving = read_masked_image(pair.moving, masking.moving);
    require<shape_error>(moving.values.width() == pair.size_px, "comir::evaluate_pair: ", pair.moving.string(), " is ",
                         moving.values.width(), " pixels wide, the list says ", pair.size_px, "; correct its size_px");
    pair_extent const size{{fixed.values.width(), fixed.values.height()},
                           {moving.values.width(), moving.values.height()}};
    double const fixed_share = found_share(fixed), moving_share = found_share(moving);
    auto const begin = std::chrono::steady_clock::now();
    // Only a method may refuse a pair: that images are not prepared is a fault of the evaluation.
    std::exception_ptr unprepared;
    pair_preparations const noted{detail::noting_failure(prepare.fixed, unprepared),
                                  detail::noting_failure(prepare.moving, unprepared)};
    try {
        auto const found = detail::run_prepared({.values = fixed.values, .mask = fixed.mask},
                                                {.values = moving.values, .mask = moving.mask}, method, noted);
        double const seconds = detail::seconds_since(begin);
        if (!std::isfinite(found.value))
            return {refused_pair(pair, size, seconds), "no transform makes the images overlap", fixed_share,
                    moving_share};
        scored_pair scored{score_pair(pair, found.transform, size, seconds), {}, fixed_share, moving_share};
        scored.result.confidence = scored.result.score.ok ? found.confidence : 0.0;
        if (!scored.result.score.ok)
            scored.refusal = "the transform is not finite";
        return scored;
    } catch (error const& refused) {
        if (unprepared)
            std::rethrow_exception(unprepared);
        return {refused_pair(pair, size, detail::seconds_since(begin)), refused.what(), fixed_share, moving_share};
    }
}

}}  // namespace comir::COMIR_ABI
