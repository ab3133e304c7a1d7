#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/slide/slide.hpp>

#include "io/slide/slide_files.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"

namespace {

raw_page smaller_page(std::uint32_t w, std::uint32_t h, unsigned start, bool flagged) {
    raw_page page = ramp_page(w, h, start);
    if (flagged)
        page.tags = [](TIFF* f) { TIFFSetField(f, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE); };
    return page;
}

raw_page described_page(std::uint32_t w, std::uint32_t h, std::string const& text, unsigned start = 0) {
    raw_page page = ramp_page(w, h, start);
    page.tags = [text](TIFF* f) { TIFFSetField(f, TIFFTAG_IMAGEDESCRIPTION, text.c_str()); };
    return page;
}

/// The first pixel of each channel of a level.
std::vector<unsigned> first_values(comir::slide const& slide, std::size_t level = 0) {
    auto const part = std::get<comir::image<std::uint8_t>>(slide.read(level, {0, 0, 1, 1}));
    return {part.values().begin(), part.values().end()};
}

std::string joined_notes(comir::slide const& slide) {
    std::string all;
    for (std::string const& note : slide.info().notes)
        all += note + "|";
    return all;
}

}  // namespace

TEST_CASE("level_factor: halves rounded either way, other factors, and what is no level") {
    auto const factor = [](comir::extent2 full, comir::extent2 level) {
        auto const f = comir::level_factor(full, level);
        return f ? (*f)[0] : 0.0;
    };
    CHECK(factor({1001, 515}, {500, 257}) == 2.0);
    CHECK(factor({1001, 515}, {501, 258}) == 2.0);
    CHECK(factor({1001, 515}, {125, 64}) == 8.0);
    CHECK(factor({40000, 300}, {2500, 18}) == 16.0);
    CHECK(factor({999, 600}, {333, 200}) == 3.0);
    CHECK(factor({1000, 1000}, {400, 400}) == 2.5);
    CHECK(factor({1000, 1000}, {1000, 1000}) == 0.0);
    CHECK(factor({1000, 1000}, {500, 400}) == 0.0);
    CHECK(factor({1000, 500}, {1200, 600}) == 0.0);
    comir::slide_level const level{{50, 50}, {}, {4.0, 4.0}};
    CHECK(level.from_full({1.5, 5.5}) == comir::point2{0.0, 1.0});  // pixel 0 covers pixels 0 to 3
    CHECK(level.to_full({0.0, 1.0}) == comir::point2{1.5, 5.5});
}

TEST_CASE("open_slide: levels in SubIFDs, in flagged pages and in pages of falling size") {
    temporary_folder const folder;
    TIFF* const file = TIFFOpen((folder / "sub.tif").c_str(), "w");
    raw_page full = ramp_page(100, 60, 1);
    full.tags = [](TIFF* f) {
        std::uint64_t const places[2] = {};
        TIFFSetField(f, TIFFTAG_SUBIFD, 2, places);
    };
    full.bits = 8;
    write_page(file, full);
    write_page(file, smaller_page(50, 30, 2, true));
    write_page(file, smaller_page(25, 15, 3, true));
    write_page(file, ramp_page(40, 60, 4));  // another picture
    TIFFClose(file);
    write_pages(folder / "flag.tif", {ramp_page(100, 60, 1), smaller_page(40, 40, 9, true),
                                      smaller_page(50, 30, 2, true), smaller_page(25, 15, 3, true)});
    write_pages(folder / "plain.tif", {ramp_page(100, 60, 1), ramp_page(50, 30, 2), ramp_page(25, 15, 3)});
    for (char const* name : {"sub.tif", "flag.tif", "plain.tif"}) {
        CAPTURE(name);
        comir::slide const slide = comir::open_slide(folder / name);
        REQUIRE(slide.info().levels.size() == 3);
        for (std::size_t level = 0; level < 3; ++level) {
            CHECK(slide.level(level).factor[0] == std::exp2(level));
            CHECK(first_values(slide, level) == std::vector<unsigned>{static_cast<unsigned>(level) + 1});
        }
        CHECK((joined_notes(slide).find("taken as levels") != std::string::npos) == (std::string(name) == "plain.tif"));
    }
}

TEST_CASE("open_slide: a level without SampleFormat has that of its image") {
    temporary_folder const folder;
    auto const floats = [](std::uint32_t w, std::uint32_t h, float value) {
        raw_page page{.width = w, .height = h, .bits = 32, .format = SAMPLEFORMAT_IEEEFP};
        std::vector<float> const values(w * h, value);
        auto const* bytes = reinterpret_cast<unsigned char const*>(values.data());
        page.bytes.assign(bytes, bytes + 4 * values.size());
        return page;
    };
    raw_page full = floats(40, 20, 0.25f), level = floats(20, 10, -3.0f);
    full.tags = [](TIFF* f) {
        std::uint64_t const place = 0;
        TIFFSetField(f, TIFFTAG_SUBIFD, 1, &place);
    };
    level.state_format = false;
    level.tags = [](TIFF* f) { TIFFSetField(f, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE); };
    for (bool const nested : {true, false}) {
        if (!nested)
            full.tags = [](TIFF*) {};
        comir::slide const slide = comir::open_slide(write_pages(folder / "f.tif", {full, level}));
        REQUIRE(slide.info().levels.size() == 2);
        CHECK(std::get<comir::image<float>>(slide.read_level(1)).values()[7] == -3.0f);
    }
}

TEST_CASE("open_slide: OME-XML gives channels by TiffData, names and the pixel size in any unit") {
    temporary_folder const folder;
    std::string const text =
        R"(<?xml version="1.0"?><ome:OME xmlns:ome="http://www.openmicroscopy.org/Schemas/OME/2016-06"><ome:Image ID="i">)"
        R"(<ome:Pixels DimensionOrder="XYCZT" Type="uint8" SizeX="8" SizeY="6" SizeC="3" SizeZ="2" SizeT="1" )"
        R"(PhysicalSizeX="250" PhysicalSizeXUnit="nm" PhysicalSizeY="0.0005" PhysicalSizeYUnit="mm">)"
        R"(<ome:Channel Name="DAPI"/><ome:Channel Name="&lt;b"/><ome:Channel/>)"
        R"(<ome:TiffData IFD="1" FirstC="0"/><ome:TiffData IFD="0" FirstC="1"/><ome:TiffData IFD="9" FirstC="2"/>)"
        R"(</ome:Pixels></ome:Image></ome:OME>)";
    comir::slide const slide =
        comir::open_slide(write_pages(folder / "o.tif", {described_page(8, 6, text, 10), ramp_page(8, 6, 20)}));
    CHECK(first_values(slide) == std::vector<unsigned>{20, 10});
    CHECK(slide.info().channel_names == std::vector<std::string>{"DAPI", "<b"});
    REQUIRE(slide.info().size.has_value());
    CHECK(slide.info().size->x == doctest::Approx(0.25));
    CHECK(slide.info().size->y == doctest::Approx(0.5));
    CHECK(joined_notes(slide).find("1 of the 3 channels") != std::string::npos);
    CHECK(joined_notes(slide).find("the first of 2 depths") != std::string::npos);

    std::string one_page = text;
    one_page.erase(one_page.find(R"(<ome:Channel/>)"), 14);
    raw_page both = described_page(8, 6, one_page, 10);
    both.samples = 2;
    both.bytes.resize(96, 5);
    comir::slide const together = comir::open_slide(write_pages(folder / "t.tif", {both}));
    CHECK(together.info().channel_names == std::vector<std::string>{"DAPI", "<b"});
    CHECK(together.info().channels == 2);

    comir::slide const stale = comir::open_slide(write_pages(folder / "s.tif", {described_page(9, 6, text, 10)}));
    CHECK_FALSE(stale.info().size.has_value());
    CHECK(joined_notes(stale).find("describes another image, of 8 x 6 px") != std::string::npos);
}

TEST_CASE("open_slide: ImageJ's and Aperio's descriptions, and pages of equal size") {
    temporary_folder const folder;
    raw_page imagej =
        described_page(8, 6, "ImageJ=1.54f\nimages=4\nchannels=2\nslices=2\nunit=\\u00B5m\nloop=false\n", 1);
    auto const text = imagej.tags;
    imagej.tags = [text](TIFF* f) {
        text(f);
        TIFFSetField(f, TIFFTAG_RESOLUTIONUNIT, RESUNIT_NONE);
        TIFFSetField(f, TIFFTAG_XRESOLUTION, 4.0);
        TIFFSetField(f, TIFFTAG_YRESOLUTION, 2.0);
    };
    comir::slide const stack = comir::open_slide(
        write_pages(folder / "j.tif", {imagej, ramp_page(8, 6, 2), ramp_page(8, 6, 3), ramp_page(8, 6, 4)}));
    CHECK(first_values(stack) == std::vector<unsigned>{1, 2});
    REQUIRE(stack.info().size.has_value());
    CHECK(stack.info().size->x == doctest::Approx(0.25));
    CHECK(stack.info().size->y == doctest::Approx(0.5));
    CHECK(joined_notes(stack).find("the first of 2 slices") != std::string::npos);

    comir::slide const svs = comir::open_slide(write_pages(
        folder / "a.tif", {described_page(8, 6, "Aperio Image Library\n8x6 |AppMag = 20|MPP = 0.4990|x = 1")}));
    REQUIRE(svs.info().size.has_value());
    CHECK(svs.info().size->x == doctest::Approx(0.499));

    comir::slide const pages =
        comir::open_slide(write_pages(folder / "p.tif", {ramp_page(8, 6, 5), ramp_page(8, 6, 6)}));
    CHECK(first_values(pages) == std::vector<unsigned>{5, 6});
    CHECK(joined_notes(pages).find("its 2 pages of equal size are taken as channels") != std::string::npos);
    CHECK_FALSE(pages.info().size.has_value());
}

TEST_CASE("micrometres_of: the names that programs write") {
    for (char const* name : {"\xc2\xb5m", "\xce\xbcm", "um", "micron", "\\u00B5m"})
        CHECK(comir::micrometres_of(name) == 1.0);
    CHECK(comir::micrometres_of("inch") == 25400.0);
    CHECK_FALSE(comir::micrometres_of("pixel").has_value());
    CHECK(comir::same_pixel_size(0.000325, 0.000325 * (1.0 + 5e-6)));
    CHECK_FALSE(comir::same_pixel_size(0.5, 0.5001));
}

TEST_CASE("slide::read: every region equals that part of the whole, whatever the cache holds") {
    temporary_folder const folder;
    std::mt19937 engine(3);
    auto const image = noise_image<std::uint16_t>({3, 577, 131}, 5);
    comir::write_image(folder / "i.tif", image);
    comir::write_image(folder / "i.png", image);
    for (char const* name : {"i.tif", "i.png"})
        for (std::size_t const cache : {std::size_t{0}, std::size_t{1} << 20}) {
            comir::slide const slide = comir::open_slide(folder / name, {.cache_bytes = cache});
            for (int round = 0; round < 40; ++round) {
                std::size_t const x = engine() % 131, y = engine() % 577;
                comir::region const r{x, y, 1 + engine() % (131 - x), 1 + engine() % (577 - y)};
                CHECK(equal_images(slide.read(0, r), comir::crop(image, r)));
            }
            CHECK(message([&] { slide.read(0, {100, 0, 32, 1}); }).find("reaches beyond level 0") != std::string::npos);
            CHECK(message([&] { slide.read(1, {0, 0, 1, 1}); }).find("the slide has 1") != std::string::npos);
        }
}

TEST_CASE("tile_cache: keeps the tiles asked for last, and no more bytes than it may") {
    comir::tile_cache cache(1000);
    auto const tile = [](std::size_t bytes) {
        return std::make_shared<comir::any_image const>(comir::image<std::uint8_t>({1, 1, bytes}));
    };
    for (std::size_t i = 0; i < 3; ++i)
        cache.insert({0, i, 0}, tile(400));
    CHECK(cache.bytes() == 800);
    CHECK_FALSE(cache.find({0, 0, 0}));
    CHECK(cache.find({0, 1, 0}));
    cache.insert({1, 1, 0}, tile(400));
    CHECK(cache.find({0, 1, 0}));
    CHECK_FALSE(cache.find({0, 2, 0}));
    cache.insert({2, 0, 0}, tile(1001));
    CHECK_FALSE(cache.find({2, 0, 0}));
    CHECK(cache.bytes() == 800);
}
