#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include <comir/image/warp.hpp>
#include <comir/io/slide/slide_writer.hpp>
#include <comir/slides/register_slides.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/similarity.hpp>

#include "support/corner_error.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/textured_pair.hpp"

namespace {

/// Coarse structures for the overview and fine ones for the pixels.
comir::image<float> scene(std::size_t side) {
    comir::image<float> const coarse = texture({1, side / 8 + 2, side / 8 + 2}, 5, {.sigma = 4.0, .gain = 6.0f});
    comir::image<float> out = texture({1, side, side}, 6, {.sigma = 2.0, .gain = 3.0f});
    comir::image<float> const large =
        comir::warp(coarse, comir::affine2{{0.125, 0.0, 0.0, 0.125, 0.0, 0.0}, {}}, out.shape(), {});
    for (std::size_t i = 0; i < out.values().size(); ++i)
        out.values()[i] = 0.3f * out.values()[i] + 0.7f * large.values()[i];
    return out;
}

template <class T>
void write_slide(std::filesystem::path const& path, comir::image<T> const& image, comir::slide_content content,
                 comir::slide_format format = {.tile = 128}) {
    content.shape = image.shape();
    comir::slide_writer<T> writer(path, content, format);
    std::size_t const tile = writer.tile();
    for (std::size_t down = 0; down < writer.tiles_down(); ++down)
        for (std::size_t across = 0; across < writer.tiles_across(); ++across) {
            std::size_t const x = tile * across, y = tile * down;
            writer.write(
                {{across, down,
                  comir::crop(image, {x, y, std::min(tile, image.width() - x), std::min(tile, image.height() - y)})}});
        }
    writer.commit();
}

comir::image<std::uint8_t> stained(comir::image<float> const& grey) {
    comir::image<std::uint8_t> out({3, grey.height(), grey.width()});
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < grey.values().size(); ++i)
            out.channel(c)[i] = static_cast<std::uint8_t>(
                std::lround(255.0f - static_cast<float>(60 + 70 * c) * std::clamp(grey.values()[i], 0.0f, 1.0f)));
    return out;
}

comir::image<std::uint16_t> fluorescent(comir::image<float> const& grey) {
    comir::image<std::uint16_t> out(grey.shape());
    for (std::size_t i = 0; i < grey.values().size(); ++i)
        out.values()[i] = static_cast<std::uint16_t>(
            std::lround(60000.0f * std::pow(std::clamp(grey.values()[i], 0.0f, 1.0f), 1.5f)));
    return out;
}

struct slide_pair_files {
    temporary_folder folder{};
    comir::affine2 truth{};  // from fixed to moving
    comir::image_shape fixed{1, 1000, 1100};

    explicit slide_pair_files(bool mirrored = false, comir::slide_pyramid pyramid = comir::slide_pyramid::subifd) {
        comir::image<float> const whole = scene(1200);
        comir::image_shape const moving{1, 660, 640};
        comir::point2 const c{549.5, 499.5};
        truth = comir::to_affine(
            comir::similarity2{{std::log(0.5 / 0.83), 1.745, 319.5 + 12.3 - c.x, 329.5 - 7.9 - c.y}, c});
        comir::affine2 shown = truth;
        if (mirrored) {
            comir::affine2 const flip{{-1.0, 0.0, 0.0, 1.0, static_cast<double>(moving.w) - 1.0, 0.0}, {}};
            shown = comir::compose(flip, truth);
        }
        truth = shown;
        comir::image<float> const view = comir::warp(comir::gaussian_blur(whole, 0.6, 1), truth.inverse(), moving, {});
        write_slide(folder / "fixed.tif", stained(comir::crop(whole, {0, 0, fixed.w, fixed.h})),
                    {.colour = true, .size = comir::pixel_size{0.5, 0.5, ""}}, {.tile = 128, .pyramid = pyramid});
        write_slide(folder / "moving.tif", fluorescent(view), {.size = comir::pixel_size{0.83, 0.83, ""}},
                    {.tile = 128, .pyramid = pyramid});
    }
    comir::slide_registration operator()(comir::slide_registration_options options = {}) const {
        options.search.working_pixels = 200 * 200;
        return comir::register_slides(comir::open_slide(folder / "fixed.tif"), comir::open_slide(folder / "moving.tif"),
                                      options);
    }
};

}  // namespace

TEST_CASE("slides of different pixel sizes are registered to their pixels, whatever the threads") {
    slide_pair_files const files;
    std::size_t steps = 0, last = 0;
    comir::slide_registration_options options{.on_progress = [&](std::size_t done, std::size_t) {
        CHECK(done > last);
        last = done;
        return ++steps > 0;
    }};
    options.search.threads = 2;
    auto const found = files(options);
    comir::automatic_result const& r = found.result;
    REQUIRE(found.scale.has_value());
    CHECK(*found.scale == doctest::Approx(0.5 / 0.83));
    CHECK(found.fixed.factor >= 2.0);
    CHECK(r.converged);
    CHECK(r.confidence > 0.9);
    CHECK_FALSE(r.mirrored);
    CHECK(r.kind == comir::transform_kind::similarity);
    CHECK(corner_error(r.transform, files.truth, files.fixed) < 0.6);
    // The coarser image's pixel, in those of the fixed one.
    CHECK(r.residual_step == doctest::Approx(1.66).epsilon(0.05));
    CHECK(r.residuals.size() >= 16);
    CHECK(r.agreeing > 0.9);
    CHECK(steps >= 3);

    comir::slide_registration_options alone;
    alone.search.threads = 1;
    CHECK(comir::to_affine(files(alone).result.transform).parameters == comir::to_affine(r.transform).parameters);
}

TEST_CASE("windows stop at the resolution that is asked for, and where progress says so") {
    slide_pair_files const files;
    auto const coarse = files({.resolution = 1.6});
    CHECK(coarse.result.residual_step * 0.5 >= 1.6 / 1.01);
    CHECK(coarse.result.residual_step * 0.5 < 3.3);
    CHECK(corner_error(coarse.result.transform, files.truth, files.fixed) < 2.0);

    auto const stopped = files({.on_progress = [](std::size_t done, std::size_t) { return done < 3; }});
    CHECK(stopped.result.converged);
    CHECK(stopped.result.residual_step > 3.0);
    CHECK(corner_error(stopped.result.transform, files.truth, files.fixed) < 6.0);
    CHECK_FALSE(files({.on_progress = [](std::size_t, std::size_t) { return false; }}).result.converged);
}

TEST_CASE("a mirrored slide is registered as one, also without smaller levels") {
    slide_pair_files const files(true, comir::slide_pyramid::none);
    auto const found = files();
    CHECK(found.result.mirrored);
    CHECK(found.result.kind == comir::transform_kind::affine);
    CHECK(corner_error(found.result.transform, files.truth, files.fixed) < 0.8);
}

TEST_CASE("a part of a slide is read as means of blocks, without what does not count") {
    temporary_folder const folder;
    comir::image<float> image({2, 70, 90});
    for (std::size_t c = 0; c < 2; ++c)
        for (std::size_t y = 0; y < 70; ++y)
            for (std::size_t x = 0; x < 90; ++x)
                image(c, y, x) = static_cast<float>(1000 * c + 10 * y + x);
    auto const at = [&image](std::size_t y, std::size_t x, float v) { image(0, y, x) = image(1, y, x) = v; };
    at(4, 5, -1.0f);  // one of nine
    for (std::size_t i = 0; i < 6; ++i)
        at(6 + i / 3, 9 + i % 3, -1.0f);  // six of nine
    at(12, 12, std::numeric_limits<float>::quiet_NaN());
    write_slide(folder / "flat.tif", image, {.nodata = -1.0}, {.tile = 16, .pyramid = comir::slide_pyramid::none});
    comir::slide const slide = comir::open_slide(folder / "flat.tif");
    auto const part = comir::detail::read_shrunk(slide, {3, 3, 40, 31}, 3.4, -1.0);
    CHECK(part.factor == 3.0);
    CHECK(part.first.x == 4.0);
    CHECK(part.first.y == 4.0);
    REQUIRE(part.values.shape() == comir::image_shape{2, 10, 13});
    REQUIRE(part.mask.shape() == comir::image_shape{1, 10, 13});
    for (std::size_t y = 0; y < 10; ++y)
        for (std::size_t x = 0; x < 13; ++x) {
            double sum = 0.0, count = 0.0;
            for (std::size_t i = 0; i < 9; ++i)
                if (float const v = image(1, 3 + 3 * y + i / 3, 3 + 3 * x + i % 3); v >= 0.0f) {
                    sum += static_cast<double>(v);
                    count += 1.0;
                }
            CHECK(part.values(1, y, x) == doctest::Approx(sum / count));
            CHECK(part.mask(0, y, x) == (y == 1 && x == 2 ? 0 : 1));
        }
}

TEST_CASE("what cannot be done with slides is said") {
    temporary_folder const folder;
    write_slide(folder / "plain.tif", comir::image<std::uint8_t>({1, 64, 64}, std::uint8_t{7}), {}, {.tile = 64});
    comir::slide const plain = comir::open_slide(folder / "plain.tif");
    CHECK(message([&] {
              comir::register_slides(plain, plain, {.resolution = 1.0});
          }).find("does not say how large its pixels are") != std::string::npos);
    CHECK(message([&] { comir::register_slides(plain, plain, {.resolution = -1.0}); }).find("resolution is -1") !=
          std::string::npos);
    CHECK(message([&] { comir::read_overview(plain, 1.0, {.mask = "mask.png"}); }).find("expected none") !=
          std::string::npos);
    CHECK(message([&] { comir::read_overview(plain, 0.5); }).find("factor is 0.5") != std::string::npos);
}
