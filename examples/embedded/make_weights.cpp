// Trains two tiny networks, one for each instrument that looks at the ground, and prints weights.hpp.
#include <cmath>
#include <cstdio>
#include <exception>
#include <span>
#include <vector>

#include <comir/contrastive/critics/mse.hpp>
#include <comir/image/c4.hpp>
#include <comir/training/trainer.hpp>

#include "ground.hpp"
#include "tiny_network.hpp"

namespace {

void print_array(char const* name, std::span<float const> values) {
    std::printf("inline constexpr std::array<float, %zu> %s{", values.size(), name);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isfinite(values[i]) && std::floor(values[i]) == values[i])
            std::printf("%s%.1ff,", i % 10 == 0 ? "\n    " : " ", static_cast<double>(values[i]));
        else
            std::printf("%s%.6gf,", i % 10 == 0 ? "\n    " : " ", static_cast<double>(values[i]));
    }
    std::printf("\n};\n");
}

}  // namespace

int main() try {
    std::vector<comir::aligned_images<2>> scenes;
    for (std::uint64_t seed = 100; seed < 104; ++seed) {
        auto const as_it_is = [](comir::point2 p) { return p; };
        scenes.push_back({ground(seed).first_image(256, as_it_is), ground(seed).second_image(256, as_it_is)});
    }
    comir::trainer<comir::mse_critic, comir::c4, tiny_network, tiny_network> trainer({.temperature = 0.25,
                                                                                      .batch = 16,
                                                                                      .augment = {.patch = 48},
                                                                                      .learning_rate = 4e-2,
                                                                                      .group_convolutions = true});
    trainer.fit(scenes, {.steps = 400, .on_step = [](comir::training_step const& step) {
                             if (step.step % 50 == 0)
                                 std::fprintf(stderr, "step %zu, loss %.3f\n", step.step, step.loss.loss);
                             return true;
                         }});

    std::printf(
        "// Made by: build/examples/make_weights > examples/embedded/weights.hpp (target comir_make_weights)\n"
        "#pragma once\n\n#include <array>\n\n// clang-format off\n");
    print_array("first_parameters", trainer.state().networks[0].parameters);
    print_array("first_running", trainer.state().networks[0].running);
    print_array("second_parameters", trainer.state().networks[1].parameters);
    print_array("second_running", trainer.state().networks[1].running);
    std::printf("inline constexpr float range_low = %.6gf, range_high = %.6gf;  // of both networks' values\n",
                static_cast<double>(trainer.range().low), static_cast<double>(trainer.range().high));
    std::printf("// clang-format on\n");
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
