#pragma once

#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <tiffio.h>

#include <comir/core/error.hpp>
#include <comir/io/slide/slide_format.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// How the blocks of a page are stored.
struct block_format {
    sample_type type = sample_type::u8;
    std::size_t samples = 1;  // of a pixel
    bool colour = false, alpha = false, premultiplied = false;
    slide_compression compression = slide_compression::deflate;
    int quality = 85;

    bool subsampled() const { return compression == slide_compression::jpeg && colour && quality < 90; }
};

/// Sets the tags that say how pixels are stored. Returns whether libtiff took them.
inline bool set_block_tags(TIFF* file, block_format const& f) {
    bool good = true;
    auto const set = [&](std::uint32_t tag, auto... value) { good = good && TIFFSetField(file, tag, value...) == 1; };
    bool const jpeg = f.compression == slide_compression::jpeg, whole = f.type != sample_type::f32;
    set(TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(f.samples));
    set(TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * sample_bytes(f.type)));
    set(TIFFTAG_SAMPLEFORMAT, whole ? SAMPLEFORMAT_UINT : SAMPLEFORMAT_IEEEFP);
    set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    if (f.alpha) {
        std::uint16_t const kind = f.premultiplied ? EXTRASAMPLE_ASSOCALPHA : EXTRASAMPLE_UNASSALPHA;
        set(TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    static constexpr int codecs[] = {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_ZSTD, COMPRESSION_JPEG};
    set(TIFFTAG_COMPRESSION, codecs[static_cast<std::size_t>(f.compression)]);
    set(TIFFTAG_PHOTOMETRIC, !f.colour ? PHOTOMETRIC_MINISBLACK : jpeg ? PHOTOMETRIC_YCBCR : PHOTOMETRIC_RGB);
    if (jpeg) {
        set(TIFFTAG_JPEGQUALITY, f.quality);
        if (f.colour) {
            set(TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
            int const step = f.subsampled() ? 2 : 1;
            set(TIFFTAG_YCBCRSUBSAMPLING, step, step);
        }
    } else if (f.compression != slide_compression::none && whole) {
        set(TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    }
    // libtiff's own levels, 6 and 9, take 2 and 8 times as long for less than 2 % of the size of stained tissue.
    if (f.compression == slide_compression::deflate)
        set(TIFFTAG_ZIPQUALITY, 4);
    if (f.compression == slide_compression::zstd)
        set(TIFFTAG_ZSTD_LEVEL, 1);
    return good;
}

/// A TIFF file in memory, to have libtiff compress one block: a file that is written by several threads takes only
/// blocks that are compressed already.
/// Source: the way of GDAL's GTiff driver
class memory_tiff {
public:
    memory_tiff() {
        TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
        if (options == nullptr)
            return;
        TIFFOpenOptionsSetErrorHandlerExtR(options, on_message, nullptr);
        TIFFOpenOptionsSetWarningHandlerExtR(options, on_message, nullptr);
        tiff_ = TIFFClientOpenExt("", "w", this, read, write, seek, close, size, nullptr, nullptr, options);
        TIFFOpenOptionsFree(options);
    }
    ~memory_tiff() {
        if (tiff_)
            TIFFCleanup(tiff_);  // the directory is of no use
    }
    memory_tiff(memory_tiff const&) = delete;
    memory_tiff& operator=(memory_tiff const&) = delete;

    TIFF* get() const { return tiff_; }
    /// The bytes of the file's only block.
    std::vector<unsigned char> block() const {
        std::uint64_t const at = TIFFGetStrileOffset(tiff_, 0), count = TIFFGetStrileByteCount(tiff_, 0);
        if (at > bytes_.size() || count > bytes_.size() - at)
            return {};
        auto const first = bytes_.begin() + static_cast<std::ptrdiff_t>(at);
        return {first, first + static_cast<std::ptrdiff_t>(count)};
    }

private:
    static memory_tiff& self(thandle_t handle) { return *static_cast<memory_tiff*>(handle); }
    static tmsize_t read(thandle_t handle, void* target, tmsize_t count) {
        memory_tiff& file = self(handle);
        std::size_t const left = file.bytes_.size() - std::min(file.position_, file.bytes_.size());
        std::size_t const n = std::min(left, static_cast<std::size_t>(count));
        if (n > 0)
            std::memcpy(target, file.bytes_.data() + file.position_, n);
        file.position_ += n;
        return static_cast<tmsize_t>(n);
    }
    static tmsize_t write(thandle_t handle, void* source, tmsize_t count) {
        memory_tiff& file = self(handle);
        auto const n = static_cast<std::size_t>(count);
        if (file.bytes_.size() < file.position_ + n)
            file.bytes_.resize(file.position_ + n);
        if (n > 0)
            std::memcpy(file.bytes_.data() + file.position_, source, n);
        file.position_ += n;
        return count;
    }
    static toff_t seek(thandle_t handle, toff_t offset, int whence) {
        memory_tiff& file = self(handle);
        std::size_t const start = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.position_ : file.bytes_.size();
        return file.position_ = start + static_cast<std::size_t>(offset);
    }
    static int close(thandle_t) { return 0; }
    static toff_t size(thandle_t handle) { return self(handle).bytes_.size(); }
    static int on_message(TIFF*, void*, char const*, char const*, va_list) { return 1; }

    std::vector<unsigned char> bytes_{};
    std::size_t position_ = 0;
    TIFF* tiff_ = nullptr;
};

/// The extent of a block, px, and whether it is a tile or a strip.
struct block_extent {
    std::size_t w = 0, h = 0;
    bool tile = true;
};

/// Lets libtiff begin a file of one block. Returns whether it could.
inline bool begin_block(memory_tiff const& file, block_format const& format, block_extent const& extent) {
    if (file.get() == nullptr)
        return false;
    auto const w = static_cast<std::uint32_t>(extent.w), h = static_cast<std::uint32_t>(extent.h);
    bool good = TIFFSetField(file.get(), TIFFTAG_IMAGEWIDTH, w) == 1 &&
                TIFFSetField(file.get(), TIFFTAG_IMAGELENGTH, h) == 1 && set_block_tags(file.get(), format);
    if (extent.tile)
        good = good && TIFFSetField(file.get(), TIFFTAG_TILEWIDTH, w) == 1 &&
               TIFFSetField(file.get(), TIFFTAG_TILELENGTH, h) == 1;
    else
        good = good && TIFFSetField(file.get(), TIFFTAG_ROWSPERSTRIP, h) == 1;
    return good;
}

/// The block compressed as a TIFF file holds it; empty if libtiff fails. `pixels` are whole pixels after one another,
/// rows x columns of the extent; they may be changed.
/// Threads: any number at once
inline std::vector<unsigned char> encode_block(block_format const& format, block_extent const& extent,
                                               std::vector<unsigned char>& pixels) {
    if (format.compression == slide_compression::none)
        return pixels;
    memory_tiff const file;
    if (!begin_block(file, format, extent))
        return {};
    auto const bytes = static_cast<tmsize_t>(pixels.size());
    tmsize_t const done = extent.tile ? TIFFWriteEncodedTile(file.get(), 0, pixels.data(), bytes)
                                      : TIFFWriteEncodedStrip(file.get(), 0, pixels.data(), bytes);
    return done == bytes ? file.block() : std::vector<unsigned char>{};
}

/// JPEG's tables, which all blocks of a page share and its directory holds. They depend on the format alone.
inline std::vector<unsigned char> jpeg_tables(block_format const& format, block_extent const& extent) {
    memory_tiff const file;
    std::vector<unsigned char> pixels(extent.w * extent.h * format.samples);
    if (!begin_block(file, format, extent) ||
        (extent.tile ? TIFFWriteEncodedTile(file.get(), 0, pixels.data(), static_cast<tmsize_t>(pixels.size()))
                     : TIFFWriteEncodedStrip(file.get(), 0, pixels.data(), static_cast<tmsize_t>(pixels.size()))) < 0)
        return {};
    std::uint32_t count = 0;
    unsigned char const* tables = nullptr;
    if (TIFFGetField(file.get(), TIFFTAG_JPEGTABLES, &count, &tables) != 1 || tables == nullptr)
        return {};
    return {tables, tables + count};
}

}}}  // namespace comir::COMIR_ABI::detail
