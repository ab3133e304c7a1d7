#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/training/batch/crop_poses.hpp>
#include <comir/training/batch/sampler.hpp>

namespace {

constexpr std::size_t batch = 5;

/// Values that grow along x and along y: linear interpolation gives them exactly, anywhere.
comir::image<float> ramps() {
    comir::image<float> result({2, 90, 100});
    for (std::size_t y = 0; y < 90; ++y)
        for (std::size_t x = 0; x < 100; ++x) {
            result(0, y, x) = static_cast<float>(x);
            result(1, y, x) = static_cast<float>(y);
        }
    return result;
}

comir::crop_poses<3> placed(std::size_t patch, std::size_t cells, bool turn) {
    comir::crop_poses<3> views(patch, cells, turn);
    comir::random_stream random(3, 1);
    views.place(batch, random);
    return views;
}

double angle_of(comir::affine2 const& t) {
    return std::atan2(t.parameters[2], t.parameters[0]);
}

}  // namespace

TEST_CASE("crop_poses: what is common shows the same places in all modalities, whatever their turns") {
    auto const picture = ramps();
    std::vector<comir::aligned_images<3>> const scenes{{picture, picture, picture}};
    for (std::size_t const patch : {24, 28, 32}) {
        auto const views = placed(patch, patch / 4, true);
        CHECK(views.square() == patch + 8);
        CHECK(views.common() == patch - 8);
        CHECK(views.common_grid() == patch / 4 - 2);
        comir::batch_sampler<3> const sampler(scenes, {.augment = {.patch = views.square()}});
        std::array<comir::tensor<float>, 3> patches, common;
        for (std::size_t m = 0; m < 3; ++m) {
            patches[m].resize({batch, 2, patch, patch});
            common[m].resize({batch, 2, views.common(), views.common()});
        }
        sampler.draw(
            7, {patches[0].view(), patches[1].view(), patches[2].view()},
            [&](std::size_t m, std::size_t n) { return views.to_square(m, n); }, 2);
        for (std::size_t m = 0; m < 3; ++m)
            views.cut_common<float>(m, std::as_const(patches[m]).view(), common[m].view(), 2);
        // Turned as far as may be, corners reach beyond the patch by half a pixel, where four cells leave no room.
        double const tolerance = patch == 24 ? 1e-3 : 0.5;
        double worst = 0, apart = 0;
        for (std::size_t m = 1; m < 3; ++m)
            for (std::size_t n = 0; n < batch; ++n) {
                for (std::size_t c = 0; c < 2; ++c) {
                    for (std::size_t y = 0; y < views.common(); ++y)
                        for (std::size_t x = 0; x < views.common(); ++x)
                            worst = std::max(worst, std::abs(double(common[m](n, c, y, x) - common[0](n, c, y, x))));
                    apart = std::max(apart, std::abs(double(patches[m](n, c, 0, 0) - patches[0](n, c, 0, 0))));
                }
            }
        CHECK(worst < tolerance);
        CHECK(apart > 3);
    }
}

TEST_CASE("crop_poses: of each sample one patch lies at a corner, the others in the middle, turned") {
    auto const views = placed(32, 8, true);
    double const most = 0.5 * std::asin(32.0 * 32.0 / (23.0 * 23.0) - 1.0);
    for (std::size_t n = 0; n < batch; ++n) {
        std::size_t upright = 0;
        for (std::size_t m = 0; m < 3; ++m) {
            auto const t = views.to_square(m, n);
            comir::point2 const centre = t({15.5, 15.5});
            CHECK(std::abs(angle_of(t)) <= most + 1e-12);
            if (angle_of(t) == 0) {
                ++upright;
                CHECK((t({}).x == 0 || t({}).x == 8));
                CHECK((t({}).y == 0 || t({}).y == 8));
            } else {
                CHECK(centre == comir::point2{19.5, 19.5});
            }
        }
        CHECK(upright == 1);
    }
    // Six cells a side leave room for every angle between quarter turns.
    auto const six = placed(24, 6, true), still = placed(24, 6, false);
    double widest = 0;
    for (std::size_t n = 0; n < batch; ++n)
        for (std::size_t m = 0; m < 3; ++m) {
            widest = std::max(widest, std::abs(angle_of(six.to_square(m, n))));
            CHECK(angle_of(still.to_square(m, n)) == 0);
        }
    CHECK(widest > 0.6);
    CHECK(widest < std::numbers::pi / 4);

    comir::crop_poses<2> whole(24, 1, true);
    whole.place_alike(1);
    CHECK(whole.square() == 24);
    CHECK(whole.to_square(1, 0)({5, 7}) == comir::point2{5, 7});
}

TEST_CASE("crop_poses: add_common is the transpose of cut_common, with equal bits for one and two threads") {
    auto const views = placed(24, 6, true);
    comir::random_stream random(5);
    comir::tensor<float> x({batch, 2, 24, 24}), y({batch, 2, 16, 16}), cut(y.shape()), spread(x.shape()),
        again(x.shape());
    for (auto* t : {&x, &y})
        comir::for_each_row(t->view(), [&](float* row, std::size_t w) {
            for (std::size_t i = 0; i < w; ++i)
                row[i] = static_cast<float>(random.normal());
        });
    auto const dot = [](comir::tensor<float> const& a, comir::tensor<float> const& b) {
        double sum = 0;
        auto const s = a.shape();
        for (std::size_t n = 0; n < s.n; ++n)
            for (std::size_t c = 0; c < s.c; ++c)
                for (std::size_t h = 0; h < s.h; ++h)
                    for (std::size_t w = 0; w < s.w; ++w)
                        sum += double(a(n, c, h, w)) * double(b(n, c, h, w));
        return sum;
    };
    for (std::size_t m = 0; m < 3; ++m) {
        comir::fill(spread.view(), 0.0f);
        comir::fill(again.view(), 0.0f);
        views.cut_common<float>(m, std::as_const(x).view(), cut.view(), 1);
        views.add_common<float>(m, std::as_const(y).view(), spread.view(), 1);
        views.add_common<float>(m, std::as_const(y).view(), again.view(), 2);
        CHECK(dot(cut, y) == doctest::Approx(dot(x, spread)).epsilon(1e-5));
        CHECK(dot(spread, spread) == dot(spread, again));
        CHECK(dot(spread, spread) == dot(again, again));
    }
}

TEST_CASE("crop_poses: cells that do not fit are refused") {
    CHECK_THROWS_WITH_AS(comir::crop_poses<2>(16, 3, true),
                         "comir::crop_poses: a patch of 16 px cannot be cut into 3 x 3 cells; give a divisor",
                         comir::shape_error);
    CHECK_THROWS_WITH_AS(comir::crop_poses<2>(16, 2, true),
                         "comir::crop_poses: a patch is cut into 2 x 2 cells, expected 1 or at least 3 along a side: "
                         "the patches of two modalities share all but two of them",
                         comir::shape_error);
}
