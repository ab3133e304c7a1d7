#include <cmath>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>

#include "commands.hpp"
#include "file_registration.hpp"
#include "images.hpp"
#include "masking.hpp"
#include "methods.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "preparations.hpp"
#include "print_registration.hpp"
#include "slides.hpp"
#include "starts.hpp"
#include "transforms.hpp"
#include "watch.hpp"

namespace {

void check_for_slides(register_settings const& s) {
    auto const needs = [](bool given, char const* option, char const* instead) {
        comir::require(!given, option,
                       ": this is not done for slides (pyramids, and images of more than 50 megapixels); ", instead);
    };
    needs(s.method.name != "auto", "--method", "leave it out, or register smaller copies");
    needs(s.method.transform == "deformable", "--transform deformable", "ask for a linear transform");
    needs(!s.method.fixed_mask.empty() || !s.method.moving_mask.empty(), "--fixed-mask, --moving-mask",
          "opacity, no-data and borders are masked all the same");
    needs(!s.out_image.empty(), "--out-image", "write the transform by --out-transform, then warp by it: comir warp");
    needs(s.landmarks_as == "transform", "--landmarks-as transform", "landmarks can be a start");
}

/// Lets the user know what the file's reader has to say, once a file.
void tell_notes(std::string const& path, slide_file const& file) {
    static std::set<std::string> told;
    if (!told.insert(path).second)
        return;
    for (std::string const& note : file.info.notes)
        std::fprintf(stderr, "comir: %s: %s\n", path.c_str(), note.c_str());
    note_unread_nodata(path, file.overview.unread_nodata);
}

void print_slide(char const* which, std::string const& path, std::string const& modality, slide_file const& file) {
    comir::extent2 const size = file.info.levels[0].size;
    std::printf("%-10s %s (%s), %zu x %zu px", which, path.c_str(), modality.c_str(), size.w, size.h);
    if (auto const& pixel = file.info.size) {
        if (comir::same_pixel_size(pixel->x, pixel->y))
            std::printf(" of %.6g um", pixel->x);
        else
            std::printf(" of %.6g x %.6g um", pixel->x, pixel->y);
        std::printf(" (%s)", pixel->source.c_str());
    }
    std::printf(", %zu %s, searched at 1/%.4g\n", file.info.levels.size(),
                file.info.levels.size() == 1 ? "level" : "levels", file.factor);
}

std::optional<double> micrometres_a_pixel(slide_file const& file) {
    if (!file.info.size)
        return {};
    return std::sqrt(file.info.size->x * file.info.size->y);
}

void print_slides(register_settings const& s, registered_slides const& found, known_place const& place) {
    comir::method_result const& r = found.result;
    print_slide("fixed", s.fixed, modality_name(s.fixed_modality, s.fixed), found.fixed);
    print_slide("moving", s.moving, modality_name(s.moving_modality, s.moving), found.moving);
    for (std::string const& line :
         {masking_line("fixed image", found.fixed.overview), masking_line("moving image", found.moving.overview)})
        if (!line.empty())
            std::printf("masked     %s\n", line.c_str());
    if (found.scale)
        std::printf("expected   scale %.4f\n", *found.scale);
    if (place.start)
        std::printf("start      %s\n", start_outcome(r.kept_start));
    print_transform(r);
    if (!place.landmarks.empty())
        std::fputs(landmark_lines(place, r.transform).c_str(), stdout);
    print_confidence(r, s.method.name);
    print_fit(r, micrometres_a_pixel(found.fixed));
}

/// Both images in the small size, in alternating squares.
void save_overlay(register_settings const& s, registered_slides const& found) {
    comir::affine2 const small = comir::compose(
        found.moving.to_full.inverse(), comir::compose(comir::to_affine(found.result.transform), found.fixed.to_full));
    comir::image<float> const &fixed = found.fixed.overview.values, &moving = found.moving.overview.values;
    save_picture(s.overlay,
                 checkerboard_picture(shown_image(fixed), warp_by(small, shown_image(moving), fixed, s.run.threads)));
}

}  // namespace

void run_register_slides(register_settings const& s) {
    check_for_slides(s);
    comir::slide_info const fixed = load_slide_info(s.fixed), moving = load_slide_info(s.moving);
    applied_image const fixed_image = applied_slide(s.fixed, fixed), moving_image = applied_slide(s.moving, moving);
    preparer const prepare(s.model, s.average_turns, s.run.threads);
    known_place const place = read_place(s.initial, s.landmarks, s.method, {fixed_image.grid, moving_image.grid});
    progress_line line("steps");
    auto const go_on = [](std::size_t, std::size_t) { return !is_interrupted(); };
    slide_request request{.fixed = s.fixed,
                          .moving = s.moving,
                          .search = requested_search({s.method, s.run, go_on, s.model.empty(), place.start, false, {}}),
                          .fixed_masking = masking_of(s.masking, pair_image::fixed),
                          .moving_masking = masking_of(s.masking, pair_image::moving),
                          .resolution = s.resolution,
                          .on_progress = [&](std::size_t done, std::size_t total) { return line.show(done, total); }};
    request.search.prepare = {prepare.of(modality_name(s.fixed_modality, s.fixed), s.fixed),
                              prepare.of(modality_name(s.moving_modality, s.moving), s.moving)};
    registered_slides const found = register_slide_files(request);
    line.clear();
    if (is_interrupted() && !found.result.converged)
        throw interrupted{};
    tell_notes(s.fixed, found.fixed);
    tell_notes(s.moving, found.moving);
    print_slides(s, found, place);
    if (!s.out_transform.empty())
        save_transform(s.out_transform, found.result.transform, fixed_image, moving_image);
    if (!s.overlay.empty())
        save_overlay(s, found);
    if (is_interrupted()) {
        std::fputs("comir: the transform is as exact as was reached before the interruption\n", stderr);
        throw interrupted{};
    }
}
