// For a small device: no file system, no exceptions, no RTTI, no threads, and weights that stay in read-only memory.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>

#include <comir/models/encoder.hpp>
#include <comir/registration/local/alpha_amd.hpp>
#include <comir/transform/geometry.hpp>

#include "embedded/ground.hpp"
#include "embedded/tiny_network.hpp"
#include "embedded/weights.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti) || defined(_OPENMP)
#error "this program is to be built with -fno-exceptions -fno-rtti and without OpenMP"
#endif

// [failure]
// What the library would throw it tells this function first. A device might log the message and start anew.
void stop(char const* message) {
    std::puts(message);
    std::exit(1);
}
// [failure]

// [encode]
// The network holds no numbers: it reads them where they are, such as a constexpr array in flash memory.
comir::image<float> represent(std::span<float const> parameters, std::span<float const> running,
                              comir::image<float> const& image) {
    static tiny_network const network;
    static tiny_network::workspace workspace;  // grows at the first image, and is reused for the next ones
    comir::tensor<float> y;
    y.resize({1, 1, image.height(), image.width()});
    network.encode(parameters, running, image.view(), y.view(), workspace, 1);

    // Near its edge an image's representation knows of the edge: leave that out, so that only the ground is compared.
    constexpr std::size_t edge = 16;
    comir::image<float> inner({1, image.height() - 2 * edge, image.width() - 2 * edge});
    for (std::size_t r = 0; r < inner.height(); ++r)
        std::copy_n(y.row(0, 0, r + edge) + edge, inner.width(), inner.row(0, r));
    return comir::to_unit(inner, {range_low, range_high});
}
// [encode]

int main() {
    comir::on_failure = stop;
    // Two instruments look at the same ground, the second one turned by 0.1 radians and shifted.
    constexpr std::size_t side = 128;
    comir::rigid2 const truth{{0.1, 6.0, -4.0}, comir::image_centre(side, side)};
    ground const hills(1);  // ground that the networks have not seen
    auto const fixed = hills.first_image(side, [](comir::point2 p) { return p; });
    auto const moving = hills.second_image(side, truth.inverse());

    // [register]
    auto const a = represent(first_parameters, first_running, fixed);
    auto const b = represent(second_parameters, second_running, moving);
    // The target keeps what is made of the fixed image, for any number of moving ones.
    comir::alpha_amd_target<comir::rigid2> const target(a);
    auto const result = target.register_to(b);
    auto const [angle, x, y] = result.transform.parameters;
    std::printf("angle %.3f radians, shift %.2f, %.2f px, confidence %.2f\n", angle, x, y, result.confidence);
    // [register]

    // Both images lost the same edge, so that the transform about their centre is the same.
    comir::rigid2 const inner_truth{truth.parameters, comir::image_centre(a.shape())};
    double const error = comir::corner_distance(result.transform, inner_truth, a.height(), a.width());
    std::printf("error at the worst corner %.2f px\n", error);
    return error < 2.0 ? 0 : 1;
}
