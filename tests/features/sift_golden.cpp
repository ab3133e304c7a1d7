#include <cmath>
#include <cstdint>
#include <numbers>

#include <doctest/doctest.h>

#include <comir/features/sift.hpp>

#include "support/golden.hpp"
#include "support/sift_scene.hpp"

namespace {

using comir::image;
using comir::keypoint;

}  // namespace

TEST_CASE("sift: keypoints and descriptors agree with OpenCV's") {
    golden_file const golden("features/sift.txt");
    auto const& pixels = golden["image"];
    image<std::uint8_t> source({1, pixels.shape[0], pixels.shape[1]}, pixels.as<std::uint8_t>());
    comir::feature_set const own = comir::sift(source, {.range = 255.0});
    auto const& rows = golden["keypoints"];
    auto const& descriptors = golden["descriptors"];
    std::size_t const count = rows.shape[0];
    // OpenCV turns the window of the directions about the nearest pixel: where two directions are about as frequent, as
    // on round blobs, the choice differs.
    std::size_t places = 0, found = 0;
    double apart = 0.0, turn = 0.0, size = 0.0, response = 0.0, product = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        double const* k = rows.values.data() + i * 7;
        double best = 0.25;
        std::size_t at = own.size();
        bool place = false;
        for (std::size_t j = 0; j < own.size(); ++j) {
            keypoint const& m = own.keypoints[j];
            double const d =
                std::hypot(static_cast<double>(m.x) - (k[0] - 0.25), static_cast<double>(m.y) - (k[1] - 0.25));
            double const angle = std::abs(wrapped(static_cast<double>(m.angle) - k[3] * std::numbers::pi / 180.0));
            double const scale = std::abs(std::log(2.0 * static_cast<double>(m.scale) / k[2]));
            if (m.octave != static_cast<int>(k[5]) || m.layer != static_cast<int>(k[6]) || scale > 0.1 || d > 0.25)
                continue;
            place = true;
            if (angle < best) {
                best = angle;
                at = j;
            }
        }
        places += place ? 1 : 0;
        if (at == own.size())
            continue;
        keypoint const& m = own.keypoints[at];
        ++found;
        apart += std::hypot(static_cast<double>(m.x) - (k[0] - 0.25), static_cast<double>(m.y) - (k[1] - 0.25));
        turn += best;
        size += std::abs(std::log(2.0 * static_cast<double>(m.scale) / k[2]));
        response += std::abs(std::log(static_cast<double>(m.response) / k[4]));
        double dot = 0.0, square = 0.0;
        for (std::size_t cell = 0; cell < 16; ++cell)
            for (std::size_t bin = 0; bin < 8; ++bin) {
                double const theirs = descriptors.values[i * 128 + cell * 8 + bin];
                dot += theirs * static_cast<double>(own.descriptor(at)[cell * 8 + (8 - bin) % 8]);
                square += theirs * theirs;
            }
        product += dot / std::sqrt(square);
    }
    auto const n = static_cast<double>(found), all = static_cast<double>(count);
    INFO("places ", places, ", found ", found, " of ", count, ", own ", own.size(), ": ", apart / n, " px, ", turn / n,
         " rad, ", size / n, " log scale, ", response / n, " log response, ", product / n);
    CHECK(static_cast<double>(places) >= 0.97 * all);
    CHECK(n >= 0.9 * all);
    CHECK(static_cast<double>(own.size()) <= 1.1 * all);
    CHECK(apart / n < 0.06);
    CHECK(turn / n < 0.04);
    CHECK(size / n < 0.02);
    CHECK(response / n < 0.03);
    CHECK(product / n > 0.98);
}
