#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/pearson.hpp>
#include <comir/training/objective/canonical_signal_loss.hpp>

namespace {

using scene_list = std::vector<comir::aligned_images<2>>;

/// Blobs of 3 px that both modalities show, the second one inverted and beside noise of its own in a second channel.
scene_list common_blobs(std::size_t count) {
    scene_list result;
    for (std::size_t s = 0; s < count; ++s) {
        comir::random_stream random(5, s);
        comir::image<float> noise({2, 60, 70});
        for (float& v : noise.values())
            v = static_cast<float>(random.uniform(0, 1));
        comir::image<float> blobs = comir::gaussian_blur(noise, 3);
        comir::image<float> a({1, 60, 70}), b({2, 60, 70});
        for (std::size_t i = 0; i < 60 * 70; ++i) {
            a.values()[i] = blobs.values()[i];
            b.values()[i] = 1 - 2 * blobs.values()[i];
            b.values()[60 * 70 + i] = blobs.values()[60 * 70 + i];
        }
        result.push_back({a, b});
    }
    return result;
}

}  // namespace

TEST_CASE("canonical_signal: finds what both modalities show, and leaves out what one shows alone") {
    scene_list const given = common_blobs(3);
    auto const signals = comir::canonical_signal<2>(given, 1, 1);
    REQUIRE(signals.size() == 3);
    double sum = 0, squares = 0, count = 0;
    for (std::size_t s = 0; s < 3; ++s) {
        REQUIRE(signals[s].shape() == comir::image_shape{1, 60, 70});
        comir::image<float> detail = given[s][0];
        detail = comir::local_detail(detail, comir::detail::canonical_coarse_sigma, {}, 1);
        CHECK(comir::pearson(signals[s].values(), detail.values()) > 0.9);
        comir::image<float> alone({1, 60, 70});
        std::ranges::copy(given[s][1].channel(1), alone.values().begin());
        alone = comir::local_detail(alone, comir::detail::canonical_coarse_sigma, {}, 1);
        CHECK(std::abs(comir::pearson(signals[s].values(), alone.values())) < 0.4);
        for (float const v : signals[s].values())
            sum += v, squares += v * v, count += 1;
    }
    CHECK(std::abs(sum / count) < 0.05);
    CHECK(squares / count == doctest::Approx(1).epsilon(0.1));
}

TEST_CASE("canonical_signal: channels are uncorrelated, as many as the poorest modality has features") {
    scene_list const given = common_blobs(2);
    auto const signals = comir::canonical_signal<2>(given, 9, 1);
    REQUIRE(signals[0].channels() == 6);
    std::vector<float> first, second;
    for (auto const& s : signals) {
        first.insert(first.end(), s.channel(0).begin(), s.channel(0).end());
        second.insert(second.end(), s.channel(1).begin(), s.channel(1).end());
    }
    CHECK(std::abs(comir::pearson(first, second)) < 0.15);
    CHECK(comir::canonical_signal<2>(given, 2, 2)[1].channels() == 2);
}

TEST_CASE("canonical_signal: a constant modality gives finite values, other sizes an error") {
    scene_list given = common_blobs(1);
    for (float& v : given[0][1].values())
        v = 0.25f;
    auto const signals = comir::canonical_signal<2>(given, 1, 1);
    for (float const v : signals[0].values())
        CHECK(std::isfinite(v));
    given[0][1] = comir::image<float>({2, 60, 71});
    CHECK_THROWS_AS(comir::canonical_signal<2>(given, 1, 1), comir::shape_error);
    CHECK_THROWS_AS(comir::canonical_signal<2>(scene_list{}, 1, 1), comir::shape_error);
}

TEST_CASE(
    "canonical_signal_loss: its gradient is that of its value, zero at the signal, in the signal's channels only") {
    scene_list const given = common_blobs(2);
    comir::sampler_options options;
    options.augment.patch = 16;
    comir::canonical_signal_loss<2> guide(given, 1, options, 1);
    comir::tensor<float> a({3, 2, 16, 16}), b({3, 2, 16, 16}), da({3, 2, 16, 16}), db({3, 2, 16, 16});
    comir::random_stream random(3);
    for (auto* t : {&a, &b})
        comir::for_each_row(t->view(), [&](float* row, std::size_t w) {
            for (std::size_t i = 0; i < w; ++i)
                row[i] = static_cast<float>(random.uniform(-2, 2));
        });
    auto const value = [&] {
        for (auto* t : {&da, &db})
            comir::for_each_row(t->view(), [](float* row, std::size_t w) { std::fill_n(row, w, 0.0f); });
        return guide.gradient(7, 3.0, {std::as_const(a).view(), std::as_const(b).view()}, {da.view(), db.view()});
    };
    double const before = value();
    float const slope = db.view()(1, 0, 5, 9);
    CHECK(da.view()(1, 1, 5, 9) == 0.0f);
    CHECK(db.view()(2, 1, 0, 0) == 0.0f);
    b.view()(1, 0, 5, 9) += 0.5f;
    double const after = value();
    // The penalty is a parabola: its chord has the slope of the middle, here a quarter's step further.
    double const middle = (slope + db.view()(1, 0, 5, 9)) / 2;
    CHECK((after - before) / 0.5 == doctest::Approx(middle).epsilon(1e-3));
    CHECK(slope != 0.0f);
}
