#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <tiffio.h>

#include <comir/io/image_file.hpp>

#include "support/temporary_folder.hpp"

namespace {

comir::geo_reference const known_place{
    {0.5, 0.5, 0.0}, {0, 0, 0, 5e5, 4e6, 0}, {}, {1, 1, 0, 1, 1024, 0, 1, 1}, {6378137.0}, "WGS 84|"};

/// Writes one row in a type that write_image() lacks.
template <class T>
std::filesystem::path typed_row(temporary_folder const& folder, std::vector<T> const& values, int format) {
    auto const path = folder / "typed.tif";
    TIFF* const file = TIFFOpen(path.c_str(), "w");
    REQUIRE(file);
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(values.size()));
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * sizeof(T)));
    TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, format);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    std::vector<T> row = values;
    TIFFWriteEncodedStrip(file, 0, row.data(), static_cast<tmsize_t>(sizeof(T) * row.size()));
    TIFFClose(file);
    return path;
}

template <class T>
void check_exact(int format) {
    temporary_folder const folder;
    std::vector<T> const values{std::numeric_limits<T>::lowest(), T(-7), T(0), T(16777217),
                                std::numeric_limits<T>::max()};
    auto const read = [&](std::filesystem::path const& path) {
        auto const image = comir::read_exact_image(path);
        REQUIRE(image.has_value());
        REQUIRE(std::holds_alternative<comir::image<T>>(*image));
        auto const& held = std::get<comir::image<T>>(*image);
        CHECK(std::vector<T>(held.values().begin(), held.values().end()) == values);
        return held;
    };
    auto const held = read(typed_row(folder, values, format));
    comir::detail::write_tiff("test", folder / "again.tif", held, {});
    read(folder / "again.tif");
}

std::string description_of(std::filesystem::path const& path) {
    TIFFSetWarningHandler(nullptr);  // of GeoTIFF's tags, which libtiff does not know
    TIFF* const file = TIFFOpen(path.c_str(), "r");
    REQUIRE(file);
    char const* text = nullptr;
    std::string const description = TIFFGetField(file, TIFFTAG_IMAGEDESCRIPTION, &text) == 1 ? text : "";
    TIFFClose(file);
    return description;
}

}  // namespace

TEST_CASE("read_exact_image: integers of 32 bits and signed ones and doubles keep type and value") {
    check_exact<std::int8_t>(SAMPLEFORMAT_INT);
    check_exact<std::int16_t>(SAMPLEFORMAT_INT);
    check_exact<std::int32_t>(SAMPLEFORMAT_INT);
    check_exact<std::uint32_t>(SAMPLEFORMAT_UINT);
    check_exact<double>(SAMPLEFORMAT_IEEEFP);
    temporary_folder const folder;
    comir::write_image(folder / "grey.tif", comir::image<std::uint16_t>({1, 2, 2}));
    comir::write_image(folder / "grey.png", comir::image<std::uint16_t>({1, 2, 2}));
    CHECK_FALSE(comir::read_exact_image(folder / "grey.tif").has_value());
    CHECK_FALSE(comir::read_exact_image(folder / "grey.png").has_value());
}

TEST_CASE("write_image: a place on the earth, a page's name and an offset come back, of files with other fields too") {
    temporary_folder const folder;
    comir::stored_image image{comir::image<std::uint8_t>({3, 4, 5})};
    image.geo = known_place;
    image.page_name = "DAPI";
    image.offset = std::array{-12.0, 3.5};
    comir::write_image(folder / "a.tif", image);
    auto const check = [&] {
        auto const back = comir::read_stored_image(folder / "a.tif");
        CHECK(back.geo == known_place);
        CHECK(back.page_name == "DAPI");
        REQUIRE(back.offset.has_value());
        CHECK(*back.offset == std::array{-12.0, 3.5});
    };
    check();
    CHECK(comir::read_image_info(folder / "a.tif").geo == known_place);
    CHECK(description_of(folder / "a.tif") == "ImageJ=1.54\nxorigin=12\nyorigin=-3.5\n");
    // A program that also uses GDAL has the tags registered in its way.
    static auto const with_gdal = [](TIFF* file) {
        static char ties[] = "ModelTiepoint", text[] = "GeoAsciiParams", keys[] = "GeoKeyDirectory";
        static TIFFFieldInfo const known[] = {{33922, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, 1, 1, ties},
                                              {34735, -1, -1, TIFF_SHORT, FIELD_CUSTOM, 1, 1, keys},
                                              {34737, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, text}};
        TIFFMergeFieldInfo(file, known, 3);
    };
    auto const former = TIFFSetTagExtender(with_gdal);
    check();
    comir::write_image(folder / "a.tif", image);
    check();
    TIFFSetTagExtender(former);
    check();
    // PNG has whole offsets.
    image.offset = std::array{-12.0, 7.0};
    comir::write_image(folder / "a.png", image);
    CHECK(comir::read_stored_image(folder / "a.png").offset == image.offset);
    // Other programs' descriptions are none of ours.
    CHECK_FALSE(comir::detail::offset_of_description("xorigin=3\n").has_value());
    CHECK_FALSE(comir::detail::offset_of_description("ImageJ=1.53\nimages=2\n").has_value());
}

TEST_CASE("shifted: the place of a canvas's first pixel by tie points and by a matrix") {
    comir::geo_reference geo{{0.5, 0.5, 0}, {2, 3, 0, 100, 200, 0, 8, 9, 0, 1, 2, 0}, {}, {1}, {}, {}};
    auto const moved = comir::shifted(geo, -10, 4);
    CHECK(moved.tie_points == std::vector<double>{12, -1, 0, 100, 200, 0, 18, 5, 0, 1, 2, 0});
    geo.tie_points.clear();
    geo.matrix = {0.5, 0.1, 0, 100, 0.2, -0.5, 0, 200, 0, 0, 0, 0, 0, 0, 0, 1};
    auto const turned = comir::shifted(geo, -10, 4);
    CHECK(turned.matrix[3] == doctest::Approx(100 - 5 + 0.4));
    CHECK(turned.matrix[7] == doctest::Approx(200 - 2 - 2));
}

TEST_CASE("tiff_writer: pages of several types stand in one file, which appears when it is complete") {
    temporary_folder const folder;
    comir::detail::tiff_writer file("test", folder / "pages.tif", 1000);
    file.add(comir::image<std::uint8_t>({3, 4, 5}, 7), {.page_name = "one"});
    file.add(comir::image<std::int32_t>({1, 2, 3}, -70000), {.page_name = "two"});
    CHECK_FALSE(std::filesystem::exists(folder / "pages.tif"));
    file.commit();
    CHECK(comir::count_pages(folder / "pages.tif") == 2);
    CHECK(comir::read_stored_image(folder / "pages.tif", {.page = 0}).page_name == "one");
    CHECK(comir::read_stored_image(folder / "pages.tif", {.page = 1}).page_name == "two");
    auto const second = comir::read_exact_image(folder / "pages.tif", {.page = 1});
    REQUIRE(second.has_value());
    CHECK(std::get<comir::image<std::int32_t>>(*second)(0, 1, 2) == -70000);
    comir::image_info const info = comir::read_image_info(folder / "pages.tif", {.page = 1});
    CHECK(info.shape == comir::image_shape{1, 2, 3});
    CHECK(info.value_bytes == 4);
    CHECK_FALSE(info.reduced);
}
