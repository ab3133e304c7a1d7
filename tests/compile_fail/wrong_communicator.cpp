// expect: comir: basic_trainer needs a communicator: a struct with runs, gather, reduce and agree
#include <vector>

#include <comir/contrastive/critics/mse.hpp>
#include <comir/models/dense_unet.hpp>
#include <comir/training/basic_trainer.hpp>
#include <comir/training/objective/dense_info_nce.hpp>

using network = comir::dense_unet<comir::unet_shape{.in = 1, .out = 1}>;
using objective = comir::dense_info_nce<comir::mse_critic, 2>;

struct forgot_agree {
    bool runs(std::size_t) const { return true; }
    void gather(std::array<comir::tensor_view<float>, 2> const&) {}
    void reduce(std::size_t, std::span<float>) {}
};

int main() {
    comir::basic_trainer<objective, forgot_agree, comir::c4, network, network> trainer({}, objective(), {}, {}, {});
    std::vector<comir::aligned_images<2>> const scenes;
    trainer.fit(scenes, {.steps = 1});
}
