#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/training/batch/sampler.hpp>

namespace {

using scenes_2 = std::vector<comir::aligned_images<2>>;

comir::image<float> rough(comir::image_shape shape, double start) {
    comir::image<float> result(shape);
    for (std::size_t i = 0; i < result.values().size(); ++i)
        result.values()[i] = static_cast<float>(std::sin(12.9898 * static_cast<double>(i) + start));
    return result;
}

scenes_2 rough_scenes() {
    scenes_2 scenes;
    scenes.push_back({rough({3, 50, 70}, 0), rough({1, 50, 70}, 1)});
    scenes.push_back({rough({3, 80, 40}, 2), rough({1, 80, 40}, 3)});
    scenes.push_back({rough({3, 33, 34}, 4), rough({1, 33, 34}, 5)});
    return scenes;
}

struct batch_2 {
    comir::tensor<float> a, b;

    explicit batch_2(std::size_t n, std::size_t patch, std::size_t channels_a = 3)
        : a({n, channels_a, patch, patch}), b({n, 1, patch, patch}) {}
    std::array<comir::tensor_view<float>, 2> views() { return {a.view(), b.view()}; }
};

bool same(comir::tensor_view<float const> x, comir::tensor_view<float const> y) {
    if (x.shape() != y.shape())
        return false;
    auto const s = x.shape();
    for (std::size_t n = 0; n < s.n; ++n)
        for (std::size_t c = 0; c < s.c; ++c)
            for (std::size_t h = 0; h < s.h; ++h)
                if (!std::equal(x.row(n, c, h), x.row(n, c, h) + s.w, y.row(n, c, h)))
                    return false;
    return true;
}
bool same(batch_2 const& x, batch_2 const& y) {
    return same(x.a.view(), y.a.view()) && same(x.b.view(), y.b.view());
}

/// How often each of the scenes, told apart by its one value, is drawn in `count` samples.
std::vector<int> scene_counts(scenes_2 const& scenes, comir::sampler_options const& options, std::size_t count) {
    comir::batch_sampler<2> const sampler(scenes, options);
    batch_2 batch(count, options.augment.patch, 1);
    sampler.draw(0, batch.views(), 1);
    std::vector<int> counts(scenes.size());
    for (std::size_t n = 0; n < count; ++n)
        ++counts[static_cast<std::size_t>(std::lround(batch.a(n, 0, 0, 0)))];
    return counts;
}

}  // namespace

TEST_CASE("batch_sampler: modalities stay aligned, whatever is drawn") {
    // Interpolation and blur are linear with weights of sum 1, so an affine function of the values commutes with them.
    std::vector<comir::aligned_images<3>> scenes;
    for (std::size_t i = 0; i < 3; ++i) {
        auto const picture = rough({2, 40 + 9 * i, 60 - 9 * i}, static_cast<double>(i));
        comir::aligned_images<3> scene{picture, comir::image<float>({1, picture.height(), picture.width()}), picture};
        for (std::size_t p = 0; p < scene[1].values().size(); ++p)
            scene[1].values()[p] = 0.5f - 2.0f * picture.channel(1)[p];
        for (float& v : scene[2].values())
            v = 3.0f * v + 1.0f;
        scenes.push_back(scene);
    }
    comir::batch_sampler<3> const sampler(scenes, {.augment = {.patch = 32, .blur_probability = 0.5}, .seed = 9});
    CHECK(sampler.scene_count() == 3);
    CHECK(sampler.channels(0) == 2);
    CHECK(sampler.channels(1) == 1);
    comir::tensor<float> a({20, 2, 32, 32}), b({20, 1, 32, 32}), c({20, 2, 32, 32});
    sampler.draw(4, {a.view(), b.view(), c.view()}, 1);
    float worst = 0, largest = 0;
    for (std::size_t n = 0; n < 20; ++n)
        for (std::size_t y = 0; y < 32; ++y)
            for (std::size_t x = 0; x < 32; ++x) {
                worst = std::max(worst, std::abs(b(n, 0, y, x) - (0.5f - 2.0f * a(n, 1, y, x))));
                worst = std::max(worst, std::abs(c(n, 0, y, x) - (3.0f * a(n, 0, y, x) + 1.0f)));
                largest = std::max(largest, std::abs(a(n, 0, y, x)));
            }
    // Some 20 roundings of values up to 4.
    CHECK(worst <= 2e-5f);
    CHECK(largest > 0.5f);
}

TEST_CASE("batch_sampler: a sample is the augmentation of its scene by its own stream") {
    auto const scenes = rough_scenes();
    comir::augment_options const augment{.patch = 24, .blur_probability = 0.5};
    comir::batch_sampler<2> const sampler({scenes.data() + 1, 1}, {.augment = augment, .seed = 5});
    batch_2 batch(6, 24);
    sampler.draw(2, batch.views(), 1);
    for (std::size_t n = 0; n < 6; ++n) {
        comir::random_stream random(5, 2 * 6 + n, 0x747261696e);
        CHECK(random.below(1) == 0);
        auto const how = draw_augmentation(random, scenes[1][0].shape(), augment);
        comir::tensor<float> a({1, 3, 24, 24}), b({1, 1, 24, 24});
        comir::augment(scenes[1][0], how, augment.method, a.view(), 1);
        comir::augment(scenes[1][1], how, augment.method, b.view(), 1);
        CHECK(same(a.view(), batch.a.view().samples(n, 1)));
        CHECK(same(b.view(), batch.b.view().samples(n, 1)));
    }
}

TEST_CASE("batch_sampler: a batch depends on seed and step only, with the same bits for any number of threads") {
    auto const scenes = rough_scenes();
    comir::sampler_options options{.augment = {.patch = 33, .blur_probability = 0.3}, .seed = 2};
    comir::batch_sampler<2> const sampler(scenes, options);
    batch_2 one(8, 33), two(8, 33), other(8, 33);
    sampler.draw(7, one.views(), 1);
    sampler.draw(1, two.views(), 1);
    CHECK_FALSE(same(one, two));
    sampler.draw(7, two.views(), 2);
    CHECK(same(one, two));

    options.seed = 3;
    comir::batch_sampler<2>(scenes, options).draw(7, other.views(), 1);
    CHECK_FALSE(same(one, other));

    // No two of the 8 samples are alike.
    for (std::size_t n = 1; n < 8; ++n)
        for (std::size_t k = 0; k < n; ++k)
            CHECK_FALSE(same(one.a.view().samples(n, 1), one.a.view().samples(k, 1)));

    // Step 7 of 8 samples is the steps 14 and 15 of 4.
    batch_2 half(4, 33);
    for (std::size_t k = 0; k < 2; ++k) {
        sampler.draw(14 + k, half.views(), 1);
        CHECK(same(half.a.view(), one.a.view().samples(4 * k, 4)));
        CHECK(same(half.b.view(), one.b.view().samples(4 * k, 4)));
    }
}

TEST_CASE("batch_sampler: validation batches are fixed and are no training batches") {
    auto const scenes = rough_scenes();
    comir::batch_sampler<2> const sampler(scenes, {.augment = {.patch = 20}});
    batch_2 first(4, 20), again(4, 20), next(4, 20), training(4, 20);
    sampler.draw_validation(0, first.views());
    sampler.draw(0, training.views());
    sampler.draw_validation(1, next.views());
    sampler.draw_validation(0, again.views());
    CHECK(same(first, again));
    CHECK_FALSE(same(first, next));
    CHECK_FALSE(same(first, training));
}

TEST_CASE("batch_sampler: every pixel of the batch is written, and nothing beside it") {
    auto const scenes = rough_scenes();
    comir::batch_sampler<2> const sampler(scenes, {.augment = {.patch = 17, .blur_probability = 0.5}});
    float const nan = std::numeric_limits<float>::quiet_NaN();
    comir::tensor<float> a({6, 7, 21, 30}), b({6, 1, 17, 17});
    std::fill_n(a.data(), a.storage_size(), nan);
    std::fill_n(b.data(), b.storage_size(), nan);
    sampler.draw(0, {a.view().channels(2, 3).window(1, 4, 17, 17), b.view()}, 2);
    for (std::size_t n = 0; n < 6; ++n)
        for (std::size_t c = 0; c < 7; ++c)
            for (std::size_t y = 0; y < 21; ++y)
                for (std::size_t x = 0; x < 30; ++x) {
                    bool const patch = c >= 2 && c < 5 && y >= 1 && y < 18 && x >= 4 && x < 21;
                    CHECK(std::isnan(a(n, c, y, x)) != patch);
                }
    comir::for_each_row(b.view(), [](float const* row, std::size_t w) {
        CHECK(std::none_of(row, row + w, [](float v) { return std::isnan(v); }));
    });
}

TEST_CASE("batch_sampler: scenes are drawn alike, or in proportion to their area") {
    scenes_2 scenes;
    for (std::size_t i = 0; i < 3; ++i) {
        comir::image<float> const flat({1, 10, 10 * (i + 1)}, static_cast<float>(i));
        scenes.push_back({flat, flat});
    }
    comir::sampler_options options{.augment = {.patch = 2}};
    // Standard deviations are below 40 of 6000.
    for (int const count : scene_counts(scenes, options, 6000))
        CHECK(std::abs(count - 2000) <= 160);
    options.weight_by_area = true;
    auto const counts = scene_counts(scenes, options, 6000);
    for (int i = 0; i < 3; ++i)
        CHECK(std::abs(counts[static_cast<std::size_t>(i)] - 1000 * (i + 1)) <= 160);
}

TEST_CASE("batch_sampler: scenes that do not fit together are refused by number") {
    comir::sampler_options const options{.augment = {.patch = 32}};
    auto const make = [&](scenes_2 const& scenes) { comir::batch_sampler<2> const sampler(scenes, options); };
    CHECK_NOTHROW(make(rough_scenes()));
    CHECK_THROWS_WITH_AS(make({}), "comir::batch_sampler: there are no scenes, expected at least one",
                         comir::shape_error);

    auto scenes = rough_scenes();
    scenes[1][1] = rough({1, 80, 41}, 0);
    CHECK_THROWS_WITH_AS(make(scenes),
                         "comir::batch_sampler: in scene 1, modality 1 has 41 x 80 px and modality 0 has 40 x 80 px; "
                         "give aligned images of one size",
                         comir::shape_error);
    scenes = rough_scenes();
    scenes[2][0] = rough({4, 33, 34}, 0);
    CHECK_THROWS_WITH_AS(make(scenes),
                         "comir::batch_sampler: modality 0 has 4 channels in scene 2 and 3 in scene 0, expected one "
                         "number, at least 1",
                         comir::shape_error);
    scenes = rough_scenes();
    scenes[2] = {rough({3, 31, 90}, 0), rough({1, 31, 90}, 0)};
    CHECK_THROWS_WITH_AS(make(scenes),
                         "comir::batch_sampler: a patch of 32 px does not fit into scene 2 of 90 x 31 px; use a "
                         "smaller patch",
                         comir::shape_error);
    for (float const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        scenes = rough_scenes();
        scenes[1][0](2, 79, 39) = bad;
        CHECK_THROWS_WITH_AS(make(scenes),
                             "comir::batch_sampler: in scene 1, modality 0 has values that are infinite or not a "
                             "number, expected finite ones; replace them",
                             comir::error);
    }
    scenes = rough_scenes();
    comir::sampler_options const odd{.augment = {.patch = 32, .blur_probability = -0.1}};
    CHECK_THROWS_AS(comir::batch_sampler<2>(scenes, odd), comir::error);
}

TEST_CASE("batch_sampler: a batch of another shape is refused") {
    auto const scenes = rough_scenes();
    comir::batch_sampler<2> const sampler(scenes, {.augment = {.patch = 16}});
    comir::tensor<float> a({4, 3, 16, 16}), fewer({3, 1, 16, 16}), wide({4, 1, 16, 17}), colour({4, 3, 16, 16});
    CHECK_THROWS_WITH_AS(sampler.draw(0, {a.view(), fewer.view()}),
                         "comir::batch_sampler::draw: batch[1] is (3, 1, 16, 16), expected (4, 1, 16, 16)",
                         comir::shape_error);
    CHECK_THROWS_AS(sampler.draw(0, {a.view(), wide.view()}), comir::shape_error);
    CHECK_THROWS_AS(sampler.draw_validation(0, {a.view(), colour.view()}), comir::shape_error);
    CHECK_THROWS_AS(sampler.draw(0, {}), comir::shape_error);
}

TEST_CASE("batch_sampler: a view shows a piece of what is drawn, blurred or not") {
    auto const scenes = rough_scenes();
    comir::batch_sampler<2> const sampler(scenes, {.augment = {.patch = 32, .blur_probability = 0.5}, .seed = 4});
    batch_2 whole(8, 32), piece(8, 20);
    sampler.draw(3, whole.views(), 2);
    // Modality 1 looks two pixels further down.
    auto const view = [](std::size_t m, std::size_t) {
        return comir::affine2{{1, 0, 0, 1, 5, 3 + 2 * static_cast<double>(m)}, {}};
    };
    sampler.draw(3, piece.views(), view, 2);
    auto const apart = [](comir::tensor<float> const& x, comir::tensor<float> const& of, std::size_t top) {
        double worst = 0;
        for (std::size_t n = 0; n < 8; ++n)
            for (std::size_t y = 0; y < 20; ++y)
                for (std::size_t i = 0; i < 20; ++i)
                    worst = std::max(worst, std::abs(static_cast<double>(x(n, 0, y, i) - of(n, 0, y + top, i + 5))));
        return worst;
    };
    CHECK(apart(piece.a, whole.a, 3) < 1e-4);
    CHECK(apart(piece.b, whole.b, 5) < 1e-4);
    CHECK(apart(piece.b, whole.b, 3) > 0.1);
    sampler.draw_validation(3, whole.views(), 2);
    CHECK(apart(piece.a, whole.a, 3) > 0.1);
    sampler.draw_validation(3, piece.views(), view, 1);
    CHECK(apart(piece.a, whole.a, 3) < 1e-4);

    batch_2 uneven(8, 20);
    uneven.b.resize({8, 1, 24, 24});
    CHECK_THROWS_AS(sampler.draw(3, uneven.views(), view), comir::shape_error);
}
