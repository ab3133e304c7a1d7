#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <comir/io/slide/slide_info.hpp>
#include <comir/io/slide/tiff_pages.hpp>
#include <comir/io/tiff_description.hpp>
#include <comir/io/tiff_file.hpp>
#include <comir/io/tiff_nodata.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The pages of one level, each with one or more of the channels.
using tiff_planes = std::vector<tiff_page>;

/// What the pages of a TIFF file are to each other.
struct tiff_structure {
    slide_info info{};
    std::vector<tiff_planes> levels{};
};

/// The part of a level that is read at once: a tile, or several strips, since many are one row.
inline extent2 tile_of(tiff_layout const& l) {
    if (l.tiled)
        return {l.tile_w, l.tile_h};
    constexpr std::size_t enough = std::size_t{1} << 19;  // bytes
    std::size_t const strips = std::max<std::size_t>(1, enough / std::max<std::size_t>(1, l.row_bytes * l.tile_h));
    return {l.shape.w, std::min(l.shape.h, strips * l.tile_h)};
}

/// Which pages are the channels of the full image, in their order.
class tiff_channel_finder {
public:
    tiff_channel_finder(std::vector<tiff_page> const& pages, tiff_description const& description, slide_info& info)
        : pages_(pages), ome_(description.ome), imagej_(description.imagej), info_(info) {}

    std::vector<std::size_t> find() {
        if (ome_)
            return ome_channels();
        if (imagej_)
            return imagej_channels();
        info_.format = "TIFF";
        return plain_channels();
    }

private:
    template <class... Parts>
    void note(Parts const&... parts) {
        add_note(info_.notes, parts...);
    }

    std::vector<std::size_t> ome_channels() {
        info_.format = "OME-TIFF";
        if (ome_->channel_names.size() > 1 && ome_->channel_names.size() == pages_[0].layout.shape.c) {
            info_.channel_names = ome_->channel_names;  // all in one page
            return {0};
        }
        std::vector<std::size_t> found;
        std::size_t const stated = ome_->pages.size();
        for (std::size_t c = 0; c < stated; ++c) {
            auto const page = ome_->pages[c];
            if (!page || *page >= pages_.size() || !pages_[static_cast<std::size_t>(*page)].same_kind(pages_[0]))
                continue;
            found.push_back(static_cast<std::size_t>(*page));
            if (c < ome_->channel_names.size())
                info_.channel_names.push_back(ome_->channel_names[c]);
        }
        if (found.empty())
            found.push_back(0);
        if (found.size() < stated)
            note(stated - found.size(), " of the ", stated,
                 " channels of its OME-XML are missing or in other files; they are left out");
        if (ome_->depths > 1 || ome_->times > 1)
            note("the first of ", ome_->depths, " depths and ", ome_->times, " time points is read");
        if (ome_->images > 1)
            note("the first of ", ome_->images, " images is read");
        return found;
    }

    std::vector<std::size_t> imagej_channels() {
        info_.format = "ImageJ TIFF";
        std::uint64_t const channels = imagej_->channels;
        if (channels > pages_.size() || pages_[0].layout.shape.c > 1) {
            if (channels > pages_.size())
                note("the first of ", channels, " channels is read: ImageJ keeps large stacks without their pages");
            return {0};
        }
        if (imagej_->slices > 1 || imagej_->frames > 1)
            note("the first of ", imagej_->slices, " slices and ", imagej_->frames, " frames is read");
        std::vector<std::size_t> found;
        for (std::size_t c = 0; c < channels && pages_[c].same_kind(pages_[0]); ++c)
            found.push_back(c);
        return found;
    }

    std::vector<std::size_t> plain_channels() {
        std::vector<std::size_t> found{0};
        std::size_t alike = 1;
        for (; alike < pages_.size(); ++alike)
            if (pages_[alike].kind != 0 || !pages_[alike].same_kind(pages_[0]) ||
                pages_[alike].size() != pages_[0].size())
                break;
        if (alike == 1)
            return found;
        if (pages_[0].layout.shape.c > 1) {
            note("the first of ", alike, " pages of equal size is read");
            return found;
        }
        note("its ", alike, " pages of equal size are taken as channels");
        for (std::size_t i = 1; i < alike; ++i)
            found.push_back(i);
        return found;
    }

    std::vector<tiff_page> const& pages_;
    std::optional<ome_image> const& ome_;
    std::optional<imagej_description> const& imagej_;
    slide_info& info_;
};

/// Finds the levels below the full image: SubIFDs, else flagged pages, else smaller pages of the same aspect.
class tiff_level_finder {
public:
    tiff_level_finder(tiff_stream const& file, tiff_limits const& limits, tiff_structure& structure)
        : file_(file), limits_(limits), structure_(structure) {}

    void find(std::vector<tiff_page> const& pages, std::vector<std::size_t> const& channels) {
        find_children();
        std::vector<tiff_page> flagged, smaller;
        for (std::size_t i = 0; i < pages.size(); ++i) {
            if (std::ranges::find(channels, i) != channels.end() || !pages[i].readable() ||
                (pages[i].kind & FILETYPE_MASK) != 0)
                continue;
            if ((pages[i].kind & FILETYPE_REDUCEDIMAGE) != 0)
                flagged.push_back(pages[i]);
            else if (auto const factor = level_factor(full().size(), pages[i].size());
                     factor && (*factor)[0] == (*factor)[1])
                smaller.push_back(pages[i]);
        }
        if (structure_.levels.size() == 1)
            add_pages(std::move(flagged));
        if (structure_.levels.size() == 1 && add_pages(std::move(smaller)))
            structure_.info.notes.push_back("its smaller pages are taken as levels, though no tag says so");
    }

private:
    tiff_page const& full() const { return structure_.levels[0][0]; }

    void find_children() {
        std::vector<std::vector<tiff_page>> children;
        for (tiff_page const& plane : structure_.levels[0])
            children.push_back(read_tiff_children(file_, plane, limits_));
        std::ranges::stable_sort(children[0], std::ranges::greater{}, [](auto const& p) { return p.layout.shape.w; });
        for (tiff_page const& first : children[0]) {
            tiff_planes planes;
            for (auto const& others : children)
                for (tiff_page const& page : others)
                    if (page.size() == first.size()) {
                        planes.push_back(page);
                        break;
                    }
            add(std::move(planes));
        }
    }

    /// Pages of one size are the channels of one level, in their order. Returns whether any level came of it.
    bool add_pages(std::vector<tiff_page> pages) {
        std::ranges::stable_sort(pages, std::ranges::greater{}, [](auto const& p) { return p.layout.shape.w; });
        bool any = false;
        for (std::size_t i = 0; i < pages.size();) {
            tiff_planes planes;
            std::size_t end = i;
            for (; end < pages.size() && pages[end].size() == pages[i].size(); ++end)
                planes.push_back(pages[end]);
            planes.resize(std::min(planes.size(), structure_.levels[0].size()));
            any = add(std::move(planes)) || any;
            i = end;
        }
        return any;
    }

    bool add(tiff_planes planes) {
        if (planes.size() != structure_.levels[0].size())
            return false;
        auto const factor = level_factor(full().size(), planes[0].size());
        extent2 const last = structure_.levels.back()[0].size(), size = planes[0].size();
        if (!factor || size.w > last.w || size.h > last.h || size == last ||
            !std::ranges::all_of(planes, [&](auto const& p) { return p.same_kind(full()) && p.same_grid(planes[0]); }))
            return false;
        structure_.info.levels.push_back({size, tile_of(planes[0].layout), *factor});
        structure_.levels.push_back(std::move(planes));
        return true;
    }

    tiff_stream const& file_;
    tiff_limits limits_;
    tiff_structure& structure_;
};

/// Finds channels and levels in the pages of a file whose first page is current.
/// Errors: format_error if the full image cannot be read
inline tiff_structure read_tiff_structure(tiff_stream const& file, tiff_limits const& limits) {
    tiff_structure result;
    slide_info& info = result.info;
    tiff_layout const first =
        read_tiff_layout(file, limits);  // of other pages, errors only mean that they are left out
    tiff_description const description =
        parse_tiff_description(read_tiff_description(file), {first.shape.w, first.shape.h}, info.notes);
    info.size = read_tiff_pixel_size(file, description);
    auto const nodata = read_nodata_tag(file);
    note_tiff_orientation(file, info.notes);
    note_missing_blocks(file, first, info.notes);

    std::vector<tiff_page> const pages = read_tiff_pages(file, limits);
    if (pages.size() == most_tiff_pages)
        add_note(info.notes, "pages behind the first ", most_tiff_pages, " are not looked at");
    tiff_channel_finder finder(pages, description, info);
    std::vector<std::size_t> const channels = finder.find();
    tiff_planes planes;
    for (std::size_t const page : channels)
        planes.push_back(pages[page]);
    require<format_error>(std::ranges::all_of(planes, [&](auto const& p) { return p.same_grid(planes[0]); }),
                          file.where(), ": the pages of its channels differ in size or tiles, expected equal ones");
    info.channels = first.shape.c * planes.size();
    info.type = first.type();
    info.alpha = first.alpha && planes.size() == 1;
    info.premultiplied = info.alpha && first.premultiplied;
    info.colour = planes.size() == 1 && first.photometric >= PHOTOMETRIC_RGB;
    info.nodata = read_nodata(first, nodata);
    info.unread_nodata = nodata && !info.nodata ? *nodata : "";
    if (info.channel_names.size() != info.channels ||
        std::ranges::all_of(info.channel_names, [](std::string const& name) { return name.empty(); }))
        info.channel_names.clear();
    info.levels.push_back({planes[0].size(), tile_of(planes[0].layout)});
    result.levels.push_back(std::move(planes));
    tiff_level_finder(file, limits, result).find(pages, channels);
    return result;
}

}}}  // namespace comir::COMIR_ABI::detail
