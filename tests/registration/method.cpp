#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <variant>

#include <doctest/doctest.h>

#include <comir/registration/method.hpp>

#include "support/textured_pair.hpp"

namespace {

/// Blobs without symmetry.
comir::image<float> blobs() {
    constexpr std::size_t size = 64;
    comir::image<float> result({1, size, size});
    std::array<std::array<double, 4>, 5> const spots{
        {{20, 18, 5, 0.9}, {44, 24, 7, 0.6}, {30, 46, 6, 1.0}, {50, 50, 4, 0.7}, {12, 40, 4, 0.5}}};
    for (std::size_t y = 0; y < size; ++y)
        for (std::size_t x = 0; x < size; ++x) {
            auto const px = static_cast<double>(x), py = static_cast<double>(y);
            double value = 0.0;
            for (auto const& [cx, cy, radius, height] : spots)
                value += height * std::exp(-((px - cx) * (px - cx) + (py - cy) * (py - cy)) / (radius * radius));
            result(0, y, x) = 0.5f + static_cast<float>(0.4 * value);
        }
    return result;
}

}  // namespace

TEST_CASE("make_method: an unknown name is told those that are known") {
    CHECK_THROWS_WITH_AS(comir::make_method("guess"),
                         "comir::make_method: the method is 'guess', expected one of: auto, alpha_amd, sift, "
                         "sift+alpha_amd, mi, global, global_mi",
                         comir::error);
}

TEST_CASE("make_method: every method finds the displacement of a textured pair") {
    // Many small blobs, so that there are features and few shifts are alike.
    auto const textured = [](comir::rigid2 const& from) {
        comir::image<float> result({1, 128, 128});
        for (std::size_t y = 0; y < 128; ++y)
            for (std::size_t x = 0; x < 128; ++x) {
                comir::point2 const p = from({static_cast<double>(x), static_cast<double>(y)});
                double value = 0.0;
                for (int i = 0; i < 60; ++i) {
                    double const cx = std::fmod(i * 61.8, 150.0) - 10, cy = std::fmod(i * i * 7.3, 150.0) - 10;
                    double const radius = 3.0 + i % 4, d = (p.x - cx) * (p.x - cx) + (p.y - cy) * (p.y - cy);
                    value += (0.3 + 0.1 * (i % 7)) * std::exp(-d / (radius * radius));
                }
                result(0, y, x) = static_cast<float>(std::min(1.0, 0.6 * value));
            }
        return result;
    };
    comir::rigid2 const displacement{{0.1, 5.0, -4.0}, {63.5, 63.5}};
    comir::image<float> const fixed = textured(comir::rigid2{}), moving = textured(displacement.inverse());
    comir::extent2 const size{128, 128};
    // A pixel without a value, which only a mask can leave out.
    comir::image<float> hurt_fixed = fixed, hurt_moving = moving;
    comir::image_mask fixed_mask({1, 128, 128}, 1), moving_mask = fixed_mask;
    hurt_fixed(0, 30, 40) = hurt_moving(0, 90, 20) = std::numeric_limits<float>::quiet_NaN();
    fixed_mask(0, 30, 40) = moving_mask(0, 90, 20) = 0;
    for (comir::method_name const& known : comir::method_names) {
        CAPTURE(known.name);
        auto const method = comir::make_method(known.name);
        auto const error = [&](comir::any_transform const& t) {
            return comir::corner_error(comir::map_corners(comir::to_affine(t).inverse(), size),
                                       comir::map_corners(displacement.inverse(), size));
        };
        CHECK(error(method(fixed, moving).transform) < 1.5);
        CHECK(error(method({.values = hurt_fixed, .mask = fixed_mask}, {.values = hurt_moving, .mask = moving_mask})
                        .transform) < 1.5);
        CHECK_THROWS_AS(method(hurt_fixed, moving), comir::error);
    }
}

TEST_CASE("make_method: methods find the kind of transform that they are asked for") {
    auto const image = blobs();
    for (char const* const name : {"alpha_amd", "sift", "sift+alpha_amd", "mi", "global", "auto"})
        for (auto const kind : {comir::transform_kind::translation, comir::transform_kind::rigid,
                                comir::transform_kind::similarity, comir::transform_kind::affine}) {
            bool const searches = std::string_view(name) == "global";
            if ((std::string_view(name) == "auto" && kind == comir::transform_kind::translation) ||
                (searches && (kind == comir::transform_kind::translation || kind == comir::transform_kind::affine)))
                continue;
            CAPTURE(name);
            CAPTURE(static_cast<int>(kind));
            comir::method_options options{.threads = 1};
            options.transform = kind;
            options.samples = 50;
            auto const found = comir::make_method(name, options)(image, image);
            CHECK(found.transform.index() == static_cast<std::size_t>(kind));
        }
    CHECK_THROWS_WITH_AS(comir::make_method("auto", {.transform = comir::transform_kind::translation}),
                         "comir::make_method: auto finds rigid, similarity and affine transforms, a translation was "
                         "asked for; take alpha_amd or mi",
                         comir::error);
    CHECK_THROWS_WITH_AS(comir::make_method("global", {.transform = comir::transform_kind::affine}),
                         "comir::make_method: the method 'global' finds rigid and similarity transforms, another kind "
                         "was asked for; take auto",
                         comir::error);
    CHECK_THROWS_AS(comir::make_method("auto", {.min_scale = 2.0, .max_scale = 1.0}), comir::error);
}

TEST_CASE("make_method: sift tells its matches, and global_mi compares raw images where it is told to") {
    auto const p = placed_pair({1, 96, 96}, {1, 96, 96}, {0.5, 4.0, -3.0}, 2);
    auto const matched = comir::make_method("sift")(p.fixed, p.moving);
    CHECK(!matched.inliers.empty());
    CHECK(matched.inliers.size() <= matched.matches.size());
    auto const q = placed_pair({3, 96, 96}, {3, 96, 96}, {-1.5, 2.0, 6.0}, 3);
    comir::registration_input const fixed{.values = p.fixed, .raw = q.fixed},
        moving{.values = p.moving, .raw = q.moving};
    auto const parameters = [](auto const& result) { return std::get<comir::rigid2>(result.transform).parameters; };
    auto const by = [&](bool raw) {
        comir::method_options options{};
        options.mi_of_raw = raw;
        return parameters(comir::make_method("global_mi", options)(fixed, moving));
    };
    comir::global_search_options const options{.metric = comir::search_metric::mutual_information};
    CHECK(by(false) == comir::global_search(p.fixed, p.moving, options).transform.parameters);
    CHECK(by(true) == comir::global_search(q.fixed, q.moving, options).transform.parameters);
}

TEST_CASE("make_method: the callback stops the search") {
    std::size_t calls = 0;
    auto const method = comir::make_method("alpha_amd", {.threads = 1, .on_progress = [&](std::size_t, std::size_t) {
                                                             ++calls;
                                                             return false;
                                                         }});
    auto const image = blobs();
    CHECK_FALSE(method(image, image).converged);
    CHECK(calls == 1);
}
