#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <comir/core/error.hpp>

#include "commands.hpp"
#include "images.hpp"
#include "slides.hpp"
#include "transforms.hpp"
#include "watch.hpp"

namespace {

void check_warp_of_slides(warp_settings const& s) {
    auto const needs = [](bool given, char const* option) {
        comir::require(!given, option,
                       ": this is not done where a pyramid is written (.ome.tif, .tif of slides, --compression, "
                       "--quality, --pyramid, --layout); warp a smaller image to a .tif file");
    };
    needs(!s.pages.empty() || s.fixed_page > 0, "--page");
    needs(s.canvas != "fixed", "--canvas");
    needs(s.fill == "white" || s.fill == "edge", "--fill white or edge");
    needs(!s.nodata.empty(), "--nodata");
}

comir::slide_format format_of(warp_settings const& s) {
    comir::slide_format format;
    pyramid_settings const& p = s.pyramid;
    if (p.compression == "none")
        format.compression = comir::slide_compression::none;
    else if (p.compression == "zstd")
        format.compression = comir::slide_compression::zstd;
    else if (p.compression == "jpeg")
        format.compression = comir::slide_compression::jpeg;
    if (p.pyramid == "none")
        format.pyramid = comir::slide_pyramid::none;
    else if (p.pyramid == "pages")
        format.pyramid = comir::slide_pyramid::pages;
    if (p.layout == "strips")
        format.layout = comir::slide_layout::strips;
    if (p.quality > 0)
        format.quality = p.quality;
    format.threads = s.run.threads;
    return format;
}

}  // namespace

void run_warp_slide(warp_settings const& s) {
    check_warp_of_slides(s);
    comir::slide_info const fixed = load_slide_info(s.fixed), moving = load_slide_info(s.moving);
    for (std::string const& note : moving.notes)
        std::fprintf(stderr, "comir: %s: %s\n", s.moving.c_str(), note.c_str());
    slide_warp request{.moving = s.moving, .out = s.out, .fixed = fixed, .format = format_of(s)};
    request.transform =
        load_applied(s.transform, applied_slide(s.fixed, fixed), applied_slide(s.moving, moving), s.found_on);
    if (s.interpolation != "cubic")
        request.warp.method =
            s.interpolation == "nearest" ? comir::interpolation::nearest : comir::interpolation::linear;
    if (!s.fill.empty()) {
        request.warp.fill = parse_nodata_option("--fill", s.fill);
        comir::require(request.warp.fill.has_value(), "--fill: '", s.fill, "' is not a number or nan");
    }
    progress_line line("percent");
    request.on_progress = [&line](double share) {
        return line.show(static_cast<std::size_t>(std::lround(100.0 * share)), 100);
    };
    bool const written = warp_slide_file(request);
    line.clear();
    if (!written)
        throw interrupted{};
}
