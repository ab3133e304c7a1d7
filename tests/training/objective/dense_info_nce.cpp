#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/contrastive/critics/mse.hpp>
#include <comir/core/random.hpp>
#include <comir/training/objective/dense_info_nce.hpp>

namespace {

using mse_objective = comir::dense_info_nce<comir::mse_critic, 2>;

/// Representations of three patches, their gradient, and poses of the patches.
struct patch_batch {
    comir::crop_poses<2> poses;
    std::array<comir::tensor<float>, 2> x, dx;

    patch_batch(std::size_t patch, std::size_t grid) : poses(patch, grid, true) {
        comir::random_stream places(4, 0), values(5, 0);
        poses.place(3, places);
        for (std::size_t m = 0; m < 2; ++m) {
            x[m].resize({3, 2, patch, patch});
            dx[m].resize({3, 2, patch, patch});
            comir::for_each_row(x[m].view(), [&](float* row, std::size_t w) {
                for (std::size_t i = 0; i < w; ++i)
                    row[i] = static_cast<float>(values.uniform(-1, 1));
            });
            comir::fill(dx[m].view(), 7.0f);  // to be overwritten
        }
    }
    std::array<comir::tensor_view<float const>, 2> in() const { return {x[0].view(), x[1].view()}; }
    std::array<comir::tensor_view<float>, 2> out() { return {dx[0].view(), dx[1].view()}; }
    comir::objective_report gradient(mse_objective& o) {
        return o.gradient({.step = 0, .steps = 9, .poses = poses}, in(), out());
    }
};

}  // namespace

TEST_CASE("dense_info_nce: its gradient is that of its value, with a grid and without") {
    for (std::size_t const grid : {std::size_t{1}, std::size_t{4}}) {
        patch_batch b(16, grid);
        mse_objective o({.temperature = 0.5, .decay_l1 = 0, .decay_l2 = 0.02, .canonical_weight = 0, .threads = 1});
        auto const found = b.gradient(o);
        CHECK(found.loss.loss == o.value({.poses = b.poses}, b.in()).loss);
        CHECK(found.decay > 0);
        CHECK(found.canonical == 0);
        CHECK(found.total() == found.loss.loss + found.decay);
        auto const kept = b.dx;
        comir::random_stream random(6, grid);
        for (int k = 0; k < 12; ++k) {
            std::size_t const m = random.below(2), n = random.below(3), c = random.below(2), h = random.below(16),
                              w = random.below(16);
            constexpr float step = 0.02f;
            float& value = b.x[m](n, c, h, w);
            float const before = value;
            value = before + step;
            double const above = b.gradient(o).total();
            value = before - step;
            double const below = b.gradient(o).total();
            value = before;
            double const slope = (above - below) / (2 * static_cast<double>(step));
            // The loss is computed of float similarities of some 500 values.
            CHECK(static_cast<double>(kept[m](n, c, h, w)) == doctest::Approx(slope).epsilon(0.02).scale(1e-3));
        }
    }
}

TEST_CASE("dense_info_nce: equal bits for one and two threads") {
    patch_batch one(24, 6), two(24, 6);
    mse_objective first({.threads = 1}), second({.threads = 2});
    auto const a = one.gradient(first), b = two.gradient(second);
    CHECK(a.total() == b.total());
    for (std::size_t m = 0; m < 2; ++m)
        for (std::size_t n = 0; n < 3; ++n)
            for (std::size_t h = 0; h < 24; ++h)
                for (std::size_t w = 0; w < 24; ++w)
                    CHECK(one.dx[m](n, 1, h, w) == two.dx[m](n, 1, h, w));
}

TEST_CASE("dense_info_nce: the canonical-signal loss falls to a tenth in a third of the steps, from begin to end") {
    comir::image<float> scene({1, 60, 60});
    comir::random_stream random(8, 0);
    for (float& v : scene.values())
        v = static_cast<float>(random.uniform(0, 1));
    std::vector<comir::aligned_images<2>> const scenes{{scene, scene}};
    patch_batch b(16, 1);
    mse_objective o({.canonical_weight = 2, .threads = 1});
    auto const at = [&](std::uint64_t step) {
        comir::objective_report const found =
            o.gradient({.step = step, .steps = 30, .poses = b.poses}, b.in(), b.out());
        return found.canonical;
    };
    CHECK(at(0) == 0);
    o.begin(scenes, {.augment = {.patch = 16}}, 2);
    double const first = at(0);
    CHECK(first > 0);
    // Other steps show other patches, of about the same power.
    CHECK(at(29) < 0.2 * first);
    CHECK(at(29) > 0.05 * first);
    o.end();
    CHECK(at(0) == 0);
    CHECK_THROWS_AS(mse_objective({.canonical_weight = -1}), comir::error);
}
