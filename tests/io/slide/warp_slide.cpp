#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <comir/image/warp.hpp>
#include <comir/io/slide/slide_writer.hpp>
#include <comir/io/slide/warp_slide.hpp>
#include <comir/transform/similarity.hpp>

#include "io/slide/slide_files.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"

namespace {

/// A slide of smooth values, so that interpolation means something, on a pyramid of two levels and more.
template <class T>
comir::image<T> smooth_image(comir::image_shape shape) {
    comir::image<T> result(shape);
    for (std::size_t c = 0; c < shape.c; ++c)
        for (std::size_t y = 0; y < shape.h; ++y)
            for (std::size_t x = 0; x < shape.w; ++x)
                result(c, y, x) = static_cast<T>(120.0 + 60.0 * std::sin(0.11 * static_cast<double>(x + 5 * c)) +
                                                 50.0 * std::cos(0.07 * static_cast<double>(y)));
    return result;
}

template <class T>
comir::slide slide_of(temporary_folder const& folder, comir::image<T> const& image, comir::slide_content content = {}) {
    content.shape = image.shape();
    comir::slide_writer<T> writer(folder / "moving.tif", content, {.tile = 64});
    for (std::size_t down = 0; down < writer.tiles_down(); ++down)
        for (std::size_t across = 0; across < writer.tiles_across(); ++across) {
            std::size_t const x = 64 * across, y = 64 * down;
            writer.write({{across, down,
                           comir::crop(image, {x, y, std::min<std::size_t>(64, image.width() - x),
                                               std::min<std::size_t>(64, image.height() - y)})}});
        }
    writer.commit();
    return comir::open_slide(folder / "moving.tif");
}

comir::similarity2 turned(double log_scale, double angle, comir::point2 shift) {
    return {{log_scale, angle, shift.x, shift.y}, {100.0, 80.0}};
}

template <class T>
double largest_difference(comir::image<T> const& a, comir::image<float> const& b) {
    REQUIRE(a.shape() == b.shape());
    double worst = 0.0;
    for (std::size_t i = 0; i < a.values().size(); ++i)
        worst = std::max(worst, std::abs(static_cast<double>(a.values()[i]) - static_cast<double>(b.values()[i])));
    return worst;
}

template <class To, class From>
comir::image<To> converted(comir::image<From> const& from) {
    comir::image<To> to(from.shape());
    for (std::size_t i = 0; i < to.values().size(); ++i)
        to.values()[i] = static_cast<To>(from.values()[i]);
    return to;
}

}  // namespace

TEST_CASE_TEMPLATE("warp_slide: equals warp of the whole image, rounded", T, std::uint8_t, std::uint16_t, float) {
    temporary_folder const folder;
    auto const image = smooth_image<T>({3, 180, 230});
    comir::slide const moving = slide_of(folder, image, {.colour = true});
    auto const t = turned(0.02, 1.75, {8.0, -5.0});
    for (auto const method :
         {comir::interpolation::nearest, comir::interpolation::linear, comir::interpolation::cubic}) {
        auto const expected = comir::warp(converted<float>(image), t, {1, 150, 190}, {.sampling = {.method = method}});
        comir::warped_slide result{folder / "w.tif", {190, 150}, comir::pixel_size{0.5, 0.5, "OME-XML"}};
        result.warp.method = method;
        result.format.tile = 32;
        CHECK(comir::warp_slide(moving, t, result));
        comir::slide const read = comir::open_slide(folder / "w.tif");
        CHECK(read.info().size == result.pixel);
        CHECK(read.info().colour);
        // Half of the last digit, and rounding of positions: a nearest pixel may change at the border of two.
        double const tolerance = method == comir::interpolation::nearest ? 12.0 : std::is_integral_v<T> ? 0.51 : 1e-3;
        CHECK(largest_difference(std::get<comir::image<T>>(read.read_level(0)), expected) <= tolerance);
        // Cut into the smallest parts, the same bits.
        auto small = result.warp;
        small.max_bytes = 1;
        small.level = 0;
        comir::region const part{70, 31, 40, 23};
        CHECK(equal_images(comir::warp_region<T>(moving, t, part, small),
                           comir::crop(std::get<comir::image<T>>(read.read_level(0)), part)));
    }
}

TEST_CASE("warp_slide: a map that is no transform, and threads") {
    temporary_folder const folder;
    auto const image = smooth_image<std::uint8_t>({1, 180, 230});
    comir::slide const moving = slide_of(folder, image);
    auto const bend = [](comir::point2 p) {
        return comir::point2{p.x + 6.0 * std::sin(0.05 * p.y) + 10.0, p.y + 4.0 * std::sin(0.04 * p.x) + 7.0};
    };
    comir::warped_slide result{
        folder / "1.tif", {200, 160}, {}, {.method = comir::interpolation::linear}, {.tile = 16}};
    result.format.threads = 1;
    comir::warp_slide(moving, bend, result);
    result.path = folder / "2.tif";
    result.format.threads = 2;
    comir::warp_slide(moving, bend, result);
    CHECK(read_all(folder / "1.tif") == read_all(folder / "2.tif"));
    auto const warped = std::get<0>(comir::open_slide(folder / "1.tif").read_level(0));
    comir::image<float> const source = converted<float>(image);
    for (std::size_t y = 0; y < 160; y += 7)
        for (std::size_t x = 0; x < 200; x += 5) {
            float value = 0.0f;
            comir::sample(source, bend({static_cast<double>(x), static_cast<double>(y)}), std::span(&value, 1));
            CHECK(std::abs(static_cast<float>(warped(0, y, x)) - value) <= 0.51f);
        }
}

TEST_CASE("warp_slide: a coarser result is read from a smaller level") {
    temporary_folder const folder;
    auto const image = smooth_image<std::uint16_t>({1, 256, 256});
    comir::slide const moving = slide_of(folder, image);
    REQUIRE(moving.info().levels.size() == 3);
    comir::similarity2 const quarter{{std::log(4.0), 0.0, 1.5, 1.5}, {}};  // pixel 0 covers pixels 0 to 3
    comir::warped_slide const result{folder / "w.tif", {64, 64}, {}, {.method = comir::interpolation::linear}};
    comir::warp_slide(moving, quarter, result);
    CHECK(equal_images(comir::open_slide(folder / "w.tif").read_level(0),
                       std::get<comir::image<std::uint16_t>>(moving.read_level(2))));
    // The scale is that at the region: this map shrinks on its right half only.
    auto const bend = [](comir::point2 p) {
        return comir::point2{p.x < 32.0 ? p.x : 4.0 * p.x - 96.0 + 1.5, 4.0 * p.y + 1.5};
    };
    auto const right = comir::warp_region<std::uint16_t>(moving, bend, {40, 8, 8, 8}, {comir::interpolation::linear});
    CHECK(equal_images(right, comir::crop(std::get<comir::image<std::uint16_t>>(moving.read_level(2)), {16, 8, 8, 8})));
}

TEST_CASE("warp_slide: no-data, opacity and what is not a number are mixed into nothing") {
    temporary_folder const folder;
    comir::image<float> image({1, 80, 80}, 5.0f);
    for (std::size_t y = 20; y < 40; ++y)
        for (std::size_t x = 20; x < 40; ++x)
            image(0, y, x) = -9999.0f;
    auto const t = turned(0.0, 0.4, {3.3, 1.2});
    comir::warped_slide result{folder / "w.tif", {100, 100}};
    comir::warp_slide(slide_of(folder, image, {.nodata = -9999.0}), t, result);
    std::size_t hidden = 0, mixed = 0;
    auto const warped = std::get<comir::image<float>>(comir::open_slide(folder / "w.tif").read_level(0));
    for (float const v : warped.values()) {
        mixed += v != -9999.0f && std::abs(v - 5.0f) >= 1e-4f;
        hidden += v == -9999.0f;
    }
    CHECK((hidden > 400 && hidden < warped.values().size()));

    for (float& v : image.values())
        v = v == -9999.0f ? std::numeric_limits<float>::quiet_NaN() : v;
    comir::warp_slide(slide_of(folder, image), t, result);
    std::size_t unknown = 0, outside = 0;
    auto const floats = std::get<comir::image<float>>(comir::open_slide(folder / "w.tif").read_level(0));
    for (float const v : floats.values()) {
        mixed += v != 0.0f && std::abs(v - 5.0f) >= 1e-4f;
        unknown += std::isnan(v);
        outside += v == 0.0f;
    }
    CHECK(mixed == 0);
    CHECK(unknown > 400);
    CHECK(unknown + outside == hidden);

    comir::image<std::uint8_t> clear({4, 80, 80}, 200);
    for (std::size_t i = 0; i < 2000; ++i) {
        clear.channel(3)[i] = 0;
        clear.channel(0)[i] = 7;
    }
    result.warp.fill = 9.0;
    comir::warp_slide(slide_of(folder, clear, {.colour = true, .alpha = true}), t, result);
    auto const rgba = std::get<0>(comir::open_slide(folder / "w.tif").read_level(0));
    for (std::size_t i = 0; i < 10000; ++i)
        mixed += rgba.channel(0)[i] != (rgba.channel(3)[i] == 0 ? 9 : 200);
    CHECK(mixed == 0);
}

TEST_CASE("warp_slide: stopped, of nothing and with a wrong fill it leaves no file") {
    temporary_folder const folder;
    comir::slide const moving = slide_of(folder, smooth_image<std::uint8_t>({1, 80, 80}));
    auto const t = turned(0.0, 0.0, {});
    comir::warped_slide result{folder / "w.tif", {400, 400}, {}, {}, {.tile = 16}};
    int calls = 0;
    result.on_progress = [&](double share) { return share > 0.0 && ++calls < 2; };
    CHECK_FALSE(comir::warp_slide(moving, t, result));
    CHECK(calls == 2);
    result.on_progress = {};
    result.warp.fill = 256.0;
    CHECK(message([&] { comir::warp_slide(moving, t, result); }).find("the fill value 256") != std::string::npos);
    result.warp.fill = {};
    result.warp.level = 3;
    CHECK(message([&] { comir::warp_slide(moving, t, result); }).find("level 3 was asked for") != std::string::npos);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}
