#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <tiffio.h>

#include <comir/io/image_file.hpp>

#include "support/temporary_folder.hpp"

namespace {

std::filesystem::path const data = COMIR_TEST_DATA "/io";

// The pattern of tests/data/io/make.py.
int pattern(std::size_t c, std::size_t y, std::size_t x) {
    return static_cast<int>(31 * x + 17 * y + 50 * c);
}

template <class T, class Function>
comir::image<T> made(comir::image_shape shape, Function const& value) {
    comir::image<T> result(shape);
    for (std::size_t c = 0; c < shape.c; ++c)
        for (std::size_t y = 0; y < shape.h; ++y)
            for (std::size_t x = 0; x < shape.w; ++x)
                result(c, y, x) = static_cast<T>(value(c, y, x));
    return result;
}

template <class T>
bool same(comir::image<T> const& a, comir::image<T> const& b) {
    return a.shape() == b.shape() && std::equal(a.values().begin(), a.values().end(), b.values().begin());
}

template <class T>
bool holds(comir::any_image const& file, comir::image<T> const& expected) {
    return std::holds_alternative<comir::image<T>>(file) && same(std::get<comir::image<T>>(file), expected);
}

template <class T>
comir::image<T> random_image(comir::image_shape shape, unsigned seed) {
    std::mt19937 engine(seed);
    if constexpr (std::is_same_v<T, float>)
        return made<T>(shape, [&](auto...) { return static_cast<float>(engine()) / 1e6f - 2000.0f; });
    else
        return made<T>(shape, [&](auto...) { return engine(); });
}

template <class T>
void check_round_trip(temporary_folder const& folder, char const* name, std::size_t most_channels) {
    for (std::size_t channels = 1; channels <= most_channels; ++channels)
        for (comir::image_shape shape : {comir::image_shape{channels, 1, 1}, {channels, 3, 7}, {channels, 211, 130}}) {
            CAPTURE(to_string(shape));
            auto const original = random_image<T>(shape, static_cast<unsigned>(shape.size()));
            comir::write_image(folder / name, original);
            CHECK(holds(comir::read_image(folder / name), original));
        }
}

// The message of what `action` throws; "" if it throws nothing, so that a missing error fails the comparison.
template <class Error, class Action>
std::string message(Action const& action) {
    try {
        action();
    } catch (Error const& problem) {
        return problem.what();
    }
    return "";
}

/// The checksum of PNG chunks, bit by bit.
std::uint32_t crc32_of(std::string const& bytes) {
    std::uint32_t sum = 0xffffffffu;
    for (char c : bytes) {
        sum ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit)
            sum = (sum >> 1) ^ ((sum & 1u) != 0 ? 0xedb88320u : 0u);
    }
    return ~sum;
}

bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("read_image: PNG files of other programs give the pixels that they wrote") {
    auto const grey = made<std::uint8_t>({1, 5, 7}, pattern);
    CHECK(holds(comir::read_image(data / "interlaced.png"), grey));
    CHECK(holds(comir::read_image(data / "grey16.png"),
                made<std::uint16_t>({1, 5, 7}, [](auto... at) { return 1000 * pattern(at...) + 7; })));
    CHECK(holds(comir::read_image(data / "rgb8.png"), made<std::uint8_t>({3, 5, 7}, pattern)));
    CHECK(holds(comir::read_image(data / "rgb16.png"),
                made<std::uint16_t>({3, 5, 7}, [](auto... at) { return pattern(at...) % 256 * 257; })));
    CHECK(holds(comir::read_image(data / "grey_alpha.png"), made<std::uint8_t>({2, 5, 7}, [](auto c, auto y, auto x) {
                    return c == 0 ? pattern(0, y, x) % 256 : 255 - pattern(0, y, x) % 256;
                })));
    // Bits of 10110010 01, 01001101 10.
    std::uint8_t const n = 0, w = 255;
    CHECK(holds(comir::read_image(data / "grey1.png"),
                comir::image<std::uint8_t>({1, 2, 10}, {w, n, w, w, n, n, w, n, n, w, n, w, n, n, w, w, n, w, w, n})));
}

TEST_CASE("read_image: palettes become colours, and transparent entries alpha") {
    auto const colour = [](std::size_t c, std::size_t y, std::size_t x) {
        std::size_t const entry = static_cast<std::size_t>(pattern(0, y, x)) % 256 % 4;
        return c < 3 ? 30 * entry + 10 * c + 10 : 85 * entry;
    };
    CHECK(holds(comir::read_image(data / "palette.png"), made<std::uint8_t>({3, 5, 7}, colour)));
    CHECK(holds(comir::read_image(data / "palette_alpha.png"), made<std::uint8_t>({4, 5, 7}, colour)));
}

TEST_CASE("read_image: TIFF files of other programs give the pixels that they wrote") {
    CHECK(holds(comir::read_image(data / "float.tif"),
                made<float>({1, 5, 7}, [](auto... at) { return pattern(at...) / 8.0 - 10; })));
    auto const rgb = made<std::uint8_t>({3, 5, 7}, pattern);
    CHECK(holds(comir::read_image(data / "lzw.tif"), rgb));
    CHECK(holds(comir::read_image(data / "deflate.tif"), rgb));
    CHECK(holds(comir::read_image(data / "planar.tif"),
                made<std::uint16_t>({5, 5, 7}, [](auto... at) { return 100 * pattern(at...); })));
    CHECK(holds(comir::read_image(data / "tiled.tif"),
                made<float>({1, 18, 20}, [](auto, auto y, auto x) { return static_cast<double>(100 * y + x) + 0.5; })));
    CHECK(comir::count_pages(data / "pages.tif") == 3);
    CHECK(comir::count_pages(data / "grey16.png") == 1);
    for (std::size_t page = 0; page < 3; ++page)
        CHECK(holds(
            comir::read_image(data / "pages.tif", {.page = page}),
            made<std::uint8_t>({1, 5, 7}, [&](auto, auto y, auto x) { return pattern(0, y, (x + 7 - page) % 7); })));
}

TEST_CASE("read_image: TIFF with white as 0 is inverted, a resolution without unit is no spacing") {
    comir::any_image const file = comir::read_image(data / "white.tif");
    REQUIRE(holds(file, made<std::uint8_t>({1, 5, 7}, [](auto... at) { return 255 - pattern(at...) % 256; })));
    CHECK(std::get<comir::image<std::uint8_t>>(file).spacing == std::array<double, 2>{1.0, 1.0});
    CHECK(comir::read_image_float(data / "white.tif").spacing == std::array<double, 2>{1.0, 1.0});
}

TEST_CASE("read_image_float: integers end at 1, float stays, alpha is dropped") {
    CHECK(same(comir::read_image_float(data / "grey16.png"), made<float>({1, 5, 7}, [](auto... at) {
                   return static_cast<float>((1000 * pattern(at...) + 7) % 65536) / 65535.0f;
               })));
    CHECK(same(comir::read_image_float(data / "float.tif"),
               made<float>({1, 5, 7}, [](auto... at) { return pattern(at...) / 8.0 - 10; })));
    auto const rgb =
        made<float>({3, 5, 7}, [](auto... at) { return static_cast<float>(pattern(at...) % 256) / 255.0f; });
    CHECK(same(comir::read_image_float(data / "rgba.tif"), rgb));
    CHECK(comir::read_image_float(data / "palette_alpha.png").channels() == 3);
    CHECK(same(comir::read_image_float(data / "grey_alpha.png"),
               made<float>({1, 5, 7}, [&](auto, auto y, auto x) { return rgb(0, y, x); })));
    temporary_folder const folder;
    comir::write_image(folder / "bands.tif", random_image<std::uint8_t>({4, 3, 2}, 1));
    CHECK(comir::read_image_float(folder / "bands.tif").channels() == 4);
}

TEST_CASE("write_image: every type and channel count reads back with the same bits") {
    temporary_folder const folder;
    check_round_trip<std::uint8_t>(folder, "i.png", 4);
    check_round_trip<std::uint16_t>(folder, "i.PNG", 4);
    check_round_trip<std::uint8_t>(folder, "i.tif", 6);
    check_round_trip<std::uint16_t>(folder, "i.TIFF", 6);
    check_round_trip<float>(folder, "i.tiff", 6);
    comir::image<float> special({1, 1, 3}, {std::numeric_limits<float>::infinity(), -0.0f, 1e-42f});
    comir::write_image(folder / "special.tif", special);
    CHECK(holds(comir::read_image(folder / "special.tif"), special));
    comir::any_image const held = random_image<std::uint16_t>({2, 4, 5}, 3);
    comir::write_image(folder / "any.tif", held);
    CHECK(holds(comir::read_image(folder / "any.tif"), std::get<comir::image<std::uint16_t>>(held)));
}

TEST_CASE("read_image: TIFF's resolutions per inch and centimetre are the spacing in mm") {
    temporary_folder const folder;
    auto const spacing = [&](std::uint16_t unit) {
        auto image = random_image<std::uint8_t>({1, 3, 4}, 2);
        image.spacing = {2.0, 4.0};
        comir::write_image(folder / "u.tif", image);
        TIFF* const file = TIFFOpen((folder / "u.tif").c_str(), "r+");
        REQUIRE(file);
        float x = 0;
        std::uint16_t written = 0;
        TIFFGetField(file, TIFFTAG_XRESOLUTION, &x);
        TIFFGetField(file, TIFFTAG_RESOLUTIONUNIT, &written);
        CHECK((x == 5.0f && written == RESUNIT_CENTIMETER));
        TIFFSetField(file, TIFFTAG_RESOLUTIONUNIT, unit);
        TIFFRewriteDirectory(file);
        TIFFClose(file);
        return comir::read_image_float(folder / "u.tif").spacing;
    };
    CHECK(spacing(RESUNIT_CENTIMETER) == std::array<double, 2>{2.0, 4.0});
    CHECK(spacing(RESUNIT_INCH)[1] == doctest::Approx(25.4 / 2.5));
    CHECK(spacing(RESUNIT_NONE) == std::array<double, 2>{1.0, 1.0});
}

TEST_CASE("read_image: TIFF's signed and 32-bit integers become float") {
    temporary_folder const folder;
    auto const check = [&]<class T>(T, std::uint16_t format) {
        std::array<T, 3> values{std::numeric_limits<T>::min(), 5, std::numeric_limits<T>::max()};
        TIFF* const file = TIFFOpen((folder / "i.tif").c_str(), "w");
        REQUIRE(file);
        TIFFSetField(file, TIFFTAG_IMAGEWIDTH, 3);
        TIFFSetField(file, TIFFTAG_IMAGELENGTH, 1);
        TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * sizeof(T)));
        TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, format);
        TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
        TIFFWriteEncodedStrip(file, 0, values.data(), sizeof values);
        TIFFClose(file);
        comir::image<float> const expected({1, 1, 3},
                                           {static_cast<float>(values[0]), 5.0f, static_cast<float>(values[2])});
        CHECK(holds(comir::read_image(folder / "i.tif"), expected));
        CHECK(same(comir::read_image_float(folder / "i.tif"), expected));
    };
    check(std::int8_t{}, SAMPLEFORMAT_INT);
    check(std::int16_t{}, SAMPLEFORMAT_INT);
    check(std::int32_t{}, SAMPLEFORMAT_INT);
    check(std::uint32_t{}, SAMPLEFORMAT_UINT);
}

TEST_CASE("write_image: TIFF keeps the spacing to float precision") {
    temporary_folder const folder;
    auto image = random_image<float>({1, 3, 4}, 2);
    image.spacing = {0.65, 3.0};
    comir::write_image(folder / "s.tif", image);
    auto const back = comir::read_image_float(folder / "s.tif");
    CHECK(back.spacing[0] == doctest::Approx(0.65).epsilon(1e-6));
    CHECK(back.spacing[1] == doctest::Approx(3.0).epsilon(1e-6));
}

TEST_CASE("write_image: what a format cannot hold is said, and nothing is left") {
    temporary_folder const folder;
    auto const refused = [&](char const* name, auto const& image, char const* why) {
        CHECK(contains(message<comir::error>([&] { comir::write_image(folder / name, image); }), why));
    };
    refused("f.png", comir::image<float>({1, 2, 2}), "write a .tif file");
    refused("c.png", comir::image<std::uint8_t>({5, 2, 2}), "PNG files hold 1 to 4");
    refused("i.jpg", comir::image<std::uint8_t>({1, 2, 2}), "expected .png, .tif or .tiff");
    refused("e.tif", comir::image<std::uint8_t>(), "the image is empty");
    refused("none/i.tif", comir::image<std::uint8_t>({1, 2, 2}), "No such file or directory");
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("read_image: missing, foreign and too large files are told by name and reason") {
    temporary_folder const folder;
    auto const path = [&](char const* name) { return (folder / name).string(); };
    CHECK(message<comir::error>([&] { comir::read_image(folder / "none.png"); }) ==
          "comir::read_image: " + path("none.png") + ": cannot open: No such file or directory");
    CHECK(contains(message<comir::error>([&] { comir::read_image(folder.path()); }), "not a regular file"));
    auto const foreign = folder.file("text.png", "not an image at all");
    CHECK(message<comir::format_error>([&] { comir::read_image(foreign); }) ==
          "comir::read_image: " + path("text.png") + ": neither a PNG nor a TIFF file; convert it to one of these");
    CHECK_THROWS_AS(comir::read_image(folder.file("empty.tif", "")), comir::format_error);
    for (char const* name : {"rgb8.png", "lzw.tif"}) {
        CHECK_THROWS_AS(comir::read_image(data / name, {.max_values = 104}), comir::format_error);
        CHECK_NOTHROW(comir::read_image(data / name, {.max_values = 105}));
    }
    CHECK(contains(message<comir::error>([&] { comir::read_image(data / "pages.tif", {.page = 3}); }),
                   "the file has 3;"));
    CHECK(contains(message<comir::error>([&] { comir::read_image(data / "rgb8.png", {.page = 1}); }), "expected 0"));
}

TEST_CASE("read_image: a promise that the file cannot keep is refused before memory is taken") {
    temporary_folder const folder;
    // Width and height of a tag and of a header chunk, raised to 30000 x 30000; the chunk's checksum made to fit.
    std::string png = read_all(data / "interlaced.png");
    png.replace(16, 8, std::string("\x00\x00\x75\x30\x00\x00\x75\x30", 8));
    std::uint32_t const sum = crc32_of(png.substr(12, 17));
    for (std::size_t i = 0; i < 4; ++i)
        png[29 + i] = static_cast<char>(sum >> (24 - 8 * i));
    CHECK(contains(message<comir::format_error>([&] { comir::read_image(folder.file("large.png", png)); }),
                   "cannot hold the declared 30000 x 30000 pixels"));
    std::string tiff = read_all(data / "white.tif");
    std::size_t const directory = 8 + 36;  // 35 pixels and a byte of padding; then a count, and the tags in order
    for (std::size_t entry = 0; entry < 2; ++entry)
        tiff.replace(directory + 2 + 12 * entry + 8, 4, std::string("\x30\x75\0\0", 4));
    CHECK_THROWS_AS(comir::read_image(folder.file("large.tif", tiff)), comir::format_error);
}

TEST_CASE("read_image: every cut of a file is an error, never a wrong image") {
    temporary_folder const folder;
    comir::write_image(folder / "ours.png", random_image<std::uint8_t>({3, 4, 5}, 5));
    comir::write_image(folder / "ours.tif", random_image<std::uint16_t>({2, 4, 5}, 6));
    std::size_t whole = 0;
    for (auto const& file : {folder / "ours.png", folder / "ours.tif", data / "palette.png", data / "interlaced.png",
                             data / "lzw.tif", data / "deflate.tif", data / "planar.tif"}) {
        std::string const bytes = read_all(file);
        comir::any_image const original = comir::read_image(file);
        for (std::size_t length = 0; length < bytes.size(); ++length) {
            CAPTURE(file.string());
            CAPTURE(length);
            auto const cut = folder.file("cut", bytes.substr(0, length));
            try {
                // Trailing bytes that no pixel needs may be missing.
                auto const image = comir::read_image(cut);
                CHECK(image.index() == original.index());
                CHECK(std::visit([&](auto const& held) { return holds(original, held); }, image));
                ++whole;
            } catch (comir::format_error const&) {
            }
        }
    }
    CHECK(whole <= 4);
}

TEST_CASE("read_image: damaged bytes give an image or format_error") {
    temporary_folder const folder;
    std::mt19937 engine(7);
    std::size_t errors = 0, images = 0;
    for (char const* name : {"palette_alpha.png", "interlaced.png", "rgb16.png", "lzw.tif", "deflate.tif", "planar.tif",
                             "tiled.tif", "white.tif", "pages.tif", "float.tif"}) {
        std::string const bytes = read_all(data / name);
        for (int round = 0; round < 300; ++round) {
            std::string damaged = bytes;
            for (int flips = 1 + round % 3; flips > 0; --flips)
                damaged[engine() % damaged.size()] ^= static_cast<char>(1u << (engine() % 8));
            auto const path = folder.file("damaged", damaged);
            try {
                comir::read_image(path, {.max_values = 1 << 20});
                ++images;
            } catch (comir::format_error const&) {
                ++errors;
            }
        }
    }
    CHECK(errors > 300);
    CHECK(images > 300);
}
