#include <array>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/training/batch/batch_source.hpp>

namespace {

std::vector<comir::aligned_images<2>> noise(std::size_t height, std::size_t width) {
    comir::random_stream random(2, 0);
    comir::image<float> a({1, height, width}), b({2, height, width});
    for (float& v : a.values())
        v = static_cast<float>(random.uniform(0, 1));
    for (float& v : b.values())
        v = static_cast<float>(random.uniform(0, 1));
    return {{a, b}};
}

struct patches {
    std::array<comir::tensor<float>, 2> drawn;

    explicit patches(std::size_t extent) {
        drawn[0].resize({5, 1, extent, extent});
        drawn[1].resize({5, 2, extent, extent});
    }
    std::array<comir::tensor_view<float>, 2> views() { return {drawn[0].view(), drawn[1].view()}; }
    bool operator==(patches const& other) const {
        bool same = true;
        for (std::size_t m = 0; m < 2; ++m)
            for (std::size_t n = 0; n < 5; ++n)
                for (std::size_t y = 0; y < drawn[m].shape().h; ++y)
                    for (std::size_t x = 0; x < drawn[m].shape().w; ++x)
                        same = same && drawn[m](n, 0, y, x) == other.drawn[m](n, 0, y, x);
        return same;
    }
};

comir::batch_options options(std::size_t grid, double inverted) {
    return {.sampling = {.augment = {.patch = 12}, .seed = 5},
            .batch = 5,
            .grid = grid,
            .invert_contrast = inverted,
            .threads = 1};
}

}  // namespace

TEST_CASE("batch_source: a batch depends on its step only, not on what was drawn before") {
    auto const scenes = noise(40, 50);
    for (std::size_t const grid : {std::size_t{1}, std::size_t{3}}) {
        comir::batch_source<2> one(scenes, options(grid, 0.5)), two(scenes, options(grid, 0.5));
        patches a(12), b(12);
        one.draw(3, a.views());
        two.draw(1, b.views());
        CHECK_FALSE(a == b);
        two.draw_validation(0, b.views());
        CHECK_FALSE(a == b);
        two.draw(3, b.views());
        CHECK(a == b);
    }
}

TEST_CASE("batch_source: contrasts are inverted in training, not in validation") {
    auto const scenes = noise(40, 50);
    comir::batch_source<2> plain(scenes, options(1, 0)), inverted(scenes, options(1, 1));
    patches a(12), b(12);
    plain.draw_validation(7, a.views());
    inverted.draw_validation(7, b.views());
    CHECK(a == b);
    plain.draw(7, a.views());
    inverted.draw(7, b.views());
    CHECK_FALSE(a == b);
}

TEST_CASE("batch_source: squares are wider than patches with a grid, and scenes must hold them") {
    auto const scenes = noise(40, 19);
    CHECK(comir::batch_source<2>(scenes, options(1, 0)).sampling().augment.patch == 12);
    CHECK_THROWS_WITH_AS(comir::batch_source<2>(scenes, options(3, 0)),
                         "comir::batch_source: a patch of 12 px does not fit into scene 0 of 19 x 40 px: it takes 20 "
                         "px, since patches of two modalities lie apart; use a smaller patch, or one cell",
                         comir::shape_error);
    auto const wider = noise(40, 20);
    comir::batch_source<2> const source(wider, options(3, 0));
    CHECK(source.sampling().augment.patch == 20);
    CHECK(source.channels(1) == 2);
}
