#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/io/tiff_layout.hpp>
#include <comir/io/tiff_stream.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// IEEE 754 binary16.
inline float half_to_float(std::uint16_t half) {
    std::uint32_t const exponent = (half >> 10) & 31u, fraction = half & 1023u;
    float value = 0.0f;
    if (exponent == 31)
        value = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    else if (exponent == 0)
        value = std::ldexp(static_cast<float>(fraction), -24);
    else
        value = std::ldexp(static_cast<float>(fraction + 1024u), static_cast<int>(exponent) - 25);
    return (half & 0x8000u) != 0 ? -value : value;
}

/// A block of a page: its first pixel, and the part of it that lies within the image.
struct tiff_block {
    std::size_t x = 0, y = 0, rows = 0, columns = 0;
};

inline tiff_block tiff_block_at(tiff_layout const& l, std::size_t across, std::size_t down) {
    std::size_t const x = across * l.tile_w, y = down * l.tile_h;
    return {x, y, std::min(l.tile_h, l.shape.h - y), std::min(l.tile_w, l.shape.w - x)};
}

/// Reads blocks of the current page of a file into images; holds the memory that decoding needs.
/// Threads: one reader, on one stream, by one thread at a time
class tiff_block_reader {
public:
    tiff_block_reader(tiff_stream const& file, tiff_layout const& layout) : file_(file), l_(layout) {
        if (l_.photometric == PHOTOMETRIC_PALETTE)
            require<format_error>(
                TIFFGetField(file_.get(), TIFFTAG_COLORMAP, &palette_[0], &palette_[1], &palette_[2]) == 1,
                file_.where(), ": the TIFF file is damaged: its palette is missing");
    }

    /// Writes the part of the block that lies within the image to target, its first pixel at (x, y) of target. A block
    /// that the file left out, as GDAL's SPARSE_OK does, becomes `absent`.
    /// Errors: format_error if the block is damaged
    template <class T>
    void read(tiff_block const& block, image<T>& target, region const& at, T absent) {
        std::size_t const per_plane = l_.shape.c / l_.planes;
        for (std::size_t plane = 0; plane < l_.planes; ++plane) {
            if (decode(block, plane))
                place<T>(block, target, {at.x, at.y, plane * per_plane, per_plane});
            else
                for (std::size_t c = plane * per_plane; c < (plane + 1) * per_plane; ++c)
                    for (std::size_t y = 0; y < block.rows; ++y)
                        std::fill_n(target.row(c, at.y + y) + at.x, block.columns, absent);
        }
    }

private:
    struct target_place {
        std::size_t x, y, first_channel, channels;
    };

    /// False if the file holds nothing for the block.
    bool decode(tiff_block const& block, std::size_t plane) {
        auto const x = static_cast<std::uint32_t>(block.x), y = static_cast<std::uint32_t>(block.y);
        auto const sample = static_cast<std::uint16_t>(plane);
        std::uint32_t const index =
            l_.tiled ? TIFFComputeTile(file_.get(), x, y, 0, sample) : TIFFComputeStrip(file_.get(), y, sample);
        // Asked first: libtiff fails on an empty block and leaves what the buffer held.
        if (TIFFGetStrileByteCount(file_.get(), index) == 0 && TIFFGetStrileOffset(file_.get(), index) == 0)
            return false;
        raw_.resize(l_.row_bytes * l_.tile_h);
        // The last strip ends with the image, tiles are always full.
        auto const bytes = static_cast<tmsize_t>(l_.row_bytes * (l_.tiled ? l_.tile_h : block.rows));
        tmsize_t const got = l_.tiled ? TIFFReadEncodedTile(file_.get(), index, raw_.data(), bytes)
                                      : TIFFReadEncodedStrip(file_.get(), index, raw_.data(), bytes);
        require<format_error>(got == bytes, file_.where(), ": the TIFF file is damaged: ", file_.reason());
        return true;
    }

    template <class T>
    void place(tiff_block const& block, image<T>& target, target_place const& to) {
        bool const is_signed = l_.format == SAMPLEFORMAT_INT;
        if (l_.photometric == PHOTOMETRIC_PALETTE) {
            if constexpr (std::is_same_v<T, std::uint8_t>)
                place_colours(block, target, to);
        } else if (l_.format == SAMPLEFORMAT_IEEEFP) {
            if (l_.bits == 16)
                place_halves(block, target, to);
            else if (l_.bits == 32)
                place_as<float>(block, target, to);
            else
                place_as<double>(block, target, to);
        } else if (l_.bits == 32) {
            is_signed ? place_as<std::int32_t>(block, target, to) : place_as<std::uint32_t>(block, target, to);
        } else if (l_.bits == 16) {
            is_signed ? place_as<std::int16_t>(block, target, to) : place_as<std::uint16_t>(block, target, to);
        } else if (l_.bits == 8) {
            is_signed ? place_as<std::int8_t>(block, target, to) : place_as<std::uint8_t>(block, target, to);
        } else {
            place_packed(block, target, to);
        }
        if constexpr (std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t>)
            if (l_.inverted())
                for (std::size_t c = to.first_channel; c < to.first_channel + to.channels; ++c)
                    for (std::size_t y = 0; y < block.rows && !(l_.alpha && c + 1 == l_.shape.c); ++y)
                        for (T *v = target.row(c, to.y + y) + to.x, *end = v + block.columns; v != end; ++v)
                            *v = static_cast<T>(l_.white() - *v);
    }

    template <class Stored, class T>
    void place_as(tiff_block const& block, image<T>& target, target_place const& to) {
        for (std::size_t c = 0; c < to.channels; ++c)
            for (std::size_t y = 0; y < block.rows; ++y) {
                auto const* from = reinterpret_cast<Stored const*>(raw_.data() + y * l_.row_bytes) + c;
                T* const row = target.row(to.first_channel + c, to.y + y) + to.x;
                for (std::size_t x = 0; x < block.columns; ++x)
                    row[x] = static_cast<T>(from[x * to.channels]);
            }
    }

    template <class T>
    void place_halves(tiff_block const& block, image<T>& target, target_place const& to) {
        for (std::size_t y = 0; y < block.rows; ++y) {
            auto const* from = reinterpret_cast<std::uint16_t const*>(raw_.data() + y * l_.row_bytes);
            for (std::size_t x = 0; x < block.columns; ++x)
                for (std::size_t c = 0; c < to.channels; ++c)
                    target(to.first_channel + c, to.y + y, to.x + x) = static_cast<T>(half_to_float(*from++));
        }
    }

    /// 1, 2 and 4 bits end at 255, as in PNG; 10, 12 and 14 bits stay the numbers that they are, as in GDAL.
    template <class T>
    void place_packed(tiff_block const& block, image<T>& target, target_place const& to) {
        unsigned const factor = l_.bits <= 4 ? 255u / ((1u << l_.bits) - 1u) : 1u;
        for (std::size_t y = 0; y < block.rows; ++y) {
            std::size_t bit = 0;
            for (std::size_t x = 0; x < block.columns; ++x)
                for (std::size_t c = 0; c < to.channels; ++c, bit += l_.bits)
                    target(to.first_channel + c, to.y + y, to.x + x) = static_cast<T>(factor * bits_at(y, bit));
        }
    }

    /// The most significant of a palette's 16 bits: files hold v * 256 or v * 257.
    void place_colours(tiff_block const& block, image<std::uint8_t>& target, target_place const& to) {
        for (std::size_t y = 0; y < block.rows; ++y)
            for (std::size_t x = 0; x < block.columns; ++x) {
                unsigned const entry = l_.bits == 16
                                           ? reinterpret_cast<std::uint16_t const*>(raw_.data() + y * l_.row_bytes)[x]
                                           : bits_at(y, x * l_.bits);
                for (std::size_t c = 0; c < 3; ++c)
                    target(c, to.y + y, to.x + x) = static_cast<std::uint8_t>(palette_[c][entry] >> 8);
            }
    }

    unsigned bits_at(std::size_t row, std::size_t bit) const {
        unsigned value = 0;
        unsigned char const* bytes = raw_.data() + row * l_.row_bytes;
        for (std::size_t left = l_.bits; left > 0;) {
            std::size_t const used = bit % 8, take = std::min(left, 8 - used);
            value = (value << take) | ((bytes[bit / 8] >> (8 - used - take)) & ((1u << take) - 1u));
            bit += take;
            left -= take;
        }
        return value;
    }

    tiff_stream const& file_;
    tiff_layout l_;
    std::uint16_t* palette_[3] = {};
    std::vector<unsigned char> raw_{};
};

}}}  // namespace comir::COMIR_ABI::detail
