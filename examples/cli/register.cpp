#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "file_registration.hpp"
#include "images.hpp"
#include "masking.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "print_registration.hpp"
#include "slides.hpp"
#include "transforms.hpp"
#include "watch.hpp"

namespace {

void print(register_settings const& s, file_registration const& found) {
    comir::method_result const& r = found.result;
    comir::masked_image const &fixed = found.fixed->image, &moving = found.moving->image;
    bool const by_landmarks = !found.place.landmarks.empty() && s.landmarks_as == "transform";
    std::printf("fixed      %s (%s), %zu x %zu px\n", s.fixed.c_str(), modality_name(s.fixed_modality, s.fixed).c_str(),
                fixed.values.width(), fixed.values.height());
    std::printf("moving     %s (%s), %zu x %zu px\n", s.moving.c_str(),
                modality_name(s.moving_modality, s.moving).c_str(), moving.values.width(), moving.values.height());
    for (std::string const& line : {masking_line("fixed image", fixed), masking_line("moving image", moving)})
        if (!line.empty())
            std::printf("masked     %s\n", line.c_str());
    if (!found.start.empty())
        std::printf("start      %s\n", found.start.c_str());
    print_transform(r);
    print_bend(r, s.method.transform);
    if (!found.place.landmarks.empty())
        std::fputs(landmark_lines(found.place, r.transform).c_str(), stdout);
    if (by_landmarks) {
        std::printf("confidence not known: nothing but the landmarks was asked%s%s\n", found.doubt.empty() ? "" : "; ",
                    found.doubt.c_str());
    } else {
        print_confidence(r, s.method.name);
    }
    print_fit(r);
}

}  // namespace

void run_register(register_settings const& s) {
    check_output("--out-transform", s.out_transform, {".tfm", ".txt", ".json", ".mat", ".mha", ".nrrd"});
    check_output("--out-image", s.out_image, {".png", ".tif", ".tiff"});
    check_output("--overlay", s.overlay, {".png"});
    check_output("--matches", s.method.matches, {".png"});
    std::vector<std::pair<char const*, std::filesystem::path>> const outputs{{"--out-transform", s.out_transform},
                                                                             {"--out-image", s.out_image},
                                                                             {"--overlay", s.overlay},
                                                                             {"--matches", s.method.matches}};
    check_distinct(outputs);
    for (auto const& [option, path] : outputs)
        check_no_input(option, path,
                       {s.fixed, s.moving, s.method.fixed_mask, s.method.moving_mask, s.model, s.initial, s.landmarks});
    comir::listed_images const pair{.name = "pair",
                                    .fixed = s.fixed,
                                    .moving = s.moving,
                                    .fixed_mask = s.method.fixed_mask,
                                    .moving_mask = s.method.moving_mask,
                                    .initial = s.initial,
                                    .landmarks = s.landmarks,
                                    .fixed_modality = s.fixed_modality,
                                    .moving_modality = s.moving_modality};
    if (s.masking.page.empty() && (is_slide(s.fixed) || is_slide(s.moving)))
        return run_register_slides(s);
    check_pair_memory(s.fixed, s.moving, s.masking);
    progress_line line("steps");
    // Landmarks' errors are of linear transforms.
    register_settings with_bends = s;
    with_bends.may_bend = s.landmarks.empty();
    file_registrar registrar(with_bends, [&](std::size_t done, std::size_t total) { return line.show(done, total); });
    registrar.read_fixed(pair);
    registrar.read_moving(pair);
    warped_image out;
    if (!s.out_image.empty()) {
        auto const masking = registrar.moving_masking(pair);
        out = {load_stored_page(s.moving, masking.read.page), s.fill, comir::interpolation::linear, s.run.threads};
        check_holds("--out-image", s.out_image, out.moving);
        if (!masking.declared_nodata)
            declare_nodata(out, masking.nodata);
        check_fill(out);
    }
    registrar.check_modalities(pair);
    file_registration const found = registrar(pair);
    comir::transform_chain const transform = found.result.chain();
    comir::image<float> const &fixed = found.fixed->image.values, &moving = found.moving->image.values;
    line.clear();

    print(s, found);
    if (!s.out_transform.empty())
        save_transform(s.out_transform, transform, fixed, moving);
    if (!s.out_image.empty())
        save_image(s.out_image, warp_as_stored(out, transform, fixed));
    if (!s.overlay.empty())
        save_picture(s.overlay, checkerboard_picture(shown_image(fixed),
                                                     warp_by(transform, shown_image(moving), fixed, s.run.threads)));
    if (!s.method.matches.empty())
        save_picture(s.method.matches, found.matches);
}
