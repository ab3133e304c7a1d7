// Trains two networks that make the modalities look alike, writes them to a file and registers what they make of
// images.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <comir/contrastive/critics/mse.hpp>
#include <comir/image/c4.hpp>
#include <comir/io/image_file.hpp>
#include <comir/io/model_file.hpp>
#include <comir/registration/automatic/cascade.hpp>
#include <comir/training/recipe.hpp>
#include <comir/training/trainer.hpp>
#include <comir/transform/geometry.hpp>

// [networks]
// One network for each modality: 3 -> 1 channels for colour images, 1 -> 1 for grey ones. Shapes are template
// arguments, so the compiler knows every size.
using visible = comir::dense_unet<comir::with_channels(comir::comir_shape, 3, 1)>;
using infrared = comir::dense_unet<comir::with_channels(comir::comir_shape, 1, 1)>;
using model_trainer = comir::trainer<comir::mse_critic, comir::c4, visible, infrared>;
// [networks]

int main(int argc, char** argv) try {
    if (argc < 3 || argc > 4) {
        std::fprintf(stderr,
                     "usage: 02_train_and_register DATA MODEL [STEPS]\n"
                     "DATA holds visible/scene.png and infrared/scene.png; MODEL.safetensors is written\n");
        return 2;
    }
    std::string const data = argv[1];
    auto const rgb = comir::read_image_float(data + "/visible/scene.png");
    auto const nir = comir::read_image_float(data + "/infrared/scene.png");

    // [train]
    // Training needs images that are aligned already. Here it is the left half of the scene; the right half is new to
    // the networks.
    comir::region const left{.x = 0, .y = 0, .w = rgb.width() / 2, .h = rgb.height()};
    std::vector<comir::aligned_images<2>> const pairs{{comir::crop(rgb, left), comir::crop(nir, left)}};
    auto recipe = comir::comir_recipe(pairs);  // the settings behind the library's figures
    recipe.options.names = {"visible", "infrared"};
    model_trainer trainer(recipe.options);
    trainer.fit(pairs, {.steps = argc == 4 ? std::stoul(argv[3]) : recipe.steps, .on_step = [](auto const& step) {
                            std::printf("\rstep %zu of %zu, loss %.3f", step.step, step.steps, step.loss.loss);
                            return true;  // false would end the training here
                        }});
    // [train]

    // [save]
    comir::model_info const info{.critic = std::string(comir::mse_critic::name),
                                 .group = comir::c4::name,
                                 .temperature = recipe.options.temperature,
                                 .steps = trainer.state().step,
                                 .version = "02_train_and_register"};
    comir::write_model(argv[2], {.encoders = {comir::to_any_encoder(trainer.encoder<0>()),
                                              comir::to_any_encoder(trainer.encoder<1>())},
                                 .info = info});
    // [save]

    // [register]
    auto const a = comir::crop(rgb, {.x = 190, .y = 40, .w = 128, .h = 128});
    auto const b = comir::crop(nir, {.x = 195, .y = 43, .w = 128, .h = 128});
    // to_unit maps what both networks give to 0..1, by the range that training found for the two together.
    auto const comir_a = comir::to_unit(trainer.encoder<0>().encode(a), trainer.range());
    auto const comir_b = comir::to_unit(trainer.encoder<1>().encode(b), trainer.range());
    // The photographs go along: register_auto asks them where the representations leave doubt.
    auto const result = comir::register_auto({.values = comir_a, .raw = a}, {.values = comir_b, .raw = b});
    auto const [angle, x, y] = result.transform.parameters;
    std::printf("\nangle %.3f radians, shift %.2f, %.2f px, confidence %.2f\n", angle, x, y, result.confidence);
    // [register]
    comir::rigid2 const truth{{0.0, -5.0, -3.0}};
    return comir::corner_distance(result.transform, truth, a.height(), a.width()) < 2.0 ? 0 : 1;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
