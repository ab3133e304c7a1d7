#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <comir/registration/local/alpha_amd.hpp>

#include "support/image_pair.hpp"
#include "support/message.hpp"

namespace {

using comir::image;
using comir::image_mask;
using comir::rigid2;

}  // namespace

TEST_CASE("register_alpha_amd: bad input is refused with a sentence that says what to do") {
    auto const good = texture(1, 32, 32, 2.0, 3);
    auto const run = [&](image<float> const& fixed, image<float> const& moving, auto change, image_mask const& a = {},
                         image_mask const& b = {}) {
        comir::alpha_amd_options options;
        change(options);
        return message([&] {
            comir::register_alpha_amd<rigid2>({.values = fixed, .mask = a}, {.values = moving, .mask = b}, options);
        });
    };
    auto const keep = [](comir::alpha_amd_options&) {};
    auto broken = good;
    broken(0, 3, 5) = std::numeric_limits<float>::quiet_NaN();
    CHECK(run(broken, good, keep) ==
          "comir::register_alpha_amd: the fixed image is not finite at channel 0, x = 5, y = 3; mask such pixels or "
          "replace them");
    CHECK(run(good, broken, keep).find("the moving image is not finite") != std::string::npos);
    CHECK(run(image<float>({1, 1, 1}), good, keep).find("fixed image is 1 x 1 x 1, expected at least 8 rows") !=
          std::string::npos);
    CHECK(run(good, {}, keep).find("moving image is 0 x 0 x 0") != std::string::npos);
    CHECK(run(good, texture(2, 32, 32, 2.0, 3), keep).find("2 channels, the fixed image 1") != std::string::npos);
    CHECK(run(good, good, keep, image_mask({1, 32, 32})).find("the fixed image leaves no pixel") != std::string::npos);
    CHECK(run(good, good, keep, {}, image_mask({1, 32, 31}, 1)).find("expected 1 x 32 x 32") != std::string::npos);
    auto const weigh = [&](image<float> const& weights) {
        return message(
            [&] { comir::register_alpha_amd<rigid2>({.values = good}, {.values = good, .weights = weights}); });
    };
    CHECK(weigh(image<float>({1, 32, 31}, 1.0f)).find("weights of the moving image are 1 x 32 x 31") !=
          std::string::npos);
    CHECK(weigh(image<float>({1, 32, 32}, -1.0f)).find("hold -1, expected numbers from 0") != std::string::npos);
    CHECK(weigh(image<float>({1, 32, 32})).find("leave no point") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.abandon = 0.5; }).find("abandon is 0.5") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.details = -1.0; }).find("details is -1 and stretch on") != std::string::npos);
    CHECK(run(good, good, [](auto& o) {
              o.details = 4.0;
              o.stretch = false;
          }).find("stretch off, expected 0, or at most 1000 pixels with stretch on") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.alpha_levels = 0; }).find("levels is 0, expected 1 to 250") !=
          std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.momentum = 1.0; }).find("momentum is 1") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.start_angles = {}; }).find("there is no start") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.pyramid = {{.factor = 0}}; }).find("factor 0") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.pyramid = {{.factor = 64}}; }).find("factor 64 but") != std::string::npos);
    CHECK(run(good, good, [](auto& o) { o.max_distance = std::nan(""); }).find("max_distance") != std::string::npos);
}
