#include "masking.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>

#include "images.hpp"
#include "memory.hpp"

comir::masking_options masking_of(masking_settings const& settings, pair_image which, std::string const& mask) {
    comir::masking_options options{.mask = mask, .borders = settings.borders != "keep"};
    if (!settings.page.empty())
        options.read.page = which == pair_image::fixed ? settings.page.front() : settings.page.back();
    if (settings.nodata.empty())
        return options;
    std::string const& text = which == pair_image::fixed ? settings.nodata.front() : settings.nodata.back();
    options.declared_nodata = false;
    options.nodata = parse_nodata_option("--nodata", text);
    return options;
}

comir::masked_image load_masked_image(std::string const& path, comir::masking_options const& options) {
    if (options.read.page == 0)
        note_pages(path);
    comir::masked_image image = comir::read_masked_image(path, options);
    note_unread_nodata(path, image.unread_nodata);
    return image;
}

void check_pair_memory(std::string const& fixed, std::string const& moving, masking_settings const& settings) {
    comir::image_info const a = load_image_info(fixed, masking_of(settings, pair_image::fixed).read.page),
                            b = load_image_info(moving, masking_of(settings, pair_image::moving).read.page);
    // Measured with the method auto: the values of both as float, and of the larger one masks and copies of its pixels.
    std::uint64_t const values = a.shape.size() + b.shape.size(),
                        pixels = std::max(a.shape.h * a.shape.w, b.shape.h * b.shape.w);
    auto const text = [](std::string const& path, comir::image_info const& info) {
        return path + " is " + std::to_string(info.shape.w) + " x " + std::to_string(info.shape.h) + " px of " +
               std::to_string(info.shape.c) + (info.shape.c == 1 ? " channel" : " channels");
    };
    check_memory(sizeof(float) * values + 12 * pixels, text(fixed, a) + ", " + text(moving, b),
                 "register smaller copies, and apply the transform at full size: comir warp --found-fixed COPY "
                 "--found-moving COPY");
}

std::string masking_line(std::string const& which, comir::masked_image const& image) {
    std::string keep;
    auto const add = [&](comir::masked_reason reason, std::string const& option) {
        if (std::ranges::any_of(image.parts, [&](auto const& part) { return part.reason == reason; }))
            keep += (keep.empty() ? "" : " ") + option;
    };
    add(comir::masked_reason::nodata, "--nodata none");
    add(comir::masked_reason::border, "--borders keep");
    std::string const found = comir::describe_masked(image);
    return found.empty() ? "" : which + ": " + found + (keep.empty() ? "" : "; to keep it: " + keep);
}
