// The shortest way: registers two raw images of unlike modalities, without any training.
#include <cstdio>
#include <exception>
#include <string>

#include <comir/io/image_file.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/transform/geometry.hpp>

// [register]
comir::registration_result<comir::rigid2> register_raw(comir::image<float> const& fixed,
                                                       comir::image<float> const& moving) {
    // Mutual information asks how well one image's values predict the other's, whatever these values are. The search
    // tries all rotations and all shifts, so it needs no first guess.
    return comir::global_search(fixed, moving, {.metric = comir::search_metric::mutual_information});
}
// [register]

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::fprintf(stderr, "usage: 01_register_raw DATA\nDATA holds visible/scene.png and infrared/scene.png\n");
        return 2;
    }
    // [images]
    std::string const data = argv[1];
    auto const rgb = comir::read_image_float(data + "/visible/scene.png");   // 3 channels, values 0 to 1
    auto const nir = comir::read_image_float(data + "/infrared/scene.png");  // 1 channel, the same ground
    // Two cuts of 160 x 160 px. The second one begins 12 px further right and 8 px further up: a point of the ground
    // lies 12 px further left and 8 px further down in it.
    auto const fixed = comir::crop(rgb, {.x = 100, .y = 60, .w = 160, .h = 160});
    auto const moving = comir::crop(nir, {.x = 112, .y = 52, .w = 160, .h = 160});
    comir::rigid2 const truth{{0.0, -12.0, 8.0}};  // angle in radians, shift in pixels
    // [images]

    // [result]
    auto const result = register_raw(fixed, moving);
    auto const [angle, x, y] = result.transform.parameters;
    comir::point2 const there = result.transform({80.0, 80.0});  // from the fixed to the moving image
    std::printf("angle %.3f radians, shift %.2f, %.2f px\n", angle, x, y);
    std::printf("pixel (80, 80) of the fixed image is (%.2f, %.2f) in the moving image\n", there.x, there.y);
    std::printf("confidence %.2f\n", result.confidence);
    // [result]

    double const error = comir::corner_distance(result.transform, truth, fixed.height(), fixed.width());
    std::printf("error at the worst corner %.2f px\n", error);
    return error < 2.0 && result.confidence > 0.5 ? 0 : 1;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
