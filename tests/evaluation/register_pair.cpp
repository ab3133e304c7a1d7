#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/evaluation/register_pair.hpp>
#include <comir/registration/local/alpha_amd.hpp>
#include <comir/registration/methods/registration_method.hpp>

#include "support/temporary_folder.hpp"

namespace {

/// Blobs without symmetry, brighter where `sign` is positive.
comir::image<float> blobs(comir::rigid2 const& from, float sign = 1.0f) {
    constexpr std::size_t size = 64;
    comir::image<float> result({1, size, size});
    std::array<std::array<double, 4>, 5> const spots{
        {{20, 18, 5, 0.9}, {44, 24, 7, 0.6}, {30, 46, 6, 1.0}, {50, 50, 4, 0.7}, {12, 40, 4, 0.5}}};
    for (std::size_t y = 0; y < size; ++y)
        for (std::size_t x = 0; x < size; ++x) {
            comir::point2 const p = from({static_cast<double>(x), static_cast<double>(y)});
            double value = 0.0;
            for (auto const& [cx, cy, radius, height] : spots)
                value += height * std::exp(-((p.x - cx) * (p.x - cx) + (p.y - cy) * (p.y - cy)) / (radius * radius));
            result(0, y, x) = 0.5f + sign * static_cast<float>(0.4 * value);
        }
    return result;
}

comir::rigid2 const truth{{0.15, 3.0, -2.0}, {31.5, 31.5}};
comir::extent2 const square{64, 64};

double error_of(comir::rigid2 const& found) {
    return comir::corner_error(comir::map_corners(found.inverse(), square),
                               comir::map_corners(truth.inverse(), square));
}

comir::image<float> inverted(comir::image<float> source) {
    for (float& v : source.values())
        v = 1.0f - v;
    return source;
}

/// A listed pair whose files lie in the folder.
comir::registration_pair listed(temporary_folder const& folder) {
    comir::write_image(folder / "fixed image.tif", blobs(comir::rigid2{}));
    comir::write_image(folder / "moving image.tif", blobs(truth.inverse()));
    comir::registration_pair pair;
    pair.name = "pair";
    pair.fixed = folder / "fixed image.tif";
    pair.moving = folder / "moving image.tif";
    pair.fixed_modality = "a";
    pair.moving_modality = "b";
    pair.size_px = 64;
    pair.truth = comir::to_displacement(truth, {square, square});
    pair.corners = comir::map_corners(truth.inverse(), square);
    pair.initial_error_px = comir::corner_error(square.corners(), pair.corners);
    return pair;
}

comir::registration_result<comir::rigid2> found(comir::rigid2 const& transform, double value = 0.0) {
    comir::registration_result<comir::rigid2> result;
    result.transform = transform;
    result.value = value;
    return result;
}

}  // namespace

TEST_CASE("prepare_grey: colours and floats of any range become one channel from 0 to 1") {
    comir::image<float> colour({3, 4, 4});
    for (std::size_t i = 0; i < 16; ++i) {
        colour.channel(0)[i] = 100.0f + 2.0f * static_cast<float>(i);
        colour.channel(1)[i] = -4.0f * static_cast<float>(i) + 7.0f;
        colour.channel(2)[i] = 3.0f;
    }
    auto const grey = comir::prepare_grey(colour);
    REQUIRE(grey.channels() == 1);
    // The largest weight, that of channel 1, counts as positive, so the grey falls.
    for (std::size_t i = 0; i < 16; ++i)
        CHECK(grey.values()[i] == doctest::Approx(1.0 - static_cast<double>(i) / 15.0).epsilon(1e-5));
    auto const same = comir::prepare_grey(comir::select_channels(colour, {0}));
    for (std::size_t i = 0; i < 16; ++i)
        CHECK(same.values()[i] == doctest::Approx(static_cast<double>(i) / 15.0).epsilon(1e-5));
}

TEST_CASE("register_pair: preparations make unlike images alike, and alpha_amd finds the truth") {
    auto const fixed = blobs(comir::rigid2{}), moving = blobs(truth.inverse(), -1.0f);
    auto const method_with = [](int threads) {
        comir::alpha_amd_options options = comir::comir_alpha_amd_options();
        options.threads = threads;
        return [options](comir::registration_input const& a, comir::registration_input const& b) {
            return comir::register_alpha_amd<comir::rigid2>(a, b, options);
        };
    };
    auto const method = method_with(1);
    auto const raw = comir::register_pair(fixed, moving, method);
    auto const alike = comir::register_pair(fixed, moving, method,
                                            {.moving = [](auto const& i) { return inverted(comir::prepare_grey(i)); }});
    CHECK(error_of(alike.transform) < 0.5);
    CHECK(error_of(raw.transform) > 2.0);
    CHECK(alike.converged);
    auto const again = comir::register_pair(fixed, moving, method_with(2),
                                            {.moving = [](auto const& i) { return inverted(comir::prepare_grey(i)); }});
    CHECK(again.transform.parameters == alike.transform.parameters);
}

TEST_CASE("register_pair: a method gets the images as they were before the preparation, too") {
    auto const fixed = blobs(comir::rigid2{}), moving = blobs(truth.inverse());
    comir::image_mask const mask({1, 64, 64}, 1);
    bool same = false;
    auto const method = [&](comir::registration_input const& a, comir::registration_input const& b) {
        same = &a.raw == &fixed && &b.raw == &moving && a.values(0, 5, 5) == inverted(fixed)(0, 5, 5) &&
               b.values(0, 5, 5) == inverted(moving)(0, 5, 5) && &a.mask == &mask && b.mask.empty();
        return found({});
    };
    auto const invert = [](auto const& i) { return inverted(i); };
    comir::register_pair({.values = fixed, .mask = mask}, {.values = moving}, method, {invert, invert});
    CHECK(same);
}

TEST_CASE("register_pair: a preparation that changes the size is refused") {
    auto const image = blobs(comir::rigid2{});
    auto const method = [](auto const&, auto const&) { return found({}); };
    comir::pair_preparations const halves{.moving = [](auto const& i) { return comir::crop(i, {0, 0, 32, 64}); }};
    CHECK_THROWS_WITH_AS(comir::register_pair(image, image, method, halves),
                         "comir::register_pair: a preparation made 1 x 64 x 32 of 1 x 64 x 64, "
                         "expected the same rows and columns",
                         comir::shape_error);
}

TEST_CASE("evaluate_pair: the error is that of the found transform") {
    temporary_folder const folder;
    auto const pair = listed(folder);
    auto const exact = comir::evaluate_pair(pair, [](auto const&, auto const&) { return found(truth); });
    CHECK(exact.result.score.error_px < 1e-9);
    CHECK(exact.result.score.ok);
    CHECK(exact.result.score.group == "a to b");
    CHECK(exact.refusal.empty());
    comir::rigid2 shifted = truth;
    shifted.parameters[1] += 3.0;
    shifted.parameters[2] -= 4.0;
    auto const wrong = comir::evaluate_pair(pair, [&](auto const&, auto const&) { return found(shifted); });
    CHECK(wrong.result.score.error_px == doctest::Approx(5.0));
}

TEST_CASE("evaluate_pair: a method that fails counts as if nothing had been moved") {
    temporary_folder const folder;
    auto const pair = listed(folder);
    double const infinite = std::numeric_limits<double>::infinity();
    auto const refused = [&](auto const& method, std::string const& reason) {
        auto const scored = comir::evaluate_pair(pair, method);
        CHECK_FALSE(scored.result.score.ok);
        CHECK(scored.result.score.error_px == pair.initial_error_px);
        CHECK(scored.result.estimate.angle_deg == 0.0);
        CHECK(scored.result.estimate.tx_px == 0.0);
        CHECK(scored.refusal == reason);
    };
    refused([&](auto const&, auto const&) { return found(truth, infinite); }, "no transform makes the images overlap");
    refused([&](auto const&, auto const&) { return found({{infinite, 0.0, 0.0}, {}}); }, "the transform is not finite");
    refused([](auto const&, auto const&) -> comir::registration_result<comir::rigid2> { comir::fail("too dark"); },
            "too dark");
}

TEST_CASE("evaluate_pair: a pair's masks reach the method") {
    temporary_folder const folder;
    auto pair = listed(folder);
    comir::image<std::uint8_t> part({3, 64, 64});
    part(1, 5, 7) = 1;
    part(2, 63, 0) = 255;
    comir::write_image(folder / "mask.png", part);
    pair.moving_mask = folder / "mask.png";
    std::vector<std::size_t> counted;
    auto const method = [&](comir::registration_input const& fixed, comir::registration_input const& moving) {
        CHECK(fixed.mask.empty());
        for (std::size_t i = 0; i < moving.mask.values().size(); ++i)
            if (moving.mask.values()[i] != 0)
                counted.push_back(i);
        return found(truth);
    };
    CHECK(comir::evaluate_pair(pair, method).result.score.ok);
    CHECK(counted == std::vector<std::size_t>{5 * 64 + 7, 63 * 64});
    comir::write_image(folder / "narrow.png", comir::crop(part, {0, 0, 63, 64}));
    pair.fixed_mask = folder / "narrow.png";
    CHECK_THROWS_WITH_AS(
        comir::evaluate_pair(pair, method),
        ("comir::read_masked_image: " + pair.fixed_mask.string() + ": the mask is 63 x 64 px, its image " +
         pair.fixed.string() + " 64 x 64 px; expected the same size")
            .c_str(),
        comir::shape_error);
    pair.fixed_mask = folder / "gone.png";
    CHECK_THROWS_AS(comir::evaluate_pair(pair, method), comir::error);
}

TEST_CASE("evaluate_pair: missing files, bad preparations and wrong sizes are errors, not refusals") {
    temporary_folder const folder;
    auto const pair = listed(folder);
    auto const method = [](auto const&, auto const&) { return found(truth); };
    auto missing = pair;
    missing.moving = folder / "none.png";
    CHECK_THROWS_AS(comir::evaluate_pair(missing, method), comir::error);
    auto narrow = pair;
    narrow.size_px = 63;
    CHECK_THROWS_AS(comir::evaluate_pair(narrow, method), comir::shape_error);
    comir::pair_preparations const bad{.fixed = [](auto const&) -> comir::image<float> { comir::fail("no model"); }};
    CHECK_THROWS_WITH_AS(comir::evaluate_pair(pair, method, bad), "no model", comir::error);
}

TEST_CASE("evaluate_pair: takes transforms whose kind is chosen while the program runs") {
    temporary_folder const folder;
    auto const pair = listed(folder);
    auto const scored = comir::evaluate_pair(pair, [](auto const&, auto const&) {
        comir::method_result result;
        result.transform = truth;
        return result;
    });
    CHECK(scored.result.score.error_px < 1e-9);
}
