#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <numbers>
#include <type_traits>
#include <variant>

#include <comir/image/convert.hpp>
#include <comir/image/warp.hpp>
#include <comir/io/image_file.hpp>
#include <comir/io/transform_file.hpp>
#include <comir/pipeline/model_preparation.hpp>
#include <comir/pipeline/pair_sheet.hpp>
#include <comir/pipeline/register_pair.hpp>

#include "cli.hpp"
#include "watch.hpp"

namespace {

struct settings {
    std::string model, fixed, moving, fixed_modality, moving_modality, method = "alpha_amd";
    std::string out_transform, out_image, overlay;
    alpha_amd_settings alpha_amd{};
    run_options run{};
};

comir::image<float> read_finite(std::string const& path) {
    comir::image<float> image = comir::read_image_float(path);
    comir::require(comir::has_only_finite(image), path,
                   ": a value is infinite or not a number, expected finite values");
    return image;
}

std::string modality_name(std::string const& given, std::string const& file) {
    return given.empty() ? folder_name_of_file(file) : given;
}

void print_transform(comir::any_transform const& transform) {
    if (auto const* const rigid = std::get_if<comir::rigid2>(&transform)) {
        std::printf("angle      %.3f degrees from fixed to moving, positive turns right towards down\n",
                    rigid->parameters[0] * 180.0 / std::numbers::pi);
        std::printf("shift      %.3f px to the right, %.3f px down, of the fixed image's centre (%g, %g)\n",
                    rigid->parameters[1], rigid->parameters[2], rigid->centre.x, rigid->centre.y);
        return;
    }
    comir::affine2 const a = std::visit([](auto const& held) { return comir::to_affine(held); }, transform);
    std::printf("matrix     %.6f %.6f %.3f; %.6f %.6f %.3f from fixed to moving (x, y, 1)\n", a.parameters[0],
                a.parameters[1], a.parameters[4], a.parameters[2], a.parameters[3], a.parameters[5]);
}

void print(settings const& s, any_result const& r, comir::image<float> const& fixed,
           comir::image<float> const& moving) {
    std::printf("fixed      %s (%s), %zu x %zu px\n", s.fixed.c_str(), modality_name(s.fixed_modality, s.fixed).c_str(),
                fixed.width(), fixed.height());
    std::printf("moving     %s (%s), %zu x %zu px\n", s.moving.c_str(),
                modality_name(s.moving_modality, s.moving).c_str(), moving.width(), moving.height());
    print_transform(r.transform);
    std::printf("value      %.5g (%s, less is better)\n", r.value, s.method.c_str());
    std::printf("converged  %s\n", r.converged ? "yes" : "no: the transform is only the best guess");
    std::printf("confidence %.2f of 1\n", r.confidence);
    std::printf("overlap    %.1f %% of the fixed image\n", 100.0 * r.overlap);
    std::printf("time       %.2f s\n", r.seconds);
}

void run(settings const& s) {
    check_output("--out-transform", s.out_transform, {".tfm", ".txt", ".json"});
    check_output("--out-image", s.out_image, {".png", ".tif", ".tiff"});
    check_output("--overlay", s.overlay, {".png"});
    auto const fixed = read_finite(s.fixed), moving = read_finite(s.moving);
    comir::any_image stored;
    if (!s.out_image.empty()) {
        stored = comir::read_image(s.moving);
        check_holds("--out-image", s.out_image, stored);
    }

    comir::pair_preparations prepare;
    if (!s.model.empty()) {
        auto const trained = std::make_shared<comir::model const>(comir::read_model(s.model));
        prepare = {
            comir::prepare_with(trained, modality_name(s.fixed_modality, s.fixed), {.threads = s.run.threads}),
            comir::prepare_with(trained, modality_name(s.moving_modality, s.moving), {.threads = s.run.threads})};
    }

    progress_line line("resolutions");
    auto const method = any_method_with(s.method, s.alpha_amd, s.run,
                                        [&](std::size_t done, std::size_t total) { return line.show(done, total); });
    any_result const result = comir::register_pair(fixed, moving, method, prepare);
    line.clear();
    if (is_interrupted())
        throw interrupted{};

    print(s, result, fixed, moving);
    if (!s.out_transform.empty())
        comir::write_transform(s.out_transform, result.transform,
                               {{fixed.width(), fixed.height()}, comir::grid_of(fixed), comir::grid_of(moving)});
    if (!s.out_image.empty())
        comir::write_image(s.out_image, warp_as_stored(stored, result.transform, fixed, {.threads = s.run.threads}));
    if (!s.overlay.empty()) {
        auto const warped = std::visit(
            [&](auto const& t) {
                return comir::warp(comir::for_display(moving), t, fixed, {.threads = s.run.threads});
            },
            result.transform);
        comir::write_image(s.overlay,
                           comir::to_integer<std::uint8_t>(comir::checkerboard(comir::for_display(fixed), warped)));
    }
}

}  // namespace

void add_register(CLI::App& app) {
    auto const s = std::make_shared<settings>();
    CLI::App& command = *app.add_subcommand("register",
                                            "Find the rotation and shift, or another transform, between two images. "
                                            "Transforms map pixels of the fixed image to the moving one.");
    command.add_option("--fixed", s->fixed, "image that stays as it is (PNG, TIFF)")->required();
    command.add_option("--moving", s->moving, "image to be brought onto the fixed one (PNG, TIFF)")->required();
    command.add_option("--fixed-modality", s->fixed_modality, "its modality; default: its folder's name");
    command.add_option("--moving-modality", s->moving_modality, "its modality; default: its folder's name");
    command.add_option("--model", s->model, "trained model (.safetensors); without it the raw images are registered");
    add_method(command, s->method);
    add_alpha_amd(command, s->alpha_amd);
    add_alpha_amd_pair(command, s->alpha_amd);
    command.add_option(
        "--out-transform", s->out_transform,
        "file for the transform: ITK (.tfm) or elastix (.txt), in the images' length unit, or .json, in pixels");
    command.add_option("--out-image", s->out_image,
                       "file for the moving image on the fixed image's grid, with its own depth (.png, .tif)");
    command.add_option("--overlay", s->overlay, "file for a checkerboard of both images (.png)");
    add_threads(command, s->run);
    add_seed(command, s->run);
    command.callback([s] { run(*s); });
}
