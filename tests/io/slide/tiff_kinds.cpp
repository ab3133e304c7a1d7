#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/image_file.hpp>

#include "io/slide/slide_files.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"

namespace {

/// Numbers of `bits` bits after one another, rows beginning with a byte.
std::vector<unsigned char> packed(std::vector<unsigned> const& values, std::size_t width, unsigned bits) {
    std::vector<unsigned char> bytes;
    for (std::size_t i = 0; i < values.size(); i += width) {
        std::vector<bool> row;
        for (std::size_t x = 0; x < width; ++x)
            for (unsigned b = bits; b-- > 0;)
                row.push_back(((values[i + x] >> b) & 1u) != 0);
        row.resize((row.size() + 7) / 8 * 8);
        for (std::size_t b = 0; b < row.size(); b += 8) {
            unsigned byte = 0;
            for (std::size_t k = 0; k < 8; ++k)
                byte = 2 * byte + row[b + k];
            bytes.push_back(static_cast<unsigned char>(byte));
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("read_image: TIFF's 1 to 14 bits, black or white as 0") {
    temporary_folder const folder;
    for (unsigned const bits : {1u, 2u, 4u, 10u, 12u, 14u})
        for (bool const white : {false, true}) {
            CAPTURE(bits);
            CAPTURE(white);
            unsigned const most = (1u << bits) - 1u;
            std::vector<unsigned> values;
            for (unsigned i = 0; i < 7 * 3; ++i)
                values.push_back(i == 0 ? most : (i * 2654435761u >> 7) & most);
            raw_page page{.width = 7, .height = 3, .bits = static_cast<std::uint16_t>(bits)};
            page.photometric = white ? PHOTOMETRIC_MINISWHITE : PHOTOMETRIC_MINISBLACK;
            page.bytes = packed(values, 7, bits);
            auto const read = comir::read_image(write_pages(folder / "p.tif", {page}));
            std::visit(
                [&]<class T>(comir::image<T> const& image) {
                    CHECK(std::is_same_v<T, std::uint8_t> == (bits <= 4));
                    for (std::size_t i = 0; i < values.size(); ++i) {
                        unsigned const value = white ? most - values[i] : values[i];
                        CHECK(static_cast<double>(image.values()[i]) == (bits <= 4 ? value * 255 / most : value));
                    }
                },
                read);
        }
}

TEST_CASE("read_image: TIFF's half floats") {
    temporary_folder const folder;
    std::vector<std::uint16_t> const halves{0x3c00, 0xc000, 0x7bff, 0x0001, 0x83ff,
                                            0x7c00, 0xfc00, 0x7e00, 0x8000, 0x3555};
    raw_page page{.width = 5, .height = 2, .bits = 16, .format = SAMPLEFORMAT_IEEEFP};
    for (std::uint16_t const h : halves) {
        page.bytes.push_back(static_cast<unsigned char>(h & 255));
        page.bytes.push_back(static_cast<unsigned char>(h >> 8));
    }
    auto const image = std::get<comir::image<float>>(comir::read_image(write_pages(folder / "h.tif", {page})));
    float const infinity = std::numeric_limits<float>::infinity();
    std::vector<float> const expected{1.0f, -2.0f, 65504.0f, 0x1p-24f, -1023.0f * 0x1p-24f, infinity, -infinity};
    for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(image.values()[i] == expected[i]);
    CHECK(std::isnan(image.values()[7]));
    CHECK((image.values()[8] == 0.0f && std::signbit(image.values()[8])));
    CHECK(image.values()[9] == 0x555 * 0x1p-12f);
}

TEST_CASE("read_image: TIFF's palettes of 1, 4 and 8 bits become colours") {
    temporary_folder const folder;
    for (unsigned const bits : {1u, 4u, 8u}) {
        CAPTURE(bits);
        std::vector<unsigned> values;
        for (unsigned i = 0; i < 9 * 2; ++i)
            values.push_back((i * 7 + i / 3) & ((1u << bits) - 1u));
        raw_page page{.width = 9, .height = 2, .bits = static_cast<std::uint16_t>(bits)};
        page.photometric = PHOTOMETRIC_PALETTE;
        page.bytes = packed(values, 9, bits);
        std::array<std::vector<std::uint16_t>, 3> map;
        for (unsigned c = 0; c < 3; ++c)
            for (unsigned i = 0; i < (1u << bits); ++i)
                map[c].push_back(
                    static_cast<std::uint16_t>(((i * (31 + 2 * c) + 20 * c) % 256) * (c == 1 ? 257 : 256)));
        page.tags = [&](TIFF* f) { TIFFSetField(f, TIFFTAG_COLORMAP, map[0].data(), map[1].data(), map[2].data()); };
        auto const image =
            std::get<comir::image<std::uint8_t>>(comir::read_image(write_pages(folder / "c.tif", {page})));
        REQUIRE(image.shape() == comir::image_shape{3, 2, 9});
        for (std::size_t c = 0; c < 3; ++c)
            for (std::size_t i = 0; i < values.size(); ++i)
                CHECK(image.channel(c)[i] == (values[i] * (31 + 2 * c) + 20 * c) % 256);
    }
}

TEST_CASE("read_image: TIFF's JPEG in YCbCr is read as RGB, CMYK is refused by name") {
    temporary_folder const folder;
    raw_page page{.width = 32, .height = 32, .samples = 3, .photometric = PHOTOMETRIC_YCBCR};
    for (int i = 0; i < 32 * 32; ++i)
        page.bytes.insert(page.bytes.end(), {200, 40, 90});
    page.tags = [](TIFF* f) {
        TIFFSetField(f, TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
        TIFFSetField(f, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        TIFFSetField(f, TIFFTAG_JPEGQUALITY, 95);
    };
    auto const image = std::get<comir::image<std::uint8_t>>(comir::read_image(write_pages(folder / "j.tif", {page})));
    REQUIRE(image.shape() == comir::image_shape{3, 32, 32});
    for (std::size_t c = 0; c < 3; ++c)
        for (std::uint8_t const v : image.channel(c))
            CHECK(std::abs(v - std::array{200, 40, 90}[c]) <= 2);  // rounding of the colours, and of one coefficient

    raw_page cmyk{.width = 2, .height = 1, .samples = 4, .photometric = PHOTOMETRIC_SEPARATED};
    cmyk.bytes.assign(8, 100);
    auto const path = write_pages(folder / "k.tif", {cmyk});
    CHECK(message([&] { comir::read_image(path); }).find("CMYK inks") != std::string::npos);
}

TEST_CASE("read_stored_image: an orientation is told, a stated unit makes a pixel size") {
    temporary_folder const folder;
    raw_page page = ramp_page(4, 3);
    page.tags = [](TIFF* f) {
        TIFFSetField(f, TIFFTAG_ORIENTATION, ORIENTATION_BOTLEFT);
        TIFFSetField(f, TIFFTAG_XRESOLUTION, 20000.0);
        TIFFSetField(f, TIFFTAG_YRESOLUTION, 40000.0);
    };
    auto const silent = comir::read_stored_image(write_pages(folder / "o.tif", {page}));
    REQUIRE(silent.notes.size() == 1);
    CHECK(silent.notes[0].find("orientation tag is 4") != std::string::npos);
    CHECK_FALSE(silent.size.has_value());  // TIFF's default inch is not taken, as ITK does not
    CHECK(std::get<0>(silent.pixels).spacing[0] == 1.0);
    auto const tags = page.tags;
    page.tags = [&](TIFF* f) {
        tags(f);
        TIFFSetField(f, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
    };
    auto const stated = comir::read_stored_image(write_pages(folder / "o.tif", {page}));
    REQUIRE(stated.size.has_value());
    CHECK(stated.size->x == doctest::Approx(0.5));
    CHECK(stated.size->y == doctest::Approx(0.25));
    CHECK(std::get<0>(stated.pixels).spacing[0] == doctest::Approx(0.0005));
}

TEST_CASE("read_image: what TIFF loses of a resolution is no difference") {
    temporary_folder const folder;
    auto const spacing = [&](float x, float y) {
        raw_page page = ramp_page(4, 3);
        page.tags = [=](TIFF* f) {
            TIFFSetField(f, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
            TIFFSetField(f, TIFFTAG_XRESOLUTION, static_cast<double>(x));
            TIFFSetField(f, TIFFTAG_YRESOLUTION, static_cast<double>(y));
        };
        return std::get<0>(comir::read_image(write_pages(folder / "r.tif", {page}))).spacing;
    };
    CHECK(spacing(9.99999f, 10.00003f) == std::array<double, 2>{1.0, 1.0});
    auto const square = spacing(30769.2f, 30769.3f), oblong = spacing(30769.2f, 30770.0f);
    CHECK(square[0] == square[1]);
    CHECK(oblong[0] != oblong[1]);
}

TEST_CASE("read_stored_image: PNG keeps the pixel size in sCAL, as ITK has it") {
    temporary_folder const folder;
    comir::image<std::uint8_t> image({1, 2, 3});
    comir::write_image(folder / "plain.png", image);
    CHECK_FALSE(comir::read_stored_image(folder / "plain.png").size.has_value());
    image.spacing = {0.000325123456789, 1.0 / 3.0};
    comir::write_image(folder / "sized.png", image);
    auto const read = comir::read_stored_image(folder / "sized.png");
    CHECK(std::get<0>(read.pixels).spacing == image.spacing);
    REQUIRE(read.size.has_value());
    CHECK(read.size->x == doctest::Approx(0.325123456789));
    CHECK(read.size->source == "sCAL");
    comir::image<std::uint16_t> deep({4, 5, 2});
    deep.spacing = {2.0, 3.0};
    comir::write_image(folder / "deep.png", deep);
    CHECK(std::get<1>(comir::read_image(folder / "deep.png")).spacing == deep.spacing);
}

TEST_CASE("write_image: TIFF's channels are marked as RGB, which ITK reads whole, but grey and its opacity are not") {
    temporary_folder const folder;
    auto const photometric = [&](std::size_t channels, bool alpha) {
        comir::stored_image image{comir::image<std::uint8_t>({channels, 2, 3}), alpha};
        comir::write_image(folder / "c.tif", image);
        CHECK(comir::read_stored_image(folder / "c.tif").alpha == alpha);
        TIFF* const file = TIFFOpen((folder / "c.tif").c_str(), "r");
        std::uint16_t value = 99, extra = 0, *kinds = nullptr;
        TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &value);
        TIFFGetField(file, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
        TIFFClose(file);
        CHECK(extra == (value == PHOTOMETRIC_RGB ? std::max<std::size_t>(channels, 3) - 3 : channels - 1));
        return value;
    };
    CHECK(photometric(1, false) == PHOTOMETRIC_MINISBLACK);
    CHECK(photometric(2, true) == PHOTOMETRIC_MINISBLACK);
    for (std::size_t const channels : {2u, 3u, 4u, 5u, 6u})
        CHECK(photometric(channels, false) == PHOTOMETRIC_RGB);
    CHECK(photometric(4, true) == PHOTOMETRIC_RGB);
}
