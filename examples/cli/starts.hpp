#pragma once

#include <optional>
#include <string>
#include <vector>

#include <comir/registration/by_landmarks/fit_landmarks.hpp>
#include <comir/transform/any_transform.hpp>

#include "commands.hpp"
#include "transforms.hpp"

/// What is known of where a pair lies before it is registered: a transform, or landmarks and what fits them.
struct known_place {
    std::optional<comir::any_transform> start{};  // from fixed to moving, px
    std::vector<comir::landmark> landmarks{};
    comir::landmark_fit fit{};  // of the landmarks, if there are any
};

/// Reads a transform, or landmarks and fits them; paths may be empty, of which one at least is.
/// Raises comir::error, beginning with the file's name, for what cannot be read or fitted.
known_place read_place(std::string const& initial, std::string const& landmarks, method_settings const& method,
                       grid_pair const& grids);

/// What auto made of a start, for people.
inline char const* start_outcome(bool kept) {
    return kept ? "kept, since the images agree near it"
                : "refused, since the images do not agree near it; all was searched";
}

/// Why a fit of landmarks should be looked at; empty if nothing speaks against it. `diagonal` is the moving image's, px.
std::string doubt_of(known_place const& place, double diagonal);
/// Lines for people on how the fit, and a transform that was found from it, lie off each landmark.
std::string landmark_lines(known_place const& place, comir::any_transform const& found);
