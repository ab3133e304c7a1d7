#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>

#include <comir/image/convert.hpp>
#include <comir/image/warp.hpp>
#include <comir/io/image_file.hpp>
#include <comir/io/transform_file.hpp>

#include "cli.hpp"

namespace {

struct settings {
    std::string transform, moving, fixed, out, interpolation = "linear";
    run_options run{};
};

void run(settings const& s) {
    check_output("--out", s.out, {".png", ".tif", ".tiff"});
    comir::image<float> const fixed = comir::read_image_float(s.fixed);
    comir::any_image const moving = comir::read_image(s.moving);
    check_holds("--out", s.out, moving);
    auto const moving_grid = std::visit([](auto const& held) { return comir::grid_of(held); }, moving);
    comir::any_transform const transform = comir::read_transform(s.transform, {comir::grid_of(fixed), moving_grid});

    comir::warp_options options{.threads = s.run.threads};
    options.sampling.method = s.interpolation == "nearest"  ? comir::interpolation::nearest
                              : s.interpolation == "linear" ? comir::interpolation::linear
                                                            : comir::interpolation::cubic;
    comir::write_image(s.out, warp_as_stored(moving, transform, fixed, options));
}

}  // namespace

void check_holds(char const* option, std::string const& path, comir::any_image const& image) {
    std::string const extension = std::filesystem::path(path).extension().string();
    bool const fits = std::visit(
        [](auto const& held) {
            return held.channels() <= 4 && !std::is_floating_point_v<typename std::decay_t<decltype(held)>::value_type>;
        },
        image);
    comir::require(fits || (extension != ".png" && extension != ".PNG"), option, ": ", path,
                   ": PNG holds neither float values nor more than 4 channels, as the moving image has; use .tif");
}

comir::any_image warp_as_stored(comir::any_image const& moving, comir::any_transform const& transform,
                                comir::image<float> const& fixed, comir::warp_options const& options) {
    return std::visit(
        [&](auto const& stored, auto const& t) -> comir::any_image {
            using value = typename std::decay_t<decltype(stored)>::value_type;
            auto warped = comir::warp(comir::to_float(stored), t, fixed, options);
            if constexpr (std::is_floating_point_v<value>)
                return warped;
            else
                return comir::to_integer<value>(warped);
        },
        moving, transform);
}

void add_warp(CLI::App& app) {
    auto const s = std::make_shared<settings>();
    CLI::App& command = *app.add_subcommand(
        "warp", "Bring an image onto the fixed image's grid by a saved transform, with its own depth and channels.");
    command.add_option("--transform", s->transform, "saved transform: ITK (.tfm), elastix (.txt) or .json")->required();
    command.add_option("--moving", s->moving, "image to be warped (PNG, TIFF)")->required();
    command.add_option("--fixed", s->fixed, "image whose grid is taken (PNG, TIFF)")->required();
    command.add_option("--out", s->out, "file for the warped image (.png, .tif)")->required();
    command
        .add_option("--interpolation", s->interpolation,
                    "nearest (for label images), linear or cubic; beyond the moving image the result is 0")
        ->check(CLI::IsMember({"nearest", "linear", "cubic"}))
        ->capture_default_str();
    add_threads(command, s->run);
    command.callback([s] { run(*s); });
}
