#include "starts.hpp"

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <variant>

#include <comir/evaluation/landmark_file.hpp>

#include "messages.hpp"
#include "methods.hpp"

namespace {

std::string printed(char const* format, ...) {
    char text[256];
    std::va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return text;
}

}  // namespace

known_place read_place(std::string const& initial, std::string const& landmarks, method_settings const& method,
                       grid_pair const& grids) {
    known_place place;
    if (!initial.empty())
        place.start = load_transform(initial, grids);
    if (landmarks.empty())
        return place;
    place.landmarks = comir::read_landmarks(landmarks);
    place.fit = naming(landmarks, [&] {
        return comir::fit_landmarks(place.landmarks,
                                    kind_of_transform(method).value_or(comir::transform_kind::similarity));
    });
    place.start = place.fit.transform;
    return place;
}

std::string doubt_of(known_place const& place, double diagonal) {
    constexpr double most = 0.02;  // of the diagonal, of the root mean square
    comir::landmark_fit const& fit = place.fit;
    if (fit.far)
        return printed("landmark %zu lies %.3g px off where all others put it", *fit.far + 1, fit.errors[*fit.far]);
    if (fit.root_mean_square > most * diagonal)
        return printed("the landmarks lie %.3g px off, more than 2 %% of the image's diagonal", fit.root_mean_square);
    std::size_t const parameters = std::visit([](auto const& t) { return t.parameters.size(); }, fit.transform);
    if (2 * place.landmarks.size() <= parameters)
        return printed("%zu landmarks fit exactly wherever they lie; one more would tell how well",
                       place.landmarks.size());
    return {};
}

std::string landmark_lines(known_place const& place, comir::any_transform const& found) {
    comir::landmark_fit const& fit = place.fit;
    auto const errors = comir::landmark_errors(place.landmarks, comir::to_affine(found));
    std::string text = printed(
        "landmarks  %zu, root mean square %.3f px of the moving image by their fit%s, %.3f px by "
        "the transform\n",
        place.landmarks.size(), fit.root_mean_square, fit.mirrored ? ", which is mirrored" : "",
        comir::root_mean_square(errors));
    for (std::size_t i = 0; i < errors.size(); ++i)
        text += printed("           %zu: %.3f px, %.3f px%s\n", i + 1, fit.errors[i], errors[i],
                        fit.far == i ? "; far off where all others put it, look at it" : "");
    return text;
}
