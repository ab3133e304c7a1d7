// The README's program, and a main that runs it on the sample scene: train on the left, register pieces of the right.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <comir/dataset/pair_list.hpp>
#include <comir/io/image_file.hpp>
#include <comir/io/model_file.hpp>

// [program]
#include <comir/comir.hpp>

using visible = comir::dense_unet<comir::with_channels(comir::comir_shape, 3, 1)>;  // 3 channels to 1
using infrared = comir::dense_unet<comir::with_channels(comir::comir_shape, 1, 1)>;
using trainer = comir::trainer<comir::mse_critic, comir::c4, visible, infrared>;
trainer train(std::span<comir::aligned_images<2> const> pairs, std::size_t steps = comir::comir_recipe().steps) {
    trainer trained(comir::comir_recipe(pairs).options);  // the settings of `comir train`
    trained.fit(pairs, {.steps = steps});
    return trained;
}
auto register_images(trainer const& trained, comir::image<float> const& rgb, comir::image<float> const& nir) {
    auto const a = comir::to_unit(trained.encoder<0>().encode(rgb), trained.range());
    auto const b = comir::to_unit(trained.encoder<1>().encode(nir), trained.range());
    return comir::register_auto({.values = a, .raw = rgb}, {.values = b, .raw = nir});  // maps rgb's pixels to nir's
}
// [program]

namespace {

/// For the tool, which then encodes and registers with what was trained here.
void write_model(trainer const& trained, std::string const& path) {
    auto a = trained.encoder<0>();
    auto b = trained.encoder<1>();
    a.settings().modality = "visible";
    b.settings().modality = "infrared";
    comir::write_model(path, {{comir::to_any_encoder(a), comir::to_any_encoder(b)},
                              {.critic = "mse",
                               .group = "c4",
                               .temperature = trained.options().temperature,
                               .steps = trained.state().step,
                               .version = {}}});
}

/// Those pairs of a list that show the visible bands first: their displacements, as the tool's results write them.
void register_list(trainer const& trained, std::string const& path) {
    for (comir::registration_pair const& pair : comir::read_pair_list(path)) {
        if (pair.fixed_modality != "visible")
            continue;
        auto const rgb = comir::read_image_float(pair.fixed), nir = comir::read_image_float(pair.moving);
        auto const found = comir::to_displacement(register_images(trained, rgb, nir).transform,
                                                  {{rgb.width(), rgb.height()}, {nir.width(), nir.height()}});
        std::printf("%s: %s,%s,%s\n", pair.name.c_str(), comir::csv_field(found.angle_deg).c_str(),
                    comir::csv_field(found.tx_px).c_str(), comir::csv_field(found.ty_px).c_str());
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 5) {
        std::fprintf(stderr,
                     "usage: readme DATA [STEPS [MODEL [PAIRS]]]\nDATA holds visible/scene.png and infrared/scene.png; "
                     "the model is written to MODEL; PAIRS is a list by `comir make-pairs`\n");
        return 2;
    }
    try {
        std::string const data = argv[1];
        auto const rgb = comir::read_image_float(data + "/visible/scene.png");
        auto const nir = comir::read_image_float(data + "/infrared/scene.png");
        comir::region const left{0, 0, rgb.width() / 2, rgb.height()};
        std::vector<comir::aligned_images<2>> const pairs{{comir::crop(rgb, left), comir::crop(nir, left)}};
        trainer const trained = argc > 2 ? train(pairs, std::stoul(argv[2])) : train(pairs);
        if (argc > 3)
            write_model(trained, argv[3]);
        if (argc > 4)
            register_list(trained, argv[4]);
        // Two cuts of the right half, of which the second one lies 5 px to the right and 3 px below the first.
        auto const result =
            register_images(trained, comir::crop(rgb, {190, 40, 128, 128}), comir::crop(nir, {195, 43, 128, 128}));
        std::printf("angle %.2f degrees, shift %.2f, %.2f px; the truth is 0, -5, -3\n",
                    result.transform.parameters[0] * 57.29577951308232, result.transform.parameters[1],
                    result.transform.parameters[2]);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
