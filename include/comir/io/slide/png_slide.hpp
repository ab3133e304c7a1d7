#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>

#include <comir/io/png_file.hpp>
#include <comir/io/slide/slide_info.hpp>
#include <comir/io/slide/tile_cache.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A PNG file as a slide of one level. The format has no parts: the first tile reads the whole image, which is kept.
/// Threads: read_tile may run from several threads
class png_slide {
public:
    /// Reads the header of the file.
    /// Errors: error if the file cannot be opened; format_error if its header is damaged
    png_slide(std::string who, std::filesystem::path path) : who_(std::move(who)), path_(std::move(path)) {
        constexpr std::size_t rows = 256;
        detail::png_header const header = detail::read_png_header(who_, path_);
        info_.format = "PNG";
        info_.channels = header.shape.c;
        info_.levels.push_back({{header.shape.w, header.shape.h}, {header.shape.w, std::min(rows, header.shape.h)}});
        info_.type = header.deep ? sample_type::u16 : sample_type::u8;
        info_.colour = header.shape.c >= 3;
        info_.alpha = header.alpha;
        info_.size = detail::png_pixel_size(header);
    }

    slide_info const& info() const { return info_; }

    /// The rows of a tile.
    /// Errors: format_error if the file is damaged
    any_image read_tile(tile_index const& index) const {
        slide_level const& level = info_.levels[0];
        std::size_t const y = index.down * level.tile.h;
        region const rows{0, y, level.size.w, std::min(level.tile.h, level.size.h - y)};
        return std::visit([&](auto const& held) -> any_image { return crop(held, rows); }, *whole());
    }

private:
    std::shared_ptr<any_image const> whole() const {
        std::lock_guard const lock(mutex_);
        if (!pixels_)
            pixels_ = std::make_shared<any_image const>(detail::read_png(who_, path_, {}).pixels);
        return pixels_;
    }

    std::string who_;
    std::filesystem::path path_;
    slide_info info_{};
    mutable std::mutex mutex_;
    mutable std::shared_ptr<any_image const> pixels_{};
};

}}  // namespace comir::COMIR_ABI
