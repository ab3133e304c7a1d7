#pragma once

#if defined(COMIR_OPENSLIDE)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <openslide/openslide.h>
#include <optional>
#include <string>
#include <vector>

#include <comir/io/slide/slide_info.hpp>
#include <comir/io/slide/tile_cache.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A slide scanner's file through OpenSlide, as RGB of 8 bits. Where the scanner recorded nothing, pixels are the
/// slide's background colour, or white.
/// Threads: read_tile may run from several threads
class openslide_slide {
public:
    /// The vendor's name by OpenSlide, such as "aperio"; nothing if it does not know the file.
    static std::optional<std::string> vendor(std::filesystem::path const& path) {
        char const* name = openslide_detect_vendor(path.c_str());
        return name ? std::optional<std::string>(name) : std::nullopt;
    }

    /// Errors: format_error with OpenSlide's reason
    openslide_slide(std::string const& who, std::filesystem::path const& path)
        : where_(who + ": " + path.string()), slide_(openslide_open(path.c_str())) {
        require<format_error>(slide_ != nullptr, where_, ": OpenSlide does not know this file");
        check();
        int const levels = openslide_get_level_count(slide_.get());
        require<format_error>(levels > 0, where_, ": OpenSlide finds no image in it");
        extent2 const full = size_of(0);
        require<format_error>(full.w > 0 && full.h > 0, where_, ": OpenSlide finds an empty image in it");
        for (int i = 0; i < levels; ++i) {
            extent2 const size = size_of(i);
            auto const factor =
                i == 0 ? std::array<double, 2>{1.0, 1.0} : level_factor(full, size).value_or(std::array{0.0, 0.0});
            if (factor[0] == 0.0)
                continue;
            info_.levels.push_back({size, {tile_size, tile_size}, factor});
            numbers_.push_back(i);
        }
        info_.format = property("openslide.vendor").value_or("OpenSlide");
        info_.channels = 3;
        info_.colour = true;
        auto const x = number("openslide.mpp-x"), y = number("openslide.mpp-y");
        if (x && y)
            info_.size = checked_pixel_size(*x, *y, "OpenSlide");
        if (auto const colour = property("openslide.background-color"); colour && colour->size() == 6)
            background_ = static_cast<std::uint32_t>(std::strtoul(colour->c_str(), nullptr, 16));
    }

    slide_info const& info() const { return info_; }

    /// Errors: format_error with OpenSlide's reason
    any_image read_tile(tile_index const& index) const {
        slide_level const& level = info_.levels[index.level];
        std::size_t const x = index.across * tile_size, y = index.down * tile_size;
        std::size_t const w = std::min(tile_size, level.size.w - x), h = std::min(tile_size, level.size.h - y);
        std::vector<std::uint32_t> pixels(w * h);
        // OpenSlide takes the place in level 0, and goes back by a factor of its own: the mean of both ratios.
        int const number = numbers_[index.level];
        double const factor = openslide_get_level_downsample(slide_.get(), number);
        auto const place = [&](std::size_t at) { return std::llround(static_cast<double>(at) * factor); };
        openslide_read_region(slide_.get(), pixels.data(), place(x), place(y), number, static_cast<std::int64_t>(w),
                              static_cast<std::int64_t>(h));
        check();
        image<std::uint8_t> tile({3, h, w});
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            std::uint32_t const p = pixels[i], clear = 255 - (p >> 24);
            for (std::size_t c = 0; c < 3; ++c) {
                unsigned const shift = 16 - 8 * static_cast<unsigned>(c);
                std::uint32_t const shown = (p >> shift) & 255u, behind = (background_ >> shift) & 255u;
                tile.channel(c)[i] = static_cast<std::uint8_t>(std::min(255u, shown + (behind * clear + 127) / 255));
            }
        }
        return tile;
    }

private:
    static constexpr std::size_t tile_size = 512;

    struct closer {
        void operator()(openslide_t* slide) const { openslide_close(slide); }
    };
    extent2 size_of(int level) const {
        std::int64_t w = 0, h = 0;
        openslide_get_level_dimensions(slide_.get(), level, &w, &h);
        return {static_cast<std::size_t>(std::max<std::int64_t>(w, 0)),
                static_cast<std::size_t>(std::max<std::int64_t>(h, 0))};
    }
    std::optional<std::string> property(char const* name) const {
        char const* value = openslide_get_property_value(slide_.get(), name);
        return value ? std::optional<std::string>(value) : std::nullopt;
    }
    std::optional<double> number(char const* name) const {
        auto const text = property(name);
        return text ? std::optional(std::strtod(text->c_str(), nullptr)) : std::nullopt;
    }
    void check() const {
        char const* reason = openslide_get_error(slide_.get());
        require<format_error>(reason == nullptr, where_, ": OpenSlide cannot read it: ", reason ? reason : "");
    }

    std::string where_;
    std::unique_ptr<openslide_t, closer> slide_;
    slide_info info_{};
    std::vector<int> numbers_{};  // OpenSlide's, of our levels
    std::uint32_t background_ = 0xffffff;
};

}}  // namespace comir::COMIR_ABI

#endif
