#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/io/masked_image_file.hpp>

#include "support/message.hpp"
#include "support/temporary_folder.hpp"

namespace {

constexpr std::size_t side = 64;

template <class T>
comir::image<T> grain(std::size_t channels, double low, double high) {
    comir::random_stream random(3);
    comir::image<T> result({channels, side, side});
    for (T& v : result.values())
        v = static_cast<T>(random.uniform(low, high));
    return result;
}

/// Sets all channels of the first `columns` columns.
template <class T>
void set_left(comir::image<T>& image, std::size_t columns, T value, std::size_t from_channel = 0) {
    for (std::size_t c = from_channel; c < image.channels(); ++c)
        for (std::size_t y = 0; y < side; ++y)
            std::fill_n(image.row(c, y), columns, value);
}

/// The number of columns from the left that a mask leaves out; -1 if it leaves out anything else.
int masked_columns(comir::image_mask const& mask) {
    if (mask.empty())
        return 0;
    int columns = 0;
    while (columns < static_cast<int>(side) && mask(0, 0, static_cast<std::size_t>(columns)) == 0)
        ++columns;
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x)
            if ((mask(0, y, x) == 0) != (static_cast<int>(x) < columns))
                return -1;
    return columns;
}

}  // namespace

TEST_CASE("read_masked_image: the value for no data is the file's, another one, or none") {
    temporary_folder const folder;
    auto pixels = grain<float>(2, 10.0, 20.0);
    set_left(pixels, 10, -9999.0f);
    comir::write_image(folder / "i.tif", comir::stored_image{.pixels = pixels, .nodata = -9999.0});
    auto const own = comir::read_masked_image(folder / "i.tif");
    CHECK(masked_columns(own.mask) == 10);
    CHECK(comir::describe_masked(own) == "15.6 % no data (-9999)");
    CHECK(comir::found_share(own) == 10.0 / 64.0);
    CHECK(own.parts[0].pixels == 640);
    auto const [low, high] = std::ranges::minmax(own.values.values());
    CHECK((low >= 10.0f && high <= 20.0f));  // -9999 does not rule the range
    CHECK(own.values(0, 0, 20) == pixels(0, 0, 20));
    CHECK(comir::read_masked_image(folder / "i.tif", {.nodata = 15.0, .borders = false}).mask.empty());
    CHECK(comir::read_masked_image(folder / "i.tif", {.declared_nodata = false, .borders = false}).mask.empty());
    // Where it is not declared, it is a border, grown by what resampling may have mixed.
    auto const border = comir::read_masked_image(folder / "i.tif", {.declared_nodata = false});
    CHECK(masked_columns(border.mask) == 12);
    CHECK(comir::describe_masked(border) == "18.8 % border of colour -9999");
    set_left(pixels, 10, 3.0f, 1);  // one channel is not enough
    comir::write_image(folder / "i.tif", comir::stored_image{.pixels = pixels, .nodata = -9999.0});
    CHECK(masked_columns(comir::read_masked_image(folder / "i.tif", {.borders = false}).mask) == 0);
}

TEST_CASE("read_masked_image: transparent pixels, and those that are not finite, do not count") {
    temporary_folder const folder;
    auto colours = grain<std::uint8_t>(4, 1.0, 255.0);
    set_left<std::uint8_t>(colours, 7, 0, 3);
    comir::write_image(folder / "i.png", colours);
    comir::write_image(folder / "i.tif", comir::stored_image{.pixels = colours, .alpha = true});
    for (char const* name : {"i.png", "i.tif"}) {
        auto const read = comir::read_masked_image(folder / name);
        CHECK(read.values.channels() == 3);
        CHECK(masked_columns(read.mask) == 7);
        CHECK(comir::describe_masked(read) == "10.9 % transparent");
    }
    auto floats = grain<float>(2, 0.0, 1.0);
    floats(1, 0, 0) = std::numeric_limits<float>::quiet_NaN();
    floats(0, 0, 0) = 1000.0f;
    comir::write_image(folder / "f.tif", floats);
    auto const read = comir::read_masked_image(folder / "f.tif");
    CHECK(std::ranges::count(read.mask.values(), 0) == 1);
    CHECK(comir::describe_masked(read) == "0.024 % not finite (1 pixel)");
    CHECK((read.values(1, 0, 0) < 1.0f && read.values(0, 0, 0) < 1.0f));
    CHECK(comir::read_masked_image(folder / "i.png", {.mask = folder / "i.png"}).values.channels() == 3);
}

TEST_CASE("read_masked_image: borders are looked for where no mask is given; a mask is combined with no data") {
    temporary_folder const folder;
    auto pixels = grain<std::uint16_t>(1, 1.0, 65535.0);
    set_left<std::uint16_t>(pixels, 8, 0);
    comir::write_image(folder / "i.tif", pixels);
    auto const found = comir::read_masked_image(folder / "i.tif");
    CHECK(masked_columns(found.mask) == 10);
    CHECK(comir::describe_masked(found) == "15.6 % border of colour 0");
    CHECK(comir::read_masked_image(folder / "i.tif", {.borders = false}).mask.empty());
    comir::image<std::uint8_t> drawn({1, side, side}, 255);
    set_left<std::uint8_t>(drawn, 3, 0);
    comir::write_image(folder / "m.png", drawn);
    auto const given = comir::read_masked_image(folder / "i.tif", {.mask = folder / "m.png"});
    CHECK(masked_columns(given.mask) == 3);
    CHECK(given.parts.empty());
    CHECK(given.values(0, 0, 0) == 0.0f);  // what a mask leaves out stays as it is
    CHECK(masked_columns(comir::read_masked_image(folder / "i.tif", {.mask = folder / "m.png", .nodata = 0.0}).mask) ==
          8);
    auto floats = grain<float>(1, 0.0, 1.0);
    set_left(floats, 8, -1e30f);
    comir::write_image(folder / "f.tif", floats);
    CHECK(masked_columns(comir::read_masked_image(folder / "f.tif", {.mask = folder / "m.png"}).mask) == 10);
}

TEST_CASE("read_masked_image: masks of another size and images without a pixel that counts are refused") {
    temporary_folder const folder;
    comir::write_image(folder / "i.png", grain<std::uint8_t>(1, 0.0, 255.0));
    comir::write_image(folder / "m.png", comir::image<std::uint8_t>({1, 2, 3}));
    std::string const image = (folder / "i.png").string(), mask = (folder / "m.png").string();
    CHECK(message([&] { comir::read_masked_image(image, {.mask = mask}); }) ==
          "comir::read_masked_image: " + mask + ": the mask is 3 x 2 px, its image " + image +
              " 64 x 64 px; expected the same size");
    comir::write_image(folder / "m.png", comir::image<std::uint8_t>({1, side, side}));
    CHECK(message([&] { comir::read_masked_image(image, {.mask = mask}); }) ==
          "comir::read_masked_image: " + image +
              ": no pixel counts: 0 in the mask; expected at least one; check the value for no data and the "
              "mask");
    comir::write_image(folder / "i.png", comir::image<std::uint8_t>({1, side, side}, 5));
    CHECK(
        message([&] { comir::read_masked_image(image, {.nodata = 5.0}); }) ==
        "comir::read_masked_image: " + image +
            ": no pixel counts: 100.0 % no data (5); expected at least one; check the value for no data and the mask");
    CHECK_THROWS_AS(comir::read_masked_image(folder / "none.png"), comir::error);
}
