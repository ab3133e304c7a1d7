// Loads a model that the tool or 02_train_and_register wrote, and registers with it.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include <comir/evaluation/model_preparation.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/warp.hpp>
#include <comir/io/image_file.hpp>
#include <comir/io/model_file.hpp>
#include <comir/registration/automatic/cascade.hpp>
#include <comir/transform/geometry.hpp>

// [represent]
// The representation of an image, values 0 to 1. A model file may hold networks of any shape: encode_with runs the one
// that it finds.
comir::image<float> represent(comir::model const& model, char const* modality, comir::image<float> const& image) {
    comir::any_encoder const& encoder = model.find(modality);
    return comir::to_unit(comir::encode_with(encoder, image), comir::settings_of(encoder).range);
}
// [represent]

int main(int argc, char** argv) try {
    if (argc != 4) {
        std::fprintf(stderr,
                     "usage: 03_load_model MODEL DATA PICTURE\n"
                     "MODEL has the modalities visible and infrared; DATA holds visible/scene.png and\n"
                     "infrared/scene.png; PICTURE.png is written\n");
        return 2;
    }
    // [load]
    comir::model const model = comir::read_model(argv[1]);
    std::printf("trained for %zu steps with the critic %s\n", std::size_t{model.info.steps}, model.info.critic.c_str());
    // [load]
    std::string const data = argv[2];
    auto const rgb = comir::crop(comir::read_image_float(data + "/visible/scene.png"), {200, 150, 128, 128});
    auto const nir = comir::crop(comir::read_image_float(data + "/infrared/scene.png"), {190, 156, 128, 128});

    // [register]
    auto const a = represent(model, "visible", rgb);
    auto const b = represent(model, "infrared", nir);
    auto const result = comir::register_auto({.values = a, .raw = rgb}, {.values = b, .raw = nir});
    auto const [angle, x, y] = result.transform.parameters;
    std::printf("angle %.3f radians, shift %.2f, %.2f px, confidence %.2f\n", angle, x, y, result.confidence);
    // [register]

    // [warp]
    // The infrared image on the pixels of the visible one, to be laid over it. The mask tells which pixels it reaches.
    comir::image_mask inside;
    auto const registered = comir::warp(nir, result.transform, rgb, {}, &inside);
    comir::write_image(argv[3], comir::to_integer<std::uint8_t>(registered));
    // [warp]
    comir::rigid2 const truth{{0.0, 10.0, -6.0}};
    return comir::corner_distance(result.transform, truth, rgb.height(), rgb.width()) < 2.0 ? 0 : 1;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
