#include <cmath>
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

char tag_name[] = "GDAL_NODATA";
TIFFFieldInfo const as_gdal[] = {{42113, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, tag_name}};
void register_as_gdal(TIFF* file) {
    TIFFMergeFieldInfo(file, as_gdal, 1);
}

/// A file of one pixel of 8 bits whose tag says `text`.
std::filesystem::path tagged(temporary_folder const& folder, char const* text,
                             std::uint16_t photometric = PHOTOMETRIC_MINISBLACK) {
    auto const path = folder / "tagged.tif";
    TIFF* const file = TIFFOpen(path.c_str(), "w");
    REQUIRE(file);
    register_as_gdal(file);
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, 1);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, photometric);
    TIFFSetField(file, 42113, text);
    std::uint8_t pixel = 7;
    TIFFWriteEncodedStrip(file, 0, &pixel, 1);
    TIFFClose(file);
    return path;
}

}  // namespace

TEST_CASE("parse_nodata: decimal numbers, nan and inf in any case, with spaces; nothing else") {
    CHECK(comir::parse_nodata("-9999") == -9999.0);
    CHECK(comir::parse_nodata("  +1.5e3 \n") == 1500.0);
    CHECK(comir::parse_nodata("-3.4028234663852886e+38") == static_cast<double>(std::numeric_limits<float>::lowest()));
    CHECK(std::isnan(*comir::parse_nodata("NaN ")));
    CHECK(comir::parse_nodata("-INF") == -std::numeric_limits<double>::infinity());
    for (char const* text : {"", " ", "none", "0x10", "1,5", "5 px", "+-5", "--1", "1 2"})
        CHECK_FALSE(comir::parse_nodata(text).has_value());
    for (double const value : {0.0, -9999.0, 0.1, 1e-300, 65535.0})
        CHECK(comir::parse_nodata(comir::nodata_text(value)) == value);
    CHECK(comir::nodata_text(-9999.0) == "-9999");
    CHECK(comir::nodata_text(-std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("read_stored_image: the tag GDAL_NODATA is the value for no data, whatever is no number is kept as text") {
    temporary_folder const folder;
    CHECK(comir::read_stored_image(tagged(folder, "-9999")).nodata == -9999.0);
    CHECK(comir::read_stored_image(tagged(folder, " 0 ")).nodata == 0.0);
    CHECK(std::isnan(*comir::read_stored_image(tagged(folder, "nan")).nodata));
    auto const none = comir::read_stored_image(tagged(folder, "none"));
    CHECK_FALSE(none.nodata.has_value());
    CHECK(none.unread_nodata == "none");
    CHECK(comir::read_stored_image(tagged(folder, "")).unread_nodata.empty());
    // Pixels of such a file are inverted, and the value with them.
    auto const white = comir::read_stored_image(tagged(folder, "7", PHOTOMETRIC_MINISWHITE));
    CHECK(white.nodata == 248.0);
    CHECK(std::get<comir::image<std::uint8_t>>(white.pixels)(0, 0, 0) == 248);
}

TEST_CASE("write_image: a stored image keeps its value for no data and its alpha in TIFF") {
    temporary_folder const folder;
    for (std::optional<double> const nodata : {std::optional<double>{}, std::optional<double>{-9999.0}})
        for (bool const alpha : {false, true}) {
            comir::stored_image file{comir::image<float>({2, 3, 4}, 0.5f), alpha, false, nodata};
            comir::write_image(folder / "s.tif", file);
            auto const again = comir::read_stored_image(folder / "s.tif");
            CHECK(again.nodata == nodata);
            CHECK(again.alpha == alpha);
            CHECK_FALSE(again.premultiplied);
        }
    comir::write_image(folder / "a.tif", comir::stored_image{comir::image<std::uint8_t>({4, 3, 4}, 9), true, true});
    CHECK(comir::read_stored_image(folder / "a.tif").premultiplied);
    comir::write_image(folder / "n.tif", comir::stored_image{.pixels = comir::image<float>({1, 1, 1}),
                                                             .nodata = std::numeric_limits<double>::quiet_NaN()});
    CHECK(std::isnan(*comir::read_stored_image(folder / "n.tif").nodata));
    comir::write_image(folder / "p.png",
                       comir::stored_image{comir::image<std::uint8_t>({2, 3, 4}, 9), true, false, 3.0});
    CHECK(comir::read_stored_image(folder / "p.png").alpha);
}

TEST_CASE("the tag GDAL_NODATA is read and written where a program has registered it as GDAL does") {
    temporary_folder const folder;
    auto const before = TIFFSetTagExtender(register_as_gdal);
    auto const path = tagged(folder, "-12.5");
    CHECK(comir::read_stored_image(path).nodata == -12.5);
    comir::write_image(folder / "s.tif", comir::stored_image{.pixels = comir::image<float>({1, 1, 1}), .nodata = 4.0});
    CHECK(comir::read_stored_image(folder / "s.tif").nodata == 4.0);
    TIFFSetTagExtender(before);
    CHECK(comir::read_stored_image(folder / "s.tif").nodata == 4.0);
}

TEST_CASE("read_stored_image: a tag of that number that holds no text is left out") {
    temporary_folder const folder;
    auto bytes = read_all(tagged(folder, "-9999"));
    // Entries of the directory: number, type, count; the type becomes that of whole numbers.
    std::string const entry{"\x81\xa4\x02\x00", 4};
    auto const at = bytes.find(entry);
    REQUIRE(at != std::string::npos);
    for (char const type : {'\1', '\3', '\4', '\f', 'c'}) {
        bytes[at + 2] = type;
        auto const file = comir::read_stored_image(folder.file("numbers.tif", bytes));
        CHECK_FALSE(file.nodata.has_value());
    }
}
