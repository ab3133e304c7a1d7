#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <comir/registration/local/mutual_information.hpp>
#include <comir/transform/translation.hpp>

#include "support/image_pair.hpp"
#include "support/message.hpp"

namespace {

using comir::image;
using comir::image_mask;
using comir::mutual_information_options;
using comir::register_mutual_information;
using comir::rigid2;

/// Fewer starts, for what does not need them.
mutual_information_options one_start() {
    mutual_information_options options;
    options.start_angles = {0.0};
    options.start_shift = 0.0;
    return options;
}

}  // namespace

TEST_CASE("register_mutual_information: bad input is refused with a sentence that says what to do") {
    auto const good = grey_texture(32, 32, 3);
    auto const run = [&](image<float> const& fixed, image<float> const& moving, auto change, image_mask const& a = {},
                         image_mask const& b = {}) {
        auto options = one_start();
        change(options);
        return message([&] {
            register_mutual_information<rigid2>({.values = fixed, .mask = a}, {.values = moving, .mask = b}, options);
        });
    };
    auto const has = [](std::string const& text, char const* part) { return text.find(part) != std::string::npos; };
    auto const keep = [](mutual_information_options&) {};
    auto broken = good;
    broken(0, 3, 5) = std::numeric_limits<float>::quiet_NaN();
    CHECK(run(broken, good, keep) ==
          "comir::register_mutual_information: the fixed image is not finite at channel 0, x = 5, y = 3; mask such "
          "pixels or replace them");
    CHECK(has(run(good, broken, keep), "the moving image is not finite"));
    CHECK(has(run(image<float>({1, 1, 1}), good, keep), "fixed image is 1 x 1 x 1, expected at least 8 rows"));
    CHECK(has(run(good, {}, keep), "moving image is 0 x 0 x 0"));
    CHECK(has(run(good, good, keep, image_mask({1, 32, 32})), "the fixed image leaves no pixel"));
    CHECK(has(run(good, good, keep, {}, image_mask({1, 32, 31}, 1)), "expected 1 x 32 x 32"));
    CHECK(has(run(good, good, [](auto& o) { o.equalise = 1.5; }), "equalise is 1.5, expected 0 to 1"));
    CHECK(has(run(good, good, [](auto& o) { o.start_shift = -1.0; }), "start_shift is -1"));
    CHECK(has(run(good, good, [](auto& o) { o.start_angles = {}; }), "there is no start"));
    CHECK(has(run(good, good, [](auto& o) { o.start_angles = {std::nan("")}; }), "start angle is infinite or not"));
    CHECK(has(run(good, good, [](auto& o) { o.kept_starts = 0; }), "kept_starts is 0"));
    CHECK(has(run(good, good, [](auto& o) { o.rest = -1.0; }), "rest is -1"));
    CHECK(has(run(good, good, [](auto& o) { o.min_overlap = 2.0; }), "min_overlap is 2"));
    CHECK(has(run(good, good, [](auto& o) { o.pyramid = {{.factor = 0}}; }), "factor 0"));
    CHECK(has(run(good, good, [](auto& o) { o.pyramid = {{.factor = 64}}; }), "factor 64 but"));
    CHECK(has(run(good, good, [](auto& o) { o.pyramid = {{.bins = 4}}; }), "bins 4"));
    CHECK(has(run(good, good, [](auto& o) { o.pyramid = {{.samples = 1u << 20}}; }), "samples 1048576"));
    comir::mutual_information_target<rigid2> const target(good, one_start());
    CHECK(has(message([&] {
                  target.register_to(good, {rigid2{{std::nan(""), 0.0, 0.0}, {}}});
              }),
              "a start has a parameter or centre that is not finite"));
    CHECK(has(message([&] {
                  auto options = one_start();
                  options.start_angles = {0.3};
                  register_mutual_information<comir::translation2>(good, good, options);
              }),
              "with the angle 0 for translation2"));
}
