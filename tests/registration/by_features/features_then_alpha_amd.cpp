#include <doctest/doctest.h>

#include <comir/registration/by_features/features_then_alpha_amd.hpp>

#include "support/corner_error.hpp"
#include "support/textured_pair.hpp"

namespace {

using comir::rigid2;

textured_pair<rigid2> far_pair(rigid2 const& truth, comir::image_shape const& shape) {
    constexpr std::size_t margin = 90;
    return two_views(texture({shape.c, shape.h + 2 * margin, shape.w + 2 * margin}, 1, {-0.1, 1.1, 2.0, 4.5f}),
                     {margin, margin, shape.w, shape.h}, truth, shape, comir::interpolation::cubic);
}

}  // namespace

TEST_CASE("register_features_then_alpha_amd: refines a start far beyond alpha-AMD's own") {
    comir::image_shape const shape{1, 96, 96};
    rigid2 const truth{{2.4, 5.0, -3.0}, {47.5, 47.5}};
    auto const p = far_pair(truth, shape);
    auto const result = comir::register_features_then_alpha_amd<rigid2>(p.fixed, p.moving);
    CHECK(result.started_from_features);
    CHECK(result.features.converged);
    CHECK(corner_error(result.transform, truth, shape) < 0.5);
    CHECK(result.confidence == result.features.confidence);
}

TEST_CASE("register_features_then_alpha_amd: where features fail, alpha-AMD begins at its own starts") {
    comir::image_shape const shape{1, 64, 64};
    rigid2 const truth{{0.0, 4.0, 2.0}, {31.5, 31.5}};
    auto const p = far_pair(truth, shape);
    comir::feature_start_options options;
    options.features.sift.smallest_octave = 1000;  // none fits: no keypoint is found
    auto const result = comir::register_features_then_alpha_amd<rigid2>(p.fixed, p.moving, options);
    CHECK_FALSE(result.started_from_features);
    CHECK(corner_error(result.transform, truth, shape) < 1.0);
}
