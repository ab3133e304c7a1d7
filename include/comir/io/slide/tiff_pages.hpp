#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <comir/io/tiff_layout.hpp>
#include <comir/io/tiff_stream.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A page of a TIFF file: where its directory is, and what it holds.
struct tiff_page {
    std::uint64_t offset = 0;  // bytes
    tiff_layout layout{};
    std::uint32_t kind = 0;                 // NewSubfileType
    std::string problem{};                  // why the page cannot be read; empty if it can
    std::vector<std::uint64_t> children{};  // offsets of its SubIFDs

    bool readable() const { return problem.empty(); }
    extent2 size() const { return {layout.shape.w, layout.shape.h}; }
    /// Whether both can be parts of one image.
    bool same_kind(tiff_page const& other) const {
        return readable() && other.readable() && layout.shape.c == other.layout.shape.c &&
               layout.type() == other.layout.type() && layout.inverted() == other.layout.inverted() &&
               layout.alpha == other.layout.alpha;
    }
    bool same_grid(tiff_page const& other) const {
        return layout.shape == other.layout.shape && layout.tile_w == other.layout.tile_w &&
               layout.tile_h == other.layout.tile_h;
    }
};

/// Levels of a pyramid halve the image: more than these are none.
inline constexpr std::size_t most_tiff_children = 64;
/// Pages behind these are not looked at: a damaged file may chain as many as it has bytes.
inline constexpr std::size_t most_tiff_pages = 4096;

/// The page that is current. `limits.format` holds for smaller copies only.
inline tiff_page read_tiff_page(tiff_stream const& file, tiff_limits limits) {
    tiff_page page{.offset = TIFFCurrentDirOffset(file.get())};
    page.kind = file.tag<std::uint32_t>(TIFFTAG_SUBFILETYPE, 0);
    if ((page.kind & FILETYPE_REDUCEDIMAGE) == 0)
        limits.format.reset();
    std::uint16_t count = 0;
    std::uint64_t const* offsets = nullptr;
    if (TIFFGetField(file.get(), TIFFTAG_SUBIFD, &count, &offsets) == 1 && offsets != nullptr)
        page.children.assign(offsets, offsets + std::min<std::size_t>(count, most_tiff_children));
    try {
        page.layout = read_tiff_layout(file, limits);
    } catch (format_error const& reason) {
        page.problem = reason.what();
    }
    return page;
}

/// The pages of the chain, the first being current before.
inline std::vector<tiff_page> read_tiff_pages(tiff_stream const& file, tiff_limits limits) {
    std::vector<tiff_page> pages{read_tiff_page(file, limits)};
    limits.format = pages[0].layout.format;
    // libtiff ends a chain that runs in a circle.
    while (pages.size() < most_tiff_pages && TIFFReadDirectory(file.get()) == 1)
        pages.push_back(read_tiff_page(file, limits));
    return pages;
}

/// The readable SubIFDs of a page. SubIFDs of SubIFDs are not followed, so that no circle can arise.
inline std::vector<tiff_page> read_tiff_children(tiff_stream const& file, tiff_page const& parent, tiff_limits limits) {
    if (!limits.format && parent.readable())
        limits.format = parent.layout.format;
    std::vector<tiff_page> children;
    for (std::uint64_t const offset : parent.children)
        if (TIFFSetSubDirectory(file.get(), offset) == 1)
            if (tiff_page page = read_tiff_page(file, limits); page.readable())
                children.push_back(std::move(page));
    return children;
}

}}}  // namespace comir::COMIR_ABI::detail
