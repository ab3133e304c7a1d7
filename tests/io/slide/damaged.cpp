#include <cstdint>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/slide/slide.hpp>
#include <comir/io/slide/slide_writer.hpp>

#include "io/slide/slide_files.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"

namespace {

std::filesystem::path small_pyramid(temporary_folder const& folder, comir::slide_format const& format) {
    auto const image = noise_image<std::uint8_t>({3, 90, 70}, 2);
    comir::slide_writer<std::uint8_t> writer(folder / "whole.tif", {.shape = {3, 90, 70}, .colour = true}, format);
    std::size_t const side = writer.tile();
    for (std::size_t down = 0; down < writer.tiles_down(); ++down)
        for (std::size_t across = 0; across < writer.tiles_across(); ++across) {
            comir::region const r{across * side, down * side, std::min(side, 70 - across * side),
                                  std::min(side, 90 - down * side)};
            writer.write({{across, down, comir::crop(image, r)}});
        }
    writer.commit();
    return folder / "whole.tif";
}

/// Reads all levels; returns whether they could be read. Anything but comir's errors would end the test.
bool reads(std::filesystem::path const& path) {
    try {
        comir::slide const slide = comir::open_slide(path, {.cache_bytes = 1 << 20});
        for (std::size_t level = 0; level < slide.info().levels.size(); ++level)
            slide.read_level(level, 1 << 22);
        return true;
    } catch (comir::format_error const&) {
        return false;
    }
}

/// The number of a tag's first value in a little-endian classic TIFF, as an offset in the file.
std::size_t value_of(std::string const& bytes, std::uint16_t tag, std::size_t skip = 0) {
    for (std::size_t at = 8; at + 12 <= bytes.size(); ++at) {
        std::uint16_t found = 0, type = 0;
        std::memcpy(&found, bytes.data() + at, 2);
        std::memcpy(&type, bytes.data() + at + 2, 2);
        if (found == tag && (type == 3 || type == 4 || type == 13) && bytes[at + 5] == 0 && bytes[at + 6] == 0 &&
            skip-- == 0)
            return at + 8;
    }
    FAIL("no such tag");
    return 0;
}

void put32(std::string& bytes, std::size_t at, std::uint32_t value) {
    std::memcpy(bytes.data() + at, &value, 4);
}
void put16(std::string& bytes, std::size_t at, std::uint16_t value) {
    std::memcpy(bytes.data() + at, &value, 2);
}

}  // namespace

TEST_CASE("open_slide: every cut of a pyramid is read or refused") {
    temporary_folder const folder;
    for (auto const pyramid : {comir::slide_pyramid::subifd, comir::slide_pyramid::pages}) {
        std::string const bytes = read_all(small_pyramid(folder, {.tile = 32, .pyramid = pyramid}));
        std::size_t refused = 0;
        for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 60)
            refused += !reads(folder.file("cut.tif", bytes.substr(0, length)));
        CHECK(refused > 80);
    }
}

TEST_CASE("open_slide: damaged bytes give a slide or format_error") {
    temporary_folder const folder;
    std::mt19937 engine(11);
    std::size_t good = 0, bad = 0;
    for (auto const compression : {comir::slide_compression::deflate, comir::slide_compression::none}) {
        std::string const bytes = read_all(small_pyramid(folder, {.compression = compression, .tile = 32}));
        for (int round = 0; round < 300; ++round) {
            std::string damaged = bytes;
            // Every other time among the directories, which the file ends with.
            std::size_t const from = round % 2 == 0 ? 0 : bytes.size() - std::min<std::size_t>(bytes.size(), 2500);
            for (int flips = 1 + round % 4; flips > 0; --flips)
                damaged[from + engine() % (damaged.size() - from)] ^= static_cast<char>(1u << (engine() % 8));
            (reads(folder.file("damaged.tif", damaged)) ? good : bad) += 1;
        }
    }
    CHECK(good > 100);
    CHECK(bad > 100);
}

TEST_CASE("open_slide: SubIFDs and pages that run in circles end") {
    temporary_folder const folder;
    raw_page full = ramp_page(64, 64);
    full.tags = [](TIFF* f) {
        std::uint64_t const places[3] = {};
        TIFFSetField(f, TIFFTAG_SUBIFD, 3, places);
    };
    write_pages(folder / "c.tif", {full, ramp_page(32, 32), ramp_page(16, 16), ramp_page(8, 8)});
    std::string bytes = read_all(folder / "c.tif");
    std::uint32_t first = 0, list = 0;
    std::memcpy(&first, bytes.data() + 4, 4);
    std::memcpy(&list, bytes.data() + value_of(bytes, TIFFTAG_SUBIFD), 4);
    std::string circle = bytes;
    for (std::size_t i = 0; i < 3; ++i)
        put32(circle, list + 4 * i, first);  // the image is its own smaller copy
    comir::slide const own = comir::open_slide(folder.file("own.tif", circle));
    CHECK(own.info().levels.size() == 1);
    circle = bytes;
    for (std::size_t i = 1; i < 3; ++i)
        std::memcpy(circle.data() + list + 4 * i, circle.data() + list, 4);  // three times the same
    CHECK(comir::open_slide(folder.file("same.tif", circle)).info().levels.size() == 2);
    circle = bytes;
    std::uint16_t entries = 0;
    std::memcpy(&entries, bytes.data() + first, 2);
    put32(circle, first + 2 + 12u * entries, first);  // the page after the first is the first
    CHECK(comir::open_slide(folder.file("chain.tif", circle)).info().channels == 1);
}

TEST_CASE("open_slide: sizes that the file cannot hold are refused before memory is taken") {
    temporary_folder const folder;
    std::string const bytes = read_all(small_pyramid(folder, {.tile = 32}));
    auto const changed = [&](std::uint16_t tag, std::uint16_t value) {
        std::string other = bytes;
        put16(other, value_of(bytes, tag), value);
        auto const path = folder.file("lie.tif", other);
        return message([&] { comir::open_slide(path).read_level(0); });
    };
    for (std::uint16_t const lie : {std::uint16_t{0x7fff}, std::uint16_t{0xfff0}, std::uint16_t{4096}}) {
        CHECK(changed(TIFFTAG_IMAGEWIDTH, lie) != "no error");
        CHECK(changed(TIFFTAG_IMAGELENGTH, lie) != "no error");
        CHECK(changed(TIFFTAG_TILEWIDTH, lie) != "no error");
        CHECK(changed(TIFFTAG_TILELENGTH, lie) != "no error");
    }
    CHECK(changed(TIFFTAG_TILEWIDTH, 0) != "no error");
    CHECK(changed(TIFFTAG_TILEOFFSETS, 0xfff0) != "no error");
    CHECK(changed(TIFFTAG_TILEBYTECOUNTS, 0xfff0) != "no error");
}

TEST_CASE("open_slide: tiles that a file leaves out are no-data") {
    temporary_folder const folder;
    TIFF* const file = TIFFOpen((folder / "sparse.tif").c_str(), "w");
    REQUIRE(file);
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, 40);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, 20);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(file, TIFFTAG_TILEWIDTH, 16);
    TIFFSetField(file, TIFFTAG_TILELENGTH, 16);
    std::vector<unsigned char> tile(256, 7);
    TIFFWriteEncodedTile(file, 4, tile.data(), 256);
    TIFFClose(file);
    comir::slide const slide = comir::open_slide(folder / "sparse.tif");
    REQUIRE(slide.info().notes.size() == 1);
    CHECK(slide.info().notes[0].find("5 of its 6 tiles are not in the file") != std::string::npos);
    auto const image = std::get<0>(slide.read_level(0));
    CHECK(image(0, 18, 20) == 7);
    CHECK(image(0, 0, 0) == 0);
    CHECK(image(0, 19, 39) == 0);
    CHECK(std::get<0>(comir::read_image(folder / "sparse.tif"))(0, 18, 20) == 7);
}
