#pragma once

#include <string>

#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/pair_result.hpp>
#include <comir/evaluation/register_pair.hpp>
#include <comir/image/preparation.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/methods/registration_method.hpp>

// The library's registration of pairs and its pictures of them, compiled in one file.

/// The preparation without a model.
comir::image<float> grey_image(comir::image<float> const& raw);

/// What came out of a registration, and a picture of the matches if it was asked for.
struct registered_images {
    comir::method_result result;
    comir::image<float> matches{};
};
registered_images register_images(comir::registration_input const& fixed, comir::registration_input const& moving,
                                  comir::registration_method const& method, comir::pair_preparations const& prepare,
                                  bool draw_matches);
comir::scored_pair evaluate_listed(comir::registration_pair const& pair, comir::registration_method const& method,
                                   comir::pair_preparations const& prepare, comir::pair_masking const& masking = {});

/// An image as people like to see it, its values from 0 to 1.
comir::image<float> shown_image(comir::image<float> const& source);
/// Two images of equal size in alternating squares.
comir::image<float> checkerboard_picture(comir::image<float> const& one, comir::image<float> const& other);
/// The picture of a pair of a list, with what its registration found.
comir::image<float> listed_picture(comir::registration_pair const& pair, comir::pair_result const& result,
                                   comir::pair_preparations const& prepare, comir::pair_masking const& masking);
