#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tiffio.h>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/io/pixel_size.hpp>
#include <comir/io/sample_type.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How the pixels of a written slide are compressed.
enum class slide_compression {
    none,
    deflate,  // read by every program; whole numbers with TIFF's horizontal predictor
    zstd,     // as small, several times faster, but not read by browsers' viewers and plain tifffile
    jpeg,     // with loss, 8 bits of one channel or RGB
};

/// Where the smaller copies of a written slide stand. No place serves all programs.
enum class slide_pyramid {
    none,
    subifd,  // OME-TIFF's: QuPath, Bio-Formats, viv, vips, GDAL, tifffile; not OpenSlide
    pages,   // pages that are flagged as smaller copies: OpenSlide, GDAL, tifffile; not viv
};

/// How the full image of a written slide is cut.
enum class slide_layout {
    tiles,
    strips,  // ITK and elastix read tiled TIFF files as 8-bit RGBA, these as they are
};

/// What a slide is written as.
struct slide_format {
    slide_compression compression = slide_compression::deflate;
    int quality = 85;        // of JPEG, 1 to 100; below 90 colours are stored at half the resolution, as libvips does
    std::size_t tile = 256;  // px, a power of two of at least 16
    slide_pyramid pyramid = slide_pyramid::subifd;
    slide_layout layout = slide_layout::tiles;
    int threads = 0;
};

/// What is known of a slide that is written, beside its pixels.
struct slide_content {
    image_shape shape{};
    bool colour = false;         // three channels of RGB, or four with opacity, in one page; else a page a channel
    bool alpha = false;          // the last channel is opacity
    bool premultiplied = false;  // the colours were multiplied by it
    std::optional<pixel_size> size{};
    std::vector<std::string> channel_names{};  // one a channel, or none
    std::optional<double> nodata{};
};

namespace detail {

/// Errors: error, shape_error
inline void check_slide_format(std::string const& who, slide_format const& format, slide_content const& content,
                               sample_type type) {
    constexpr std::size_t most = 0x7fffffff;
    require<shape_error>(
        content.shape.size() > 0 && content.shape.c <= 65535 && content.shape.h <= most && content.shape.w <= most, who,
        ": the image is ", to_string(content.shape), ", expected at least one pixel and at most 65535 channels and ",
        most, " rows and columns");
    require<shape_error>(!content.colour || content.shape.c == 3 || (content.shape.c == 4 && content.alpha), who,
                         ": the image is RGB and has ", content.shape.c,
                         " channels, expected 3, or 4 of which the last is opacity");
    require(std::has_single_bit(format.tile) && format.tile >= 16 && format.tile <= 4096, who, ": tiles of ",
            format.tile, " px were asked for, expected a power of two from 16 to 4096");
    require(format.quality >= 1 && format.quality <= 100, who, ": the quality is ", format.quality,
            ", expected 1 to 100");
    require(content.channel_names.empty() || content.channel_names.size() == content.shape.c, who, ": ",
            content.channel_names.size(), " names of channels were given, expected none or ", content.shape.c);
    if (format.compression == slide_compression::jpeg)
        require(type == sample_type::u8 && (!content.colour || content.shape.c == 3), who,
                ": JPEG holds 8 bits of one channel or RGB, the image has ", 8 * sample_bytes(type), " bits and ",
                content.shape.c, " channels; write it with deflate or zstd");
    static constexpr int codecs[] = {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_ZSTD, COMPRESSION_JPEG};
    static constexpr char const* names[] = {"none", "deflate", "zstd", "jpeg"};
    auto const i = static_cast<std::size_t>(format.compression);
    require(TIFFIsCODECConfigured(static_cast<std::uint16_t>(codecs[i])) == 1, who, ": this libtiff has no ", names[i],
            "; choose another compression");
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
