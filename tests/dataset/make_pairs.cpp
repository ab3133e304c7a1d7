#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/dataset/make_pairs.hpp>

#include "support/temporary_folder.hpp"

namespace {

/// A smooth pattern without symmetry, values 0.1 to 0.5.
float pattern(double x, double y) {
    return static_cast<float>(0.3 + 0.1 * std::sin(0.21 * x + 0.04 * y) + 0.1 * std::sin(0.17 * y - 0.09 * x + 1.0));
}

/// Both images show the same pattern, so that a registered pair must agree; beyond the border all is 1.
comir::aligned_pair make_scene(std::string const& name, std::size_t w, std::size_t h, std::size_t border = 0) {
    comir::aligned_pair scene{name, {comir::image<float>({1, h, w}, 1.0f), comir::image<float>({3, h, w}, 1.0f)}};
    for (comir::image<float>& i : scene.images)
        for (std::size_t c = 0; c < i.channels(); ++c)
            for (std::size_t y = border; y < h - border; ++y)
                for (std::size_t x = border; x < w - border; ++x)
                    i(c, y, x) = pattern(static_cast<double>(x), static_cast<double>(y));
    return scene;
}

std::string problem(std::vector<comir::aligned_pair> const& scenes, comir::make_pairs_options const& options) {
    temporary_folder const folder;
    try {
        comir::make_pairs(scenes, folder.path(), options);
    } catch (comir::error const& error) {
        return error.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("make_pairs: the written displacement brings the moving image onto the fixed one") {
    temporary_folder const folder;
    std::vector const scenes{make_scene("scene.png", 130, 120)};
    comir::make_pairs(scenes, folder / "set", {.size_px = 48, .count = 6, .seed = 3});
    auto const pairs = comir::read_pair_list(folder / "set/pairs.csv");
    REQUIRE(pairs.size() == 6);
    for (auto const& pair : pairs) {
        auto const fixed = comir::read_image_float(pair.fixed), moving = comir::read_image_float(pair.moving);
        REQUIRE(fixed.width() == 48);
        REQUIRE(moving.height() == 48);
        auto const transform = comir::to_transform(pair.truth, {{48, 48}, {48, 48}});
        auto const difference = [&](comir::rigid2 const& t) {
            auto const warped =
                comir::warp(moving, t, fixed.shape(), {.sampling = {.method = comir::interpolation::cubic}});
            double worst = 0.0;
            // Pixels at the edge mix with what lies beyond.
            for (std::size_t y = 0; y < 48; ++y)
                for (std::size_t x = 0; x < 48; ++x) {
                    auto const p = t({static_cast<double>(x), static_cast<double>(y)});
                    if (p.x >= 1 && p.y >= 1 && p.x <= 46 && p.y <= 46)
                        worst = std::max(worst, std::abs(double(warped(0, y, x)) - double(fixed(0, y, x))));
                }
            return worst;
        };
        // Two cubic interpolations of waves of 29 px and more err by less; a shift by 0.1 px changes up to 0.004.
        CHECK(difference(transform) < 0.001);
        CHECK(difference(comir::rigid2{}) > 0.05);
        auto const corners = comir::map_corners(transform.inverse(), {48, 48});
        CHECK(comir::corner_error(corners, pair.corners) < 1e-9);
        CHECK(pair.initial_error_px == doctest::Approx(comir::corner_error(comir::extent2{48, 48}.corners(), corners)));
    }
}

TEST_CASE("make_pairs: directions and scenes take turns, displacements stay in their ranges and spread") {
    temporary_folder const folder;
    std::vector const scenes{make_scene("one.png", 90, 90), make_scene("two.png", 95, 99)};
    comir::make_pairs_options const options{
        .modalities = {"grey", "colour"}, .size_px = 32, .count = 40, .max_angle_deg = 20, .max_shift = 0.25};
    auto const pairs = comir::make_pairs(scenes, folder.path(), options);
    REQUIRE(pairs.size() == 40);
    CHECK(pairs[0].name == "one_0000_grey_colour");
    CHECK(pairs[3].name == "two_0003_colour_grey");
    CHECK(pairs[4].name.substr(0, 3) == "one");
    CHECK(comir::read_image_float(pairs[2].fixed).channels() == 1);
    CHECK(comir::read_image_float(pairs[2].moving).channels() == 3);
    CHECK(comir::read_image_float(pairs[3].fixed).channels() == 3);
    double low_angle = 0, high_angle = 0, low_shift = 0, high_shift = 0;
    for (auto const& pair : pairs) {
        low_angle = std::min(low_angle, pair.truth.angle_deg);
        high_angle = std::max(high_angle, pair.truth.angle_deg);
        low_shift = std::min({low_shift, pair.truth.tx_px, pair.truth.ty_px});
        high_shift = std::max({high_shift, pair.truth.tx_px, pair.truth.ty_px});
    }
    // The chance that none of 40 uniform draws falls in an outer quarter of its range is below 1 in 10,000.
    CHECK(low_angle >= -20);
    CHECK(low_angle < -10);
    CHECK(high_angle <= 20);
    CHECK(high_angle > 10);
    CHECK(low_shift >= -8);
    CHECK(low_shift < -4);
    CHECK(high_shift <= 8);
    CHECK(high_shift > 4);
}

TEST_CASE("make_pairs: nothing beyond the part of the scene shows, not even through interpolation") {
    temporary_folder const folder;
    std::vector const scenes{make_scene("scene.png", 100, 100, 10)};
    comir::make_pairs_options options{
        .size_px = 40, .count = 30, .part = {.left = 0.1, .top = 0.1, .right = 0.9, .bottom = 0.9}};
    for (auto const& pair : comir::make_pairs(scenes, folder.path(), options))
        for (auto const& path : {pair.fixed, pair.moving}) {
            auto const i = comir::read_image_float(path);
            CHECK(*std::max_element(i.values().begin(), i.values().end()) < 0.501f);
            CHECK(*std::min_element(i.values().begin(), i.values().end()) > 0.099f);
        }
}

TEST_CASE("make_pairs: a seed repeats its set to the byte, another one does not") {
    temporary_folder const folder;
    std::vector const scenes{make_scene("scene.png", 80, 80)};
    comir::make_pairs_options options{.size_px = 24, .count = 4, .seed = 5};
    comir::make_pairs(scenes, folder / "first", options);
    comir::make_pairs(scenes, folder / "again", options);
    options.seed = 6;
    comir::make_pairs(scenes, folder / "other", options);
    CHECK(read_all(folder / "first/pairs.csv") == read_all(folder / "again/pairs.csv"));
    CHECK(read_all(folder / "first/0003_moving.png") == read_all(folder / "again/0003_moving.png"));
    CHECK(read_all(folder / "first/pairs.csv") != read_all(folder / "other/pairs.csv"));
}

TEST_CASE("make_pairs: the size that the message asks for always suffices, and one pixel less is refused") {
    for (double const angle : {0.0, 7.0, 30.0, 45.0, 90.0, 180.0})
        for (double const shift : {0.0, 0.05, 0.12, 0.6}) {
            comir::make_pairs_options const options{
                .size_px = 9, .count = 60, .max_angle_deg = angle, .max_shift = shift};
            std::string const refusal = problem({make_scene("s", 9, 9)}, options);
            std::string const words = "has 9 x 9 pixels, expected at least ";
            auto const at = refusal.find(words);
            REQUIRE(at != std::string::npos);
            auto const need = static_cast<std::size_t>(std::stoul(refusal.substr(at + words.size())));
            CAPTURE(angle);
            CAPTURE(shift);
            CHECK(problem({make_scene("s", need, need)}, options) == "none");
            CHECK(problem({make_scene("s", need - 1, need)}, options).find("pixels, expected") != std::string::npos);
        }
}

TEST_CASE("make_pairs: a part that is too small is told what would fit") {
    std::vector const scenes{make_scene("scene.png", 120, 100)};
    comir::make_pairs_options options{.size_px = 96, .part = {.left = 0.5}};
    std::string const refusal = problem(scenes, options);
    CHECK(refusal.find("comir::make_pairs: the part of scene.png has 60 x 100 pixels, expected at least ") == 0);
    std::string const words = "take a larger part or size_px of at most ";
    auto const at = refusal.find(words);
    REQUIRE(at != std::string::npos);
    options.size_px = static_cast<std::size_t>(std::stoul(refusal.substr(at + words.size())));
    options.count = 8;
    CHECK(problem(scenes, options) == "none");
    ++options.size_px;
    CHECK(problem(scenes, options) != "none");
    options = {.size_px = 96, .max_shift = 10};
    CHECK(problem({make_scene("s", 6, 6)}, options).find("take a larger part or smaller angles and shifts") !=
          std::string::npos);
}

TEST_CASE("make_pairs: options and scenes without sense are refused, and a callback stops the work") {
    std::vector scenes{make_scene("scene.png", 60, 60)};
    CHECK(problem({}, {}) == "comir::make_pairs: there are no scenes, expected at least one");
    CHECK(problem(scenes, {.size_px = 16, .count = 0}).find("0 pairs of 16 px") != std::string::npos);
    CHECK(problem(scenes, {.size_px = 16, .max_angle_deg = std::nan("")}).find("max_angle_deg") != std::string::npos);
    CHECK(problem(scenes, {.size_px = 16, .max_shift = -0.1}).find("max_shift") != std::string::npos);
    CHECK(problem(scenes, {.size_px = 16, .part = {.left = 0.5, .right = 0.5}}).find("shares") != std::string::npos);
    temporary_folder const folder;
    auto const made = comir::make_pairs(
        scenes, folder.path(), {.size_px = 16, .on_progress = [](std::size_t done, std::size_t) { return done < 3; }});
    CHECK(made.size() == 3);
    CHECK(comir::read_pair_list(folder / "pairs.csv").size() == 3);
    scenes[0].images[1](2, 5, 5) = 1.5f;
    CHECK(problem(scenes, {.size_px = 16}).find("values outside 0 to 1; normalise it first") != std::string::npos);
    scenes[0].images[1] = comir::image<float>({1, 60, 61});
    CHECK(problem(scenes, {.size_px = 16}).find("60 x 60 and 61 x 60 pixels") != std::string::npos);
}
