#include <doctest/doctest.h>

#include <comir/deprecated.hpp>

#include "support/textured_pair.hpp"

// The only place that calls what is deprecated.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

using comir::rigid2;

TEST_CASE("deprecated: calls with masks and raw images apart do what those with inputs do") {
    auto const p = noisy_pair(64, rigid2{{1.0, 5.0, -7.0}, {31.5, 31.5}}, 0.1f, 3);
    comir::image_mask mask({1, 64, 64}, 1);
    mask(0, 10, 10) = 0;
    comir::registration_input const fixed{.values = p.fixed, .mask = mask, .raw = p.moving}, moving{.values = p.moving};
    CHECK(comir::register_auto(p.fixed, p.moving, {}, mask, {}, p.moving).transform.parameters ==
          comir::register_auto(fixed, moving).transform.parameters);
    comir::global_search_options const search{.metric = comir::search_metric::combined};
    auto const found = comir::global_search(fixed, moving, search);
    CHECK(comir::global_search(p.fixed, p.moving, search, mask, {}, p.moving).transform.parameters ==
          found.transform.parameters);
    comir::global_search_target const target(p.fixed, search, mask, p.moving);
    CHECK(target.search(p.moving, {}).candidates[0].transform.parameters == found.transform.parameters);
    CHECK(comir::register_features<rigid2>(p.fixed, p.moving, {}, mask).transform.parameters ==
          comir::register_features<rigid2>(fixed, moving).transform.parameters);
    CHECK(comir::register_features_then_alpha_amd<rigid2>(p.fixed, p.moving, {}, mask).transform.parameters ==
          comir::register_features_then_alpha_amd<rigid2>(fixed, moving).transform.parameters);
}
