// Registers many images to one: what only depends on the fixed image is computed once.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>

#include <comir/io/image_file.hpp>
#include <comir/registration/automatic/cascade.hpp>
#include <comir/transform/geometry.hpp>

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::fprintf(stderr, "usage: 05_reuse_fixed_image DATA\nDATA holds infrared/scene.png\n");
        return 2;
    }
    auto const map = comir::read_image_float(std::string(argv[1]) + "/infrared/scene.png");

    // [target]
    // Keeps the map with its pyramid and its distance maps. Each of them is made when a registration first asks for it.
    comir::automatic_target<comir::rigid2> const target(map);
    // [target]

    double worst = 0.0;
    for (comir::region const place : {comir::region{40, 30, 96, 96}, {200, 90, 96, 96}, {120, 220, 96, 96}}) {
        // A camera above the map, of the same modality but brighter.
        auto frame = comir::crop(map, place);
        for (float& v : frame.values())
            v = std::sqrt(v);

        // [frame]
        auto const begin = std::chrono::steady_clock::now();
        auto const result = target.register_to(frame);
        std::chrono::duration<double> const time = std::chrono::steady_clock::now() - begin;
        // The transform maps the fixed image, the map, to the frame. Its inverse tells where on the map a pixel is.
        comir::point2 const corner = result.transform.inverse()({0.0, 0.0});
        std::printf("the frame's first pixel is (%.1f, %.1f) on the map, confidence %.2f, %.0f ms\n", corner.x,
                    corner.y, result.confidence, 1e3 * time.count());
        // [frame]
        worst = std::max(worst,
                         std::hypot(corner.x - static_cast<double>(place.x), corner.y - static_cast<double>(place.y)));
    }
    std::printf("largest error %.2f px\n", worst);
    return worst < 1.5 ? 0 : 1;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
