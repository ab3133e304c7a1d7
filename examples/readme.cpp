// The README's program, and a main that runs it on the sample scene: train on the left, register a piece of the right.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <comir/io/image_file.hpp>

// [program]
#include <comir/comir.hpp>

using visible = comir::dense_unet<comir::unet_shape{.in = 3, .out = 1}>;  // channel counts fixed at compile time
using infrared = comir::dense_unet<comir::unet_shape{.in = 1, .out = 1}>;

comir::registration_result<comir::rigid2> train_and_register(std::span<comir::aligned_images<2> const> pairs,
                                                             comir::image<float> const& rgb,
                                                             comir::image<float> const& nir, std::size_t steps) {
    comir::trainer<comir::mse_critic, comir::c4, visible, infrared> trainer({.batch = 16, .seed = 1});
    trainer.fit(pairs, {.steps = steps});
    auto const a = comir::to_unit(trainer.encoder<0>().encode(rgb), trainer.range());
    auto const b = comir::to_unit(trainer.encoder<1>().encode(nir), trainer.range());
    // Maps rgb's pixels to nir's, turned and shifted by anything; asks rgb and nir where a and b leave doubt.
    return comir::register_auto(a, b, {}, {}, {}, rgb, nir);
}
// [program]

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::fprintf(stderr, "usage: readme DATA [STEPS]\nDATA holds visible/scene.png and infrared/scene.png\n");
        return 2;
    }
    try {
        std::string const data = argv[1];
        auto const rgb = comir::read_image_float(data + "/visible/scene.png");
        auto const nir = comir::read_image_float(data + "/infrared/scene.png");
        comir::region const left{0, 0, rgb.width() / 2, rgb.height()};
        std::vector<comir::aligned_images<2>> const pairs{{comir::crop(rgb, left), comir::crop(nir, left)}};
        // Two cuts of the right half, of which the second one lies 5 px to the right and 3 px below the first.
        auto const result =
            train_and_register(pairs, comir::crop(rgb, {190, 40, 128, 128}), comir::crop(nir, {195, 43, 128, 128}),
                               argc == 3 ? std::stoul(argv[2]) : 300);
        std::printf("angle %.2f degrees, shift %.2f, %.2f px; the truth is 0, -5, -3\n",
                    result.transform.parameters[0] * 57.29577951308232, result.transform.parameters[1],
                    result.transform.parameters[2]);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
