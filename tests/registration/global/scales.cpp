#include <cmath>
#include <cstddef>

#include <doctest/doctest.h>

#include <comir/registration/global/search.hpp>

#include "support/corner_error.hpp"
#include "support/message.hpp"
#include "support/textured_pair.hpp"

namespace {

using comir::global_search;
using comir::global_search_options;
using comir::image_shape;
using comir::similarity2;

constexpr image_shape scaled_field{1, 160, 160};

textured_pair<similarity2> scaled_pair(double scale, double angle, image_shape const& moving) {
    comir::point2 const c = comir::image_centre(scaled_field), m = comir::image_centre(moving);
    similarity2 const truth{{std::log(scale), angle, m.x - c.x + 4.0, m.y - c.y - 6.0}, c};
    return two_views(texture(image_shape{1, 400, 400}, 3, texture_look{.sigma = 4.0}), {120, 120, 160, 160}, truth,
                     moving);
}

}  // namespace

TEST_CASE("global_search: finds the scale within its range, whichever image is larger") {
    for (auto const metric : {comir::search_metric::zncc, comir::search_metric::mutual_information})
        for (double const scale : {0.55, 0.93, 1.0, 1.8}) {
            CAPTURE(scale);
            auto const side = static_cast<std::size_t>(std::lround(160.0 * scale));
            auto const p = scaled_pair(scale, 0.7, {1, side, side});
            global_search_options const o{.metric = metric, .min_scale = 0.5, .max_scale = 2.0};
            auto const found = global_search<similarity2>(p.fixed, p.moving, o);
            CHECK(found.converged);
            CHECK(corner_error(found.transform, p.truth, scaled_field) < 2.0 * std::max(1.0, scale));
            CHECK(found.overlap > 0.5);
            CHECK(found.overlap <= 1.0);
        }
}

TEST_CASE("global_search: a range of one scale is that scale") {
    auto const p = scaled_pair(1.25, 0.2, {1, 200, 200});
    global_search_options const o{.min_scale = 1.25, .max_scale = 1.25};
    auto const found = global_search<similarity2>(p.fixed, p.moving, o);
    CHECK(found.transform.parameters[0] == doctest::Approx(std::log(1.25)));
    CHECK(corner_error(found.transform, p.truth, scaled_field) < 1.5);
}

TEST_CASE("global_search: bands cover the range of scales in steps of their logarithm") {
    auto const bands = comir::detail::make_bands({.min_scale = 0.5, .max_scale = 2.0, .scale_step = 0.1});
    double last = 0.0;
    for (auto const& band : bands) {
        CHECK(band.scales.size() <= 3);
        for (double const s : band.scales) {
            if (last > 0.0)
                CHECK(std::log(s / last) < 0.1 + 1e-9);
            last = s;
            CHECK(std::abs(std::log(s / band.scale)) < 0.2);
        }
        CHECK(std::min(band.fixed_unit(), band.moving_unit()) == doctest::Approx(1.0));
        CHECK(band.moving_unit() / band.fixed_unit() == doctest::Approx(band.scale));
    }
    CHECK(bands.front().scales.front() == doctest::Approx(0.5));
    CHECK(last == doctest::Approx(2.0));
    CHECK(comir::detail::make_bands({}).size() == 1);
}

TEST_CASE("global_search: refuses ranges of scales that are none") {
    auto const p = scaled_pair(1.0, 0.0, scaled_field);
    auto const text = [&](double low, double high, double step) {
        global_search_options const o{.min_scale = low, .max_scale = high, .scale_step = step};
        return message([&] { global_search<similarity2>(p.fixed, p.moving, o); });
    };
    CHECK(text(0.0, 1.0, 0.0).starts_with("comir::global_search: min_scale is 0"));
    CHECK(text(1.2, 1.1, 0.0).starts_with("comir::global_search: min_scale is 1.2"));
    CHECK(text(1.0, 1.0, -1.0).starts_with("comir::global_search: scale_step is -1"));
}
