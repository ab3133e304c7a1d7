#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/features/sift.hpp>

#include "support/golden.hpp"

namespace {

using comir::image;
using comir::keypoint;
using comir::sift_options;

/// Random blobs in 0..1, each a closed formula, so that a turned or scaled image is exact and not interpolated.
struct blobs {
    struct blob {
        double x, y, a, b, angle, height;
    };
    std::vector<blob> list;
    double size;

    explicit blobs(double side, std::size_t count = 60, std::uint64_t seed = 3) : size(side) {
        comir::random_stream random(seed);
        for (std::size_t i = 0; i < count; ++i) {
            double const a = std::exp(random.uniform(std::log(2.0), std::log(7.0)));
            list.push_back({random.uniform(0.15, 0.85) * side, random.uniform(0.15, 0.85) * side, a,
                            a * random.uniform(0.55, 0.95), random.uniform(0.0, 3.1), random.uniform(-0.35, 0.35)});
        }
    }
    double at(double x, double y) const {
        double value = 0.5;
        for (blob const& b : list) {
            double const dx = x - b.x, dy = y - b.y;
            double const u = (dx * std::cos(b.angle) + dy * std::sin(b.angle)) / b.a;
            double const v = (dy * std::cos(b.angle) - dx * std::sin(b.angle)) / b.b;
            value += b.height * std::exp(-0.5 * (u * u + v * v));
        }
        return value;
    }
};

/// The blobs where back(x, y) says that pixel (x, y) comes from.
template <class Back>
image<float> draw(blobs const& scene, std::size_t h, std::size_t w, Back const& back) {
    image<float> out({1, h, w});
    for (std::size_t y = 0; y < h; ++y)
        for (std::size_t x = 0; x < w; ++x) {
            auto const [u, v] = back(static_cast<double>(x), static_cast<double>(y));
            out(0, y, x) = static_cast<float>(scene.at(u, v));
        }
    return out;
}

image<float> draw(blobs const& scene) {
    auto const side = static_cast<std::size_t>(scene.size);
    return draw(scene, side, side, [](double x, double y) { return std::pair(x, y); });
}

double wrapped(double angle) {
    return std::remainder(angle, 2.0 * std::numbers::pi);
}

/// Share of the keypoints of `a` that `b` has where they are expected, and their descriptors' mean scalar product.
struct agreement {
    double share = 0.0, product = 0.0;
};

template <class Map>
agreement compare(comir::feature_set const& a, comir::feature_set const& b, Map const& map, double turn, double zoom,
                  double pixels, double border, double side) {
    std::size_t asked = 0, found = 0;
    double product = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        keypoint const& k = a.keypoints[i];
        auto const [x, y] = map(static_cast<double>(k.x), static_cast<double>(k.y));
        if (x < border || y < border || x > side - border || y > side - border)
            continue;
        ++asked;
        double best = -1.0;
        for (std::size_t j = 0; j < b.size(); ++j) {
            keypoint const& m = b.keypoints[j];
            double const apart = std::hypot(static_cast<double>(m.x) - x, static_cast<double>(m.y) - y);
            double const size = static_cast<double>(m.scale) / static_cast<double>(k.scale) / zoom;
            double const angle = wrapped(static_cast<double>(m.angle) - static_cast<double>(k.angle) - turn);
            if (apart > pixels * static_cast<double>(k.scale) || std::abs(std::log(size)) > 0.1 ||
                std::abs(angle) > 0.3)
                continue;
            double dot = 0.0;
            for (std::size_t d = 0; d < a.length; ++d)
                dot += static_cast<double>(a.descriptor(i)[d]) * static_cast<double>(b.descriptor(j)[d]);
            best = std::max(best, dot);
        }
        if (best >= 0.0) {
            ++found;
            product += best;
        }
    }
    REQUIRE(asked >= 20);
    return {static_cast<double>(found) / static_cast<double>(asked), product / static_cast<double>(found)};
}

template <class Call>
std::string message_of(Call const& call) {
    try {
        call();
    } catch (comir::error const& e) {
        return e.what();
    }
    return "nothing was thrown";
}

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

TEST_CASE("sift: a blob's keypoint lies at its centre and has its scale") {
    for (double const sigma : {3.0, 5.5, 11.0}) {
        image<float> const one = draw(blobs(128.0, 0), 128, 128, [](double x, double y) { return std::pair(x, y); });
        image<float> source = one;
        for (std::size_t y = 0; y < 128; ++y)
            for (std::size_t x = 0; x < 128; ++x) {
                double const dx = static_cast<double>(x) - 60.3, dy = static_cast<double>(y) - 66.8;
                source(0, y, x) = static_cast<float>(std::exp(-0.5 * (dx * dx + dy * dy) / (sigma * sigma)));
            }
        auto const found = comir::sift(source, {.range = 1.0});
        REQUIRE(!found.empty());
        auto const best = *std::ranges::max_element(found.keypoints, {}, &keypoint::response);
        CHECK(static_cast<double>(best.x) == doctest::Approx(60.3).epsilon(0.001));
        CHECK(static_cast<double>(best.y) == doctest::Approx(66.8).epsilon(0.001));
        // The difference of two Gaussians of neighbouring scales s and ks is strongest where s sqrt(k) is the blob's
        // sigma; the image's own blur of 0.5 px adds to the former only.
        double const expected = std::sqrt(sigma * sigma + 0.25) / std::exp2(1.0 / 6.0);
        CHECK(static_cast<double>(best.scale) == doctest::Approx(expected).epsilon(0.04));
    }
}

TEST_CASE("sift: a turned image has the turned keypoints") {
    blobs const scene(200.0);
    auto const original = comir::sift(draw(scene), {.range = 1.0});
    for (double const turn : {0.3, 1.1, -2.5}) {
        double const c = std::cos(turn), s = std::sin(turn);
        auto const turned = comir::sift(draw(scene, 200, 200,
                                             [&](double x, double y) {
                                                 double const u = x - 99.5, v = y - 99.5;
                                                 return std::pair(99.5 + c * u + s * v, 99.5 - s * u + c * v);
                                             }),
                                        {.range = 1.0});
        auto const map = [&](double x, double y) {
            double const u = x - 99.5, v = y - 99.5;
            return std::pair(99.5 + c * u - s * v, 99.5 + s * u + c * v);
        };
        auto const result = compare(original, turned, map, turn, 1.0, 0.3, 20.0, 199.0);
        INFO("turned by ", turn, ": ", result.share, ", ", result.product);
        CHECK(result.share > 0.75);
        CHECK(result.product > 0.97);
    }
}

TEST_CASE("sift: a quarter turn and whole shifts lose almost nothing") {
    // One pixel more than a multiple of 32: turned octaves then keep the same pixels.
    blobs const scene(161.0);
    auto const original = comir::sift(draw(scene), {.range = 1.0});
    auto const turned =
        comir::sift(draw(scene, 161, 161, [](double x, double y) { return std::pair(y, 160.0 - x); }), {.range = 1.0});
    auto const quarter = compare(
        original, turned, [](double x, double y) { return std::pair(160.0 - y, x); }, 0.5 * std::numbers::pi, 1.0, 0.05,
        15.0, 160.0);
    CHECK(quarter.share > 0.97);
    CHECK(quarter.product > 0.99);
    auto const shifted = comir::sift(
        draw(scene, 161, 161, [](double x, double y) { return std::pair(x - 32.0, y - 16.0); }), {.range = 1.0});
    auto const shift = compare(
        original, shifted, [](double x, double y) { return std::pair(x + 32.0, y + 16.0); }, 0.0, 1.0, 0.05, 40.0,
        160.0);
    CHECK(shift.share > 0.97);
    CHECK(shift.product > 0.99);
}

TEST_CASE("sift: a scaled image has the scaled keypoints") {
    blobs const scene(160.0);
    auto const original = comir::sift(draw(scene), {.range = 1.0});
    auto const larger = comir::sift(
        draw(scene, 272, 272, [](double x, double y) { return std::pair(x / 1.7, y / 1.7); }), {.range = 1.0});
    auto const result = compare(
        original, larger, [](double x, double y) { return std::pair(1.7 * x, 1.7 * y); }, 0.0, 1.7, 0.3, 20.0, 271.0);
    INFO(result.share, ", ", result.product);
    CHECK(result.share > 0.75);
    CHECK(result.product > 0.95);
}

TEST_CASE("sift: the kind and range of values do not matter") {
    image<float> const source = draw(blobs(120.0));
    image<std::uint8_t> bytes({1, 120, 120});
    image<std::uint16_t> words({1, 120, 120}), few({1, 120, 120});
    image<float> large({1, 120, 120});
    image<double> doubles({1, 120, 120});
    for (std::size_t i = 0; i < source.values().size(); ++i) {
        auto const level = static_cast<unsigned>(std::clamp(std::lround(source.values()[i] * 200.0f), 0L, 255L));
        bytes.values()[i] = static_cast<std::uint8_t>(level);
        words.values()[i] = static_cast<std::uint16_t>(level * 257);
        few.values()[i] = static_cast<std::uint16_t>(level + 700);
        large.values()[i] = static_cast<float>(level) * 1e30f;
        doubles.values()[i] = static_cast<double>(level) * 1e-30 - 5e-28;
    }
    auto const expected = comir::sift(bytes);
    REQUIRE(expected.size() > 30);
    auto const same = [&](comir::feature_set const& other) {
        REQUIRE(other.size() == expected.size());
        for (std::size_t i = 0; i < other.size(); ++i) {
            CHECK(other.keypoints[i].x == doctest::Approx(expected.keypoints[i].x).epsilon(1e-3));
            CHECK(other.keypoints[i].response == doctest::Approx(expected.keypoints[i].response).epsilon(1e-3));
        }
    };
    same(comir::sift(words));
    same(comir::sift(few));
    same(comir::sift(large));
    same(comir::sift(doubles));
}

TEST_CASE("sift: a hot pixel does not drown the rest") {
    image<float> source = draw(blobs(120.0));
    auto const before = comir::sift(source).size();
    source(0, 60, 60) = 1e6f;
    CHECK(static_cast<double>(comir::sift(source).size()) > 0.6 * static_cast<double>(before));
}

TEST_CASE("sift: the same bits for 1 and 2 threads, and for every width") {
    blobs const scene(150.0);
    for (std::size_t const w : {std::size_t{61}, std::size_t{64}, std::size_t{97}, std::size_t{150}}) {
        auto const source = draw(scene, 90, w, [](double x, double y) { return std::pair(x + 10.0, y + 20.0); });
        auto const one = comir::sift(source, {.threads = 1}), two = comir::sift(source, {.threads = 2});
        CHECK(one.size() > 5);
        CHECK(one.keypoints == two.keypoints);
        CHECK(one.descriptors == two.descriptors);
    }
}

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

TEST_CASE("sift: every number of layers finds the strongest blobs") {
    auto const source = draw(blobs(120.0));
    auto const usual = comir::sift(source, {.range = 1.0, .max_keypoints = 10});
    for (int const layers : {1, 2, 4, 6, 16}) {
        auto const found = comir::sift(source, {.layers = layers, .range = 1.0});
        std::size_t seen = 0;
        for (keypoint const& k : usual.keypoints)
            seen += std::ranges::any_of(found.keypoints, [&](keypoint const& m) {
                return std::hypot(m.x - k.x, m.y - k.y) < 0.5f * k.scale &&
                       std::abs(std::log(m.scale / k.scale)) < 0.4f;
            });
        CHECK(seen >= 9);
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

TEST_CASE("sift: max_keypoints keeps the strongest in their order") {
    auto const source = draw(blobs(160.0));
    auto const all = comir::sift(source), some = comir::sift(source, {.max_keypoints = 20});
    REQUIRE(all.size() > 40);
    REQUIRE(some.size() == 20);
    std::vector<float> responses;
    for (keypoint const& k : all.keypoints)
        responses.push_back(k.response);
    std::ranges::sort(responses, std::greater<>());
    std::size_t j = 0;
    for (std::size_t i = 0; i < some.size(); ++i) {
        CHECK(some.keypoints[i].response >= responses[19]);
        while (j < all.size() && !(all.keypoints[j] == some.keypoints[i]))
            ++j;
        REQUIRE(j < all.size());
        CHECK(std::ranges::equal(all.descriptor(j), some.descriptor(i)));
    }
}

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
    CHECK(message_of([&] { comir::sift(source); }).find("not finite at channel 0, x = 3, y = 60") != std::string::npos);
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

TEST_CASE("sift: octaves keep to their limits") {
    auto const source = draw(blobs(200.0));
    auto const octaves = [&](sift_options const& o) {
        std::pair<int, int> range{100, -100};
        for (keypoint const& k : comir::sift(source, o).keypoints)
            range = {std::min(range.first, k.octave), std::max(range.second, k.octave)};
        return range;
    };
    CHECK(octaves({.contrast = 0.002}).first == -1);
    CHECK(octaves({.contrast = 0.002, .doubled = false}).first == 0);
    CHECK(octaves({.contrast = 0.002, .largest_octave = 399}).first == 0);
    CHECK(octaves({.contrast = 0.002, .largest_octave = 199}).first == 1);
    CHECK(octaves({.contrast = 0.002, .smallest_octave = 101}).second == 0);
    CHECK(octaves({.contrast = 0.002, .smallest_octave = 100}).second == 1);
    // The octaves of a smaller image are those of the larger one, whatever the way they were made.
    auto const direct = comir::sift(source, {.doubled = false, .largest_octave = 199});
    auto const halved = comir::sift(source, {.doubled = false});
    std::size_t alike = 0, coarse = 0;
    for (keypoint const& k : halved.keypoints) {
        if (k.octave != 1)
            continue;
        ++coarse;
        alike += std::ranges::any_of(direct.keypoints, [&](keypoint const& m) {
            return m.octave == 1 && std::hypot(m.x - k.x, m.y - k.y) < 0.3f && std::abs(m.scale - k.scale) < 0.3f;
        });
    }
    REQUIRE(coarse > 10);
    CHECK(static_cast<double>(alike) >= 0.9 * static_cast<double>(coarse));
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
    auto const text = [&](sift_options const& o) { return message_of([&] { comir::sift(good, o); }); };
    CHECK(message_of([] { comir::sift(image<float>()); }).find("comir::sift: the image is 0 x 0 x 0") !=
          std::string::npos);
    CHECK(message_of([&] {
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
