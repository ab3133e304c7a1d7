#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include <comir/features/sift.hpp>

#include "support/sift_scene.hpp"

namespace {

using comir::image;

}  // namespace

TEST_CASE("sift: descriptors have unit length, RootSIFT those of the root") {
    auto const source = draw(blobs(120.0));
    auto const plain = comir::sift(source), root = comir::sift(source, {.root = true});
    REQUIRE(plain.size() == root.size());
    REQUIRE(plain.size() > 10);
    REQUIRE(plain.length == 128);
    for (std::size_t i = 0; i < plain.size(); ++i) {
        double square = 0.0, root_square = 0.0, total = 0.0, worst = 0.0;
        for (std::size_t d = 0; d < 128; ++d) {
            double const p = static_cast<double>(plain.descriptor(i)[d]),
                         r = static_cast<double>(root.descriptor(i)[d]);
            square += p * p;
            root_square += r * r;
            total += p;
        }
        for (std::size_t d = 0; d < 128; ++d) {
            double const p = static_cast<double>(plain.descriptor(i)[d]),
                         r = static_cast<double>(root.descriptor(i)[d]);
            worst = std::max(worst, std::abs(p / total - r * r));
        }
        CHECK(square == doctest::Approx(1.0).epsilon(1e-4));
        CHECK(root_square == doctest::Approx(1.0).epsilon(1e-4));
        CHECK(worst < 1e-6);
    }
}

TEST_CASE("sift: another number of cells and bins changes the length") {
    auto const source = draw(blobs(100.0));
    for (std::size_t const cells : {std::size_t{1}, std::size_t{3}, std::size_t{5}})
        for (std::size_t const bins : {std::size_t{4}, std::size_t{12}}) {
            auto const found = comir::sift(source, {.cells = cells, .bins = bins});
            REQUIRE(!found.empty());
            CHECK(found.length == cells * cells * bins);
            CHECK(found.descriptors.size() == found.size() * found.length);
            CHECK(std::ranges::all_of(found.descriptors, [](float v) { return v >= 0.0f && v <= 1.0f; }));
        }
}

TEST_CASE("sift: channels are averaged, chosen or joined") {
    image<float> const first = draw(blobs(120.0, 60, 3)), second = draw(blobs(120.0, 60, 4));
    image<float> both({2, 120, 120});
    std::ranges::copy(first.values(), both.channel(0).begin());
    std::ranges::copy(second.values(), both.channel(1).begin());
    auto const a = comir::sift(first), b = comir::sift(second);
    auto const chosen = comir::sift(both, {.channels = comir::sift_channels::one, .channel = 1});
    CHECK(chosen.keypoints == b.keypoints);
    CHECK(chosen.descriptors == b.descriptors);

    auto const joined = comir::sift(both, {.channels = comir::sift_channels::joined});
    CHECK(joined.length == 256);
    CHECK(joined.size() == a.size() + b.size());
    std::size_t seen[2] = {0, 0};
    for (std::size_t i = 0; i < joined.size(); ++i) {
        auto const c = static_cast<std::size_t>(joined.keypoints[i].channel);
        comir::feature_set const& own = c == 0 ? a : b;
        CHECK(joined.keypoints[i].x == own.keypoints[seen[c]].x);
        auto const part = joined.descriptor(i).subspan(128 * c, 128);
        CHECK(std::ranges::equal(part, own.descriptor(seen[c])));
        ++seen[c];
    }

    image<float> twice({2, 120, 120});
    std::ranges::copy(first.values(), twice.channel(0).begin());
    std::ranges::copy(first.values(), twice.channel(1).begin());
    CHECK(comir::sift(twice).keypoints == a.keypoints);
}
