#pragma once

#include <string>

#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/pair_result.hpp>

#include "methods.hpp"
#include "preparations.hpp"

// The library's registration of pairs and its pictures of them, compiled in one file.

struct image_pair {
    comir::image<float> fixed, moving;
    comir::image_mask fixed_mask{}, moving_mask{};  // empty: every pixel counts
};

/// The preparation without a model.
comir::image<float> grey_image(comir::image<float> const& source);
method_result register_images(image_pair const& images, any_method const& registration, preparations const& prepare);
/// For methods whose transforms are rigid.
comir::scored_pair evaluate_listed(comir::registration_pair const& pair, any_method const& registration,
                                   preparations const& prepare);

/// An image as people like to see it, its values from 0 to 1.
comir::image<float> shown_image(comir::image<float> const& source);
/// Both images of equal size in alternating squares.
comir::image<float> checkerboard_picture(image_pair const& images);
/// The picture of a pair of a list, with what its registration found.
comir::image<float> listed_picture(comir::registration_pair const& pair, comir::pair_result const& result,
                                   preparations const& prepare);
