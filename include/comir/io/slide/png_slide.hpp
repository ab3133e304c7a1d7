#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include <comir/io/png_file.hpp>
#include <comir/io/slide/slide_info.hpp>
#include <comir/io/slide/tile_cache.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A PNG file as a slide of one level and one tile: the format holds no parts. The pixels are read when the tile is.
class png_slide {
public:
    /// Reads the header of the file.
    /// Errors: error if the file cannot be opened; format_error if its header is damaged
    png_slide(std::string who, std::filesystem::path path) : who_(std::move(who)), path_(std::move(path)) {
        detail::png_header const header = detail::read_png_header(who_, path_);
        info_.format = "PNG";
        info_.channels = header.shape.c;
        info_.levels.push_back({{header.shape.w, header.shape.h}, {header.shape.w, header.shape.h}});
        info_.type = header.deep ? sample_type::u16 : sample_type::u8;
        info_.colour = header.shape.c >= 3;
        info_.alpha = header.alpha;
        info_.size = detail::png_pixel_size(header);
    }

    slide_info const& info() const { return info_; }

    /// The whole image.
    /// Errors: format_error if the file is damaged
    any_image read_tile(tile_index const&) const { return detail::read_png(who_, path_, {}).pixels; }

private:
    std::string who_;
    std::filesystem::path path_;
    slide_info info_{};
};

}}  // namespace comir::COMIR_ABI
