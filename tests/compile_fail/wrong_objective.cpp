// expect: comir: basic_trainer needs an objective: a struct with begin, gradient, value and end
#include <vector>

#include <comir/models/dense_unet.hpp>
#include <comir/training/basic_trainer.hpp>

using network = comir::dense_unet<comir::unet_shape{.in = 1, .out = 1}>;

struct forgot_gradient {
    void begin(std::span<comir::aligned_images<2> const>, comir::sampler_options const&, std::size_t) {}
    void end() {}
};

int main() {
    comir::basic_trainer<forgot_gradient, comir::one_process, comir::c4, network, network> trainer({}, {}, {}, {}, {});
    std::vector<comir::aligned_images<2>> const scenes;
    trainer.fit(scenes, {.steps = 1});
}
