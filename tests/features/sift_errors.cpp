#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/features/sift.hpp>

#include "support/message.hpp"
#include "support/sift_scene.hpp"

namespace {

using comir::image;
using comir::keypoint;
using comir::sift_options;

}  // namespace

TEST_CASE("sift: a mask drops the keypoints outside it, and shields values that are not finite") {
    auto source = draw(blobs(120.0));
    comir::image_mask mask({1, 120, 120}, 1);
    for (std::size_t y = 0; y < 120; ++y)
        for (std::size_t x = 0; x < 50; ++x)
            mask(0, y, x) = 0;
    auto const all = comir::sift(source, {.range = 1.0}), kept = comir::sift(source, {.range = 1.0}, mask);
    std::size_t expected = 0;
    for (keypoint const& k : all.keypoints)
        expected += std::lround(k.x) >= 50 ? 1 : 0;
    CHECK(kept.size() == expected);
    CHECK(kept.size() < all.size());
    CHECK(std::ranges::all_of(kept.keypoints, [](keypoint const& k) { return std::lround(k.x) >= 50; }));

    source(0, 60, 3) = std::numeric_limits<float>::quiet_NaN();
    source(0, 61, 3) = std::numeric_limits<float>::infinity();
    auto const shielded = comir::sift(source, {.range = 1.0}, mask);
    CHECK(shielded.size() >= kept.size() - 3);
    CHECK(std::ranges::all_of(shielded.descriptors, [](float v) { return std::isfinite(v); }));
    CHECK(message([&] { comir::sift(source); }).find("not finite at channel 0, x = 3, y = 60") != std::string::npos);
}

TEST_CASE("sift: constant, faint and tiny images have no keypoints and do no harm") {
    CHECK(comir::sift(image<float>({1, 64, 64}, 0.3f)).empty());
    CHECK(comir::sift(image<float>({3, 64, 64}, -7.0f), {.range = 1.0}).empty());
    CHECK(comir::sift(image<std::uint8_t>({1, 64, 64}, 255)).empty());
    comir::random_stream random(1);
    for (std::size_t h = 1; h <= 20; ++h)
        for (std::size_t const w : {std::size_t{1}, std::size_t{2}, std::size_t{5}, h, std::size_t{40}}) {
            image<float> source({1, h, w});
            for (float& v : source.values())
                v = static_cast<float>(random.uniform());
            auto const found = comir::sift(source);
            CHECK(found.descriptors.size() == found.size() * 128);
            for (keypoint const& k : found.keypoints)
                CHECK((k.x >= 0.0f && k.y >= 0.0f && k.x < static_cast<float>(w) && k.y < static_cast<float>(h)));
            CHECK(std::ranges::all_of(found.descriptors, [](float v) { return std::isfinite(v); }));
        }
}

TEST_CASE("sift: the settings of the CoMIR experiments") {
    auto const o = comir::comir_sift_options();
    CHECK(o.layers == 4);
    CHECK(o.cells == 4);
    CHECK(o.bins == 8);
    CHECK(o.sigma == 1.6);
    CHECK(o.smallest_octave == 128);
    CHECK(o.largest_octave == 1024);
    auto const found = comir::sift(draw(blobs(150.0)), o);
    CHECK(found.size() > 10);
    CHECK(std::ranges::all_of(found.keypoints, [](keypoint const& k) { return k.octave == 0 && k.layer <= 4; }));
}

TEST_CASE("sift: wrong input is named") {
    image<float> const good = draw(blobs(40.0));
    auto const text = [&](sift_options const& o) { return message([&] { comir::sift(good, o); }); };
    CHECK(message([] { comir::sift(image<float>()); }).find("comir::sift: the image is 0 x 0 x 0") !=
          std::string::npos);
    CHECK(message([&] {
              comir::sift(good, {}, comir::image_mask({1, 40, 39}, 1));
          }).find("expected 1 x 40 x 40") != std::string::npos);
    CHECK(text({.layers = 0}).find("layers is 0") != std::string::npos);
    CHECK(text({.sigma = 0.9}).find("sigma is 0.9") != std::string::npos);
    CHECK(text({.contrast = std::nan("")}).find("contrast is") != std::string::npos);
    CHECK(text({.edge = 0.5}).find("edge is 0.5") != std::string::npos);
    CHECK(text({.range = -1.0}).find("range is -1") != std::string::npos);
    CHECK(text({.smallest_octave = 10, .largest_octave = 5}).find("octaves of 10 to 5") != std::string::npos);
    CHECK(text({.smallest_octave = 0, .largest_octave = 0}).find("octaves of 0 to 0") != std::string::npos);
    CHECK(text({.cells = 0}).find("cells is 0") != std::string::npos);
    CHECK(text({.bins = 1}).find("bins is 1") != std::string::npos);
    CHECK(text({.cell_width = 0.0}).find("cell_width is 0") != std::string::npos);
    CHECK(
        text({.channels = comir::sift_channels::one, .channel = 1}).find("channel 1 was asked for, the image has 1") !=
        std::string::npos);
}
