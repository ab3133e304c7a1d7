#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "commands.hpp"
#include "file_registration.hpp"
#include "images.hpp"
#include "masking.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "transforms.hpp"
#include "watch.hpp"

namespace {

/// In the order of any_transform.
constexpr char const* transform_names[] = {"translation", "rigid", "similarity", "affine"};

void print_angle(double radians) {
    std::printf("angle      %.3f degrees from fixed to moving, positive turns right towards down\n",
                radians * 180.0 / std::numbers::pi);
}

void print_transform(comir::any_transform const& transform) {
    if (auto const* const similar = std::get_if<comir::similarity2>(&transform)) {
        std::printf("scale      %.4f: px of the moving image on one of the fixed image\n",
                    std::exp(similar->parameters[0]));
        print_angle(similar->parameters[1]);
    }
    if (auto const* const rigid = std::get_if<comir::rigid2>(&transform)) {
        print_angle(rigid->parameters[0]);
        std::printf("shift      %.3f px to the right, %.3f px down, of the fixed image's centre (%g, %g)\n",
                    rigid->parameters[1], rigid->parameters[2], rigid->centre.x, rigid->centre.y);
        return;
    }
    comir::affine2 const a = comir::to_affine(transform);
    std::printf("matrix     %.6f %.6f %.3f; %.6f %.6f %.3f from fixed to moving (x, y, 1)\n", a.parameters[0],
                a.parameters[1], a.parameters[4], a.parameters[2], a.parameters[3], a.parameters[5]);
}

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
    std::printf("transform  %s%s%s\n", r.bend ? "deformable: a bend, then " : "", transform_names[r.transform.index()],
                r.mirrored ? ", mirrored" : "");
    print_transform(r.transform);
    if (r.bend) {
        comir::bspline_grid const& grid = r.bend->grid();
        std::printf(
            "bend       %zu x %zu control points, %.3g px apart; up to %.1f px, smallest Jacobian determinant "
            "%.2f\n",
            grid.size.w, grid.size.h, grid.spacing.x, r.largest_displacement, r.least_jacobian.determinant);
    } else if (s.method.transform == "deformable") {
        std::printf("bend       none: the images do not support one\n");
    }
    if (!found.place.landmarks.empty())
        std::fputs(landmark_lines(found.place, r.transform).c_str(), stdout);
    if (by_landmarks) {
        std::printf("confidence not known: nothing but the landmarks was asked%s%s\n", found.doubt.empty() ? "" : "; ",
                    found.doubt.c_str());
    } else {
        bool const is_score = s.method.name == "mi" || s.method.name.starts_with("global");
        std::printf("value      %.5g (%s, %s is better)\n", r.value, s.method.name.c_str(), is_score ? "more" : "less");
        std::printf("converged  %s\n", r.converged ? "yes" : "no: the transform is only the best guess");
        std::printf("confidence %.2f of 1\n", r.confidence);
        if (r.at_rim)
            std::printf("range      %s\n", at_rim_note);
    }
    if (!r.residuals.empty())
        std::printf("fit        %.0f %% of %zu places agree within %.3g px\n", 100.0 * r.agreeing, r.residuals.size(),
                    1.5 * r.residual_step);
    std::printf("overlap    %.1f %% of the fixed image\n", 100.0 * r.overlap);
    std::printf("time       %.2f s\n", r.seconds);
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
