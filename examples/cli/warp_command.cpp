#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <comir/image/canvas.hpp>

#include "commands.hpp"
#include "images.hpp"
#include "memory.hpp"
#include "messages.hpp"
#include "outputs.hpp"
#include "slides.hpp"
#include "transforms.hpp"

namespace {

bool is_png(std::string const& path) {
    std::string const extension = std::filesystem::path(path).extension().string();
    return extension == ".png" || extension == ".PNG";
}

comir::extent2 extent_of(comir::image_info const& info) {
    return {info.shape.w, info.shape.h};
}

/// The pages that are warped, which all have the size of the first one.
std::vector<std::size_t> pages_to_warp(warp_settings const& s) {
    if (!s.pages.empty()) {
        comir::require(s.pages.size() == 1 || !is_png(s.out), "--out: ", s.out,
                       ": a PNG file holds one page; use .tif");
        return s.pages;
    }
    std::size_t const count = pages_of(s.moving);
    if (count == 1 || is_png(s.out)) {
        if (count > 1)
            std::fprintf(stderr,
                         "comir: %s: the first of %zu pages is written; a .tif file holds all, --page chooses\n",
                         s.moving.c_str(), count);
        return {0};
    }
    comir::extent2 const size = extent_of(load_image_info(s.moving));
    std::vector<std::size_t> pages{0};
    std::size_t left_out = 0;
    for (std::size_t page = 1; page < count; ++page) {
        comir::image_info const info = load_image_info(s.moving, page);
        if (info.reduced || extent_of(info) != size)
            ++left_out;
        else
            pages.push_back(page);
    }
    if (left_out > 0)
        std::fprintf(stderr,
                     "comir: %s: %zu of %zu pages are smaller copies, masks or of another size and are left out\n",
                     s.moving.c_str(), left_out, count);
    return pages;
}

/// What one page takes at once: its values as stored and as float, and the result's likewise.
std::uint64_t bytes_of_page(comir::image_info const& moving, comir::extent2 target) {
    std::uint64_t const channels = moving.shape.c, stored = moving.value_bytes,
                        pixels = static_cast<std::uint64_t>(target.w) * target.h;
    return moving.shape.size() * (stored + sizeof(float)) + pixels * (channels * (stored + sizeof(float)) + 1);
}

warped_image load_page(warp_settings const& s, std::size_t page) {
    warped_image image{load_stored_page(s.moving, page), s.fill, comir::interpolation::cubic, s.run.threads, {}};
    if (s.interpolation != "cubic")
        image.method = s.interpolation == "nearest" ? comir::interpolation::nearest : comir::interpolation::linear;
    if (image.method == comir::interpolation::nearest)
        image.exact = load_exact_page(s.moving, page);
    comir::require(!image.exact || !is_png(s.out), "--out: ", s.out,
                   ": PNG holds no values of the moving image's type; use .tif");
    check_holds("--out", s.out, image.moving);
    if (s.nodata.empty())
        note_unread_nodata(s.moving, image.moving.unread_nodata);
    else
        declare_nodata(image, parse_nodata_option("--nodata", s.nodata));
    check_fill(image);
    return image;
}

/// Whether a pyramid is written, from parts of the moving image.
bool is_for_slides(warp_settings const& s) {
    std::string const name = std::filesystem::path(s.out).filename().string();
    if (name.ends_with(".ome.tif") || name.ends_with(".ome.tiff") || s.pyramid.given())
        return true;
    // What only whole images are warped with.
    bool const whole = is_png(s.out) || !s.pages.empty() || s.fixed_page > 0 || s.canvas != "fixed" ||
                       s.interpolation == "nearest" || s.fill == "white" || s.fill == "edge" || !s.nodata.empty();
    return !whole && (is_slide(s.moving) || is_slide(s.fixed));
}

/// The grid of the result, and where it begins.
struct placed_target {
    warp_target grid{};
    comir::canvas canvas{};
    comir::transform_chain transform{};
};

placed_target place(warp_settings const& s, comir::image_info const& fixed, comir::image_info const& moving) {
    comir::extent2 const fixed_size = extent_of(fixed), moving_size = extent_of(moving);
    placed_target result{
        {{1, fixed_size.h, fixed_size.w}, fixed.spacing},
        {0, 0, fixed_size},
        load_applied(s.transform, {fixed_size, {fixed.spacing}}, {moving_size, {moving.spacing}}, s.found_on)};
    if (s.canvas == "fixed")
        return result;
    result.canvas = naming(s.transform, [&] {
        if (auto const linear = comir::as_linear(result.transform))
            return comir::canvas_of_both(comir::to_affine(*linear), fixed_size, moving_size);
        return comir::canvas_of_both(result.transform, fixed_size, moving_size);
    });
    result.grid.shape = {1, result.canvas.size.h, result.canvas.size.w};
    result.transform = comir::on_canvas(result.transform, result.canvas);
    return result;
}

}  // namespace

void run_warp(warp_settings const& s) {
    check_output("--out", s.out, {".png", ".tif", ".tiff"});
    check_no_input("--out", s.out, {s.moving, s.fixed, s.transform, s.found_on.fixed, s.found_on.moving});
    if (is_for_slides(s))
        return run_warp_slide(s);
    std::vector<std::size_t> const pages = pages_to_warp(s);
    comir::image_info const fixed = load_image_info(s.fixed, s.fixed_page),
                            moving = load_image_info(s.moving, pages.front());
    placed_target const target = place(s, fixed, moving);
    auto const size = target.canvas.size;
    check_memory(
        bytes_of_page(moving, size),
        "the warped image has " + std::to_string(size.w) + " x " + std::to_string(size.h) + " px of " +
            std::to_string(moving.shape.c) + " channels",
        s.canvas == "fixed" ? "warp onto a smaller fixed image, or a part of it" : "--canvas fixed takes less");
    for (comir::point2 const corner : size.corners())
        if (!comir::is_within_bends(target.transform, corner)) {
            std::fprintf(
                stderr,
                "comir: %s: parts of the warped image lie beyond the region that the transform bends: only its "
                "linear part counts there, and they do not join on to the rest\n",
                s.transform.c_str());
            break;
        }
    page_writer file(s.out,
                     static_cast<std::uint64_t>(size.w) * size.h * moving.shape.c * moving.value_bytes * pages.size());
    auto const x = static_cast<double>(target.canvas.x), y = static_cast<double>(target.canvas.y);
    for (std::size_t const page : pages) {
        saved_page result = warp_page(load_page(s, page), target.transform, target.grid);
        result.image.geo = comir::shifted(fixed.geo, x, y);
        if (s.canvas != "fixed")
            result.image.offset = {x, y};
        file.add(result);
    }
    file.commit();
    if (s.canvas != "fixed")
        std::printf("canvas     %zu x %zu px, begins at (%td, %td) of the fixed image\n", size.w, size.h,
                    target.canvas.x, target.canvas.y);
    if (pages.size() > 1)
        std::printf("pages      %zu\n", pages.size());
}
