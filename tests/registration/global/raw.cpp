#include <cmath>

#include <doctest/doctest.h>

#include <comir/registration/global/search.hpp>

#include "support/textured_pair.hpp"

namespace {

using comir::global_search;
using comir::global_search_options;
using comir::image;
using comir::point2;
using comir::search_metric;

}  // namespace

TEST_CASE("global_search: raw images tell poses apart where the images look alike") {
    constexpr std::size_t side = 64;
    auto const patch = texture({1, side, side}, 21), raw = texture({1, side, side}, 22);
    for (std::size_t const true_x : {std::size_t{20}, std::size_t{120}}) {
        CAPTURE(true_x);
        // The patch lies in the image twice, but its raw image, its contrast turned over, only once.
        image<float> fixed = comir::crop(texture({1, 256, 256}, 23), {0, 0, 200, 100}),
                     fixed_raw = comir::crop(texture({1, 256, 256}, 24), {0, 0, 200, 100});
        for (std::size_t y = 0; y < side; ++y)
            for (std::size_t x = 0; x < side; ++x) {
                fixed(0, 18 + y, 20 + x) = fixed(0, 18 + y, 120 + x) = patch(0, y, x);
                fixed_raw(0, 18 + y, true_x + x) = 1.0f - raw(0, y, x);
            }
        global_search_options options{.metric = search_metric::zncc_and_mi, .threads = 2};
        auto const check = [&](auto const& a, auto const& b, auto const& a_raw, auto const& b_raw, double sign) {
            auto const found = global_search({.values = a, .raw = a_raw}, {.values = b, .raw = b_raw}, options);
            point2 const zero = found.transform({0.0, 0.0});
            CHECK(std::abs(zero.x + sign * static_cast<double>(true_x)) < 1.0);
            CHECK(std::abs(zero.y + sign * 18.0) < 1.0);
            CHECK(found.confidence > 0.5);
        };
        check(fixed, patch, fixed_raw, raw, 1.0);
        check(patch, fixed, raw, fixed_raw, -1.0);
        // Mutual information reads the raw images alone.
        options.metric = search_metric::mutual_information;
        auto const given = global_search({.values = fixed, .raw = fixed_raw}, {.values = patch, .raw = raw}, options),
                   alone = global_search(fixed_raw, raw, options);
        CHECK(given.transform.parameters == alone.transform.parameters);
        CHECK(given.confidence == alone.confidence);
        // By itself, neither pose is sure.
        options.metric = search_metric::zncc;
        CHECK(global_search(fixed, patch, options).confidence < 0.7);
    }
}
