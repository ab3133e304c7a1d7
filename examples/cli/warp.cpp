#include <type_traits>
#include <variant>

#include <comir/image/convert.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/compose.hpp>

#include "commands.hpp"
#include "images.hpp"
#include "outputs.hpp"
#include "transforms.hpp"

// Every kind is an affine transform; warping is compiled for that one alone.

comir::any_image warp_as_stored(comir::any_image const& moving, comir::any_transform const& transform,
                                comir::image<float> const& fixed, comir::interpolation method, int threads) {
    comir::warp_options options{.threads = threads};
    options.sampling.method = method;
    return std::visit(
        [&](auto const& stored) -> comir::any_image {
            using value = typename std::decay_t<decltype(stored)>::value_type;
            auto const result = comir::warp(comir::to_float(stored), comir::to_affine(transform), fixed, options);
            if constexpr (std::is_floating_point_v<value>)
                return result;
            else
                return comir::to_integer<value>(result);
        },
        moving);
}

comir::image<float> warp_by(comir::any_transform const& transform, comir::image<float> const& moving,
                            comir::image<float> const& fixed, int threads) {
    return comir::warp(moving, comir::to_affine(transform), fixed, {.threads = threads});
}

void run_warp(warp_settings const& s) {
    check_output("--out", s.out, {".png", ".tif", ".tiff"});
    check_no_input("--out", s.out, {s.moving, s.fixed, s.transform});
    comir::image<float> const fixed = load_float_image(s.fixed);
    comir::any_image const moving = load_image(s.moving);
    check_holds("--out", s.out, moving);
    auto const moving_grid = std::visit([](auto const& held) { return comir::grid_of(held); }, moving);
    comir::any_transform const transform = load_transform(s.transform, {comir::grid_of(fixed), moving_grid});
    auto const method = s.interpolation == "nearest"  ? comir::interpolation::nearest
                        : s.interpolation == "linear" ? comir::interpolation::linear
                                                      : comir::interpolation::cubic;
    save_image(s.out, warp_as_stored(moving, transform, fixed, method, s.run.threads));
}
