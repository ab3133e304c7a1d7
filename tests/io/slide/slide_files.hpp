#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <tiffio.h>

#include <comir/image/image.hpp>
#include <comir/io/any_image.hpp>

// Small TIFF files, written by libtiff itself.

/// A page of grey or interleaved values as bytes, one strip or tiles that lie within the image.
struct raw_page {
    std::uint32_t width = 0, height = 0;
    std::uint16_t samples = 1, bits = 8, format = SAMPLEFORMAT_UINT, photometric = PHOTOMETRIC_MINISBLACK;
    std::vector<unsigned char> bytes{};
    std::function<void(TIFF*)> tags = [](TIFF*) {};
    bool state_format = true;
};

inline void write_page(TIFF* file, raw_page const& page) {
    REQUIRE(file != nullptr);
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, page.width);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, page.height);
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, page.samples);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, page.bits);
    if (page.state_format)
        TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, page.format);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, page.photometric);
    TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, page.height);
    page.tags(file);
    auto bytes = page.bytes;
    auto const size = static_cast<tmsize_t>(bytes.size());
    REQUIRE(TIFFWriteEncodedStrip(file, 0, bytes.data(), size) == size);
    REQUIRE(TIFFWriteDirectory(file) == 1);
}

inline std::filesystem::path write_pages(std::filesystem::path const& path, std::vector<raw_page> const& pages) {
    TIFF* const file = TIFFOpen(path.c_str(), "w");
    for (raw_page const& page : pages)
        write_page(file, page);
    TIFFClose(file);
    return path;
}

/// Grey of 8 bits whose pixel (x, y) is `start + x + y`.
inline raw_page ramp_page(std::uint32_t width, std::uint32_t height, unsigned start = 0) {
    raw_page page{.width = width, .height = height};
    for (std::uint32_t y = 0; y < height; ++y)
        for (std::uint32_t x = 0; x < width; ++x)
            page.bytes.push_back(static_cast<unsigned char>(start + x + y));
    return page;
}

/// Values that hardly compress, the same for one seed.
template <class T>
comir::image<T> noise_image(comir::image_shape shape, unsigned seed) {
    std::mt19937 engine(seed);
    comir::image<T> result(shape);
    for (T& v : result.values())
        v = static_cast<T>(engine() >> 8);
    return result;
}

template <class T>
bool equal_images(comir::image<T> const& a, comir::image<T> const& b) {
    return a.shape() == b.shape() && std::equal(a.values().begin(), a.values().end(), b.values().begin());
}

template <class T>
bool equal_images(comir::any_image const& a, comir::image<T> const& b) {
    return std::holds_alternative<comir::image<T>>(a) && equal_images(std::get<comir::image<T>>(a), b);
}
