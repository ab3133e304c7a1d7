#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/contrastive/any_critic.hpp>
#include <comir/contrastive/info_nce.hpp>
#include <comir/core/random.hpp>

using namespace comir;

namespace {

/// Loss and gradient of two modalities of five random representations.
template <class Critic>
std::vector<float> loss_and_gradient(Critic const& critic) {
    tensor<float> x[2], dx[2];
    random_stream random(7, 1, 1);
    for (int m = 0; m < 2; ++m) {
        x[m].resize({5, 2, 4, 3});
        dx[m].resize({5, 2, 4, 3});
        for_each_row(x[m].view(), [&](float* row, std::size_t w) {
            for (std::size_t i = 0; i < w; ++i)
                row[i] = static_cast<float>(random.uniform(-1, 1));
        });
    }
    info_nce<Critic> loss({.temperature = 0.3, .threads = 1}, critic);
    std::vector<tensor_view<float const>> const inputs{std::as_const(x[0]).view(), std::as_const(x[1]).view()};
    std::vector<tensor_view<float>> const outputs{dx[0].view(), dx[1].view()};
    std::vector<float> all{static_cast<float>(loss.gradient(inputs, outputs).loss)};
    for (auto const& view : outputs)
        for_each_row(view, [&](float const* row, std::size_t w) { all.insert(all.end(), row, row + w); });
    return all;
}

}  // namespace

TEST_CASE("any_critic: a critic chosen by name has the bits of its own type") {
    CHECK(loss_and_gradient(any_critic("cosine")) == loss_and_gradient(cosine_critic{}));
    CHECK(loss_and_gradient(any_critic("rowwise_l3")) == loss_and_gradient(rowwise_l3_critic{}));
    CHECK(loss_and_gradient(any_critic()) == loss_and_gradient(mse_critic{}));
    CHECK(loss_and_gradient(any_critic("l1")) != loss_and_gradient(mse_critic{}));
}

TEST_CASE("any_critic: every name is known, an unknown one is refused with the list") {
    for (std::string_view const name : critic_names)
        CHECK(any_critic(name).chosen() == name);
    CHECK(critic_names.size() == 15);
    try {
        any_critic{"mean"};
        FAIL("accepted");
    } catch (error const& e) {
        CHECK(std::string(e.what()).find("the critic is 'mean', expected one of: mse, l1") != std::string::npos);
    }
}
