#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/convert.hpp>
#include <comir/io/slide/slide.hpp>
#include <comir/io/slide/slide_writer.hpp>
#include <comir/io/slide/tile_blocks.hpp>

#include "io/slide/slide_files.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"

namespace {

template <class T>
comir::slide_tile<T> tile_of(comir::image<T> const& image, std::size_t side, comir::tile_place at) {
    std::size_t const x = at.across * side, y = at.down * side;
    return {at.across, at.down,
            comir::crop(image, {x, y, std::min(side, image.width() - x), std::min(side, image.height() - y)})};
}

/// Writes an image in blocks of tiles, or tile by tile in a random order.
template <class T>
void write_slide(std::filesystem::path const& path, comir::image<T> const& image, comir::slide_content content,
                 comir::slide_format const& format, std::optional<unsigned> shuffle = {}) {
    content.shape = image.shape();
    comir::slide_writer<T> writer(path, content, format);
    std::vector<comir::tile_place> places;
    comir::for_each_tile_block({writer.tiles_across(), writer.tiles_down(), 2},
                               [&](auto const& block) { places.insert(places.end(), block.begin(), block.end()); });
    if (shuffle)
        std::shuffle(places.begin(), places.end(), std::mt19937(*shuffle));
    for (std::size_t i = 0; i < places.size(); i += 3) {
        std::vector<comir::slide_tile<T>> tiles;
        for (std::size_t k = i; k < std::min(i + 3, places.size()); ++k)
            tiles.push_back(tile_of(image, writer.tile(), places[k]));
        writer.write(std::move(tiles));
    }
    writer.commit();
}

/// The mean of 2 x 2, one pixel after another.
template <class T>
comir::image<T> half_size(comir::image<T> const& from) {
    comir::image<T> result({from.channels(), from.height() / 2, from.width() / 2});
    for (std::size_t c = 0; c < result.channels(); ++c)
        for (std::size_t y = 0; y < result.height(); ++y)
            for (std::size_t x = 0; x < result.width(); ++x) {
                double sum = 0.0;
                for (std::size_t i = 0; i < 4; ++i)
                    sum += static_cast<double>(from(c, 2 * y + i / 2, 2 * x + i % 2));
                result(c, y, x) = static_cast<T>(std::is_integral_v<T> ? std::floor(sum / 4.0 + 0.5) : sum / 4.0);
            }
    return result;
}

template <class T>
void check_levels(std::filesystem::path const& path, comir::image<T> image, std::size_t levels) {
    comir::slide const slide = comir::open_slide(path);
    REQUIRE(slide.info().levels.size() == levels);
    for (std::size_t level = 0; level < levels; ++level) {
        CAPTURE(level);
        CHECK(equal_images(slide.read_level(level), image));
        image = half_size(image);
    }
}

}  // namespace

TEST_CASE_TEMPLATE("slide_writer: every level reads back as the means of the one before", T, std::uint8_t,
                   std::uint16_t, float) {
    temporary_folder const folder;
    comir::pixel_size const size{0.5, 0.25, "OME-XML"};
    std::size_t round = 0;  // each file takes a moment to reach the disk, so not all with all
    for (auto const compression :
         {comir::slide_compression::none, comir::slide_compression::deflate, comir::slide_compression::zstd})
        for (auto const pyramid :
             {comir::slide_pyramid::subifd, comir::slide_pyramid::pages, comir::slide_pyramid::none}) {
            std::size_t const channels = std::array{1u, 3u, 5u}[(round + round / 3) % 3];
            auto const layout = round++ % 2 == 0 ? comir::slide_layout::tiles : comir::slide_layout::strips;
            CAPTURE(channels);
            auto const image = noise_image<T>({channels, 141, 211}, 3);
            comir::slide_content content{.colour = channels == 3, .size = size};
            if (channels == 5)
                content.channel_names = {"DAPI", "", "a & b", "CD3", "CD8"};
            write_slide(folder / "s.ome.tif", image, content,
                        {.compression = compression, .tile = 32, .pyramid = pyramid, .layout = layout});
            check_levels(folder / "s.ome.tif", image, pyramid == comir::slide_pyramid::none ? 1 : 4);
            auto const slide = comir::open_slide(folder / "s.ome.tif");
            CHECK(slide.info().size == size);
            CHECK(slide.info().colour == (channels == 3));
            CHECK(slide.info().channel_names == content.channel_names);
            CHECK(slide.info().notes.empty());
            auto const stored = comir::read_stored_image(folder / "s.ome.tif");
            CHECK(std::visit([](auto const& held) { return held.spacing[0]; }, stored.pixels) ==
                  doctest::Approx(0.0005));
        }
}

TEST_CASE("slide_writer: the order of the tiles and the number of threads change nothing in the pixels") {
    temporary_folder const folder;
    auto const image = noise_image<std::uint8_t>({3, 150, 333}, 4);
    for (unsigned seed = 0; seed < 2; ++seed) {
        write_slide(folder / "s.tif", image, {.colour = true}, {.tile = 16, .threads = 1}, seed);
        check_levels(folder / "s.tif", image, 4);
    }
    for (auto const compression : {comir::slide_compression::jpeg, comir::slide_compression::deflate}) {
        write_slide(folder / "1.tif", image, {.colour = true}, {.compression = compression, .tile = 32, .threads = 1});
        write_slide(folder / "2.tif", image, {.colour = true}, {.compression = compression, .tile = 32, .threads = 2});
        CHECK(read_all(folder / "1.tif") == read_all(folder / "2.tif"));
    }
}

TEST_CASE("slide_writer: JPEG keeps colours, also in the last row and column") {
    temporary_folder const folder;
    comir::image<std::uint8_t> image({3, 99, 135});
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t y = 0; y < 99; ++y)
            for (std::size_t x = 0; x < 135; ++x)
                image(c, y, x) = static_cast<std::uint8_t>(30 + 50 * c + x / 2 + y / 3);
    for (int const quality : {75, 95})
        for (auto const layout : {comir::slide_layout::tiles, comir::slide_layout::strips}) {
            write_slide(
                folder / "j.tif", image, {.colour = true},
                {.compression = comir::slide_compression::jpeg, .quality = quality, .tile = 64, .layout = layout});
            auto const read = std::get<0>(comir::open_slide(folder / "j.tif").read_level(0));
            int worst = 0;
            for (std::size_t i = 0; i < image.values().size(); ++i)
                worst = std::max(worst, std::abs(int{image.values()[i]} - int{read.values()[i]}));
            CHECK(worst <= 6);  // zeros beyond the edge put them 40 off
        }
    auto const grey = comir::select_channels(image, {1});
    write_slide(folder / "g.tif", grey, {}, {.compression = comir::slide_compression::jpeg, .quality = 95});
    CHECK(comir::open_slide(folder / "g.tif").info().channels == 1);
}

TEST_CASE("slide_writer: levels no smaller than their tile, of long images too") {
    temporary_folder const folder;
    auto const image = noise_image<std::uint8_t>({1, 40, 900}, 8);
    write_slide(folder / "l.tif", image, {}, {.tile = 64});
    check_levels(folder / "l.tif", image, 2);
    auto const slide = comir::open_slide(folder / "l.tif");
    for (comir::slide_level const& level : slide.info().levels)
        CHECK((level.tile.w <= level.size.w && level.tile.h <= level.size.h));
}

TEST_CASE("slide_writer: no-data stays out of the means, opacity and small images are kept") {
    temporary_folder const folder;
    auto image = noise_image<float>({1, 64, 64}, 9);
    for (std::size_t x = 0; x < 33; ++x)
        image(0, 0, x) = image(0, 1, x) = -9999.0f;
    image(0, 3, 3) = -9999.0f;
    write_slide(folder / "n.tif", image, {.nodata = -9999.0}, {.tile = 32});
    auto const slide = comir::open_slide(folder / "n.tif");
    CHECK(slide.info().nodata == -9999.0);
    auto const level = std::get<comir::image<float>>(slide.read_level(1));
    CHECK(level(0, 0, 15) == -9999.0f);
    CHECK(level(0, 0, 16) == doctest::Approx((image(0, 0, 33) + image(0, 1, 33)) / 2.0));
    CHECK(level(0, 1, 1) == doctest::Approx((image(0, 2, 2) + image(0, 2, 3) + image(0, 3, 2)) / 3.0));

    auto const rgba = noise_image<std::uint8_t>({4, 50, 40}, 1);
    write_slide(folder / "a.tif", rgba, {.colour = true, .alpha = true}, {.tile = 16});
    CHECK(comir::open_slide(folder / "a.tif").info().alpha);
    CHECK(comir::read_stored_image(folder / "a.tif").alpha);
    auto const dot = noise_image<std::uint16_t>({2, 1, 3}, 2);
    write_slide(folder / "d.tif", dot, {}, {});
    check_levels(folder / "d.tif", dot, 1);
}

TEST_CASE("slide_writer: what cannot be written is told, and leaves nothing") {
    temporary_folder const folder;
    auto const refused = [&](comir::slide_content const& content, comir::slide_format const& format, char const* why) {
        CHECK(message([&] { comir::slide_writer<std::uint16_t>(folder / "w.tif", content, format); }).find(why) !=
              std::string::npos);
    };
    refused({.shape = {1, 0, 4}}, {}, "expected at least one pixel");
    refused({.shape = {2, 4, 4}, .colour = true}, {}, "the image is RGB and has 2 channels");
    refused({.shape = {1, 4, 4}}, {.tile = 100}, "expected a power of two");
    refused({.shape = {1, 4, 4}}, {.compression = comir::slide_compression::jpeg}, "JPEG holds 8 bits");
    refused({.shape = {2, 4, 4}, .channel_names = {"one"}}, {}, "1 names of channels");
    refused({.shape = {1, 4, 4}}, {.quality = 0}, "the quality is 0");
    {
        comir::slide_writer<std::uint8_t> writer(folder / "w.tif", {.shape = {1, 40, 40}}, {.tile = 32});
        auto const image = noise_image<std::uint8_t>({1, 40, 40}, 1);
        writer.write({tile_of(image, 32, {0, 0})});
        CHECK(message([&] { writer.write({tile_of(image, 32, {0, 0})}); }).find("given twice") != std::string::npos);
        CHECK(message([&] { writer.write({{1, 0, image}}); }).find("expected 1 x 32 x 8") != std::string::npos);
        CHECK(message([&] { writer.write({{2, 0, image}}); }).find("there is no tile (2, 0)") != std::string::npos);
        CHECK(message([&] { writer.commit(); }).find("3 of 4 tiles were not given") != std::string::npos);
    }
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("slide_writer: BigTIFF where 4 GiB may not do") {
    for (std::size_t const side : {1000u, 40000u}) {
        temporary_folder const folder;
        comir::slide_writer<std::uint8_t> const writer(folder / "b.tif", {.shape = {3, side, side}, .colour = true});
        std::string start;
        for (auto const& file : std::filesystem::directory_iterator(folder.path()))
            start = read_all(file.path()).substr(0, 3);  // under its temporary name
        CHECK(start == (side > 1000 ? "II+" : "II*"));
    }
}

TEST_CASE("for_each_tile_block: each tile once, neighbours together") {
    for (comir::slide_tile_grid const grid : {comir::slide_tile_grid{1, 1}, {13, 5, 4}, {3, 100, 2}, {50000, 1, 8}}) {
        std::size_t count = 0, largest = 0, again = 0;
        std::vector<bool> seen(grid.across * grid.down);
        comir::for_each_tile_block(grid, [&](std::vector<comir::tile_place> const& tiles) {
            largest = std::max(largest, tiles.size());
            for (auto const& t : tiles) {
                again += seen[t.down * grid.across + t.across];
                seen[t.down * grid.across + t.across] = true;
                ++count;
            }
        });
        CHECK(again == 0);
        CHECK(count == grid.across * grid.down);
        CHECK(largest <= grid.block * grid.block);
    }
}
