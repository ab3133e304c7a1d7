#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/features/sift.hpp>

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
comir::image<float> draw(blobs const& scene, std::size_t h, std::size_t w, Back const& back) {
    comir::image<float> out({1, h, w});
    for (std::size_t y = 0; y < h; ++y)
        for (std::size_t x = 0; x < w; ++x) {
            auto const [u, v] = back(static_cast<double>(x), static_cast<double>(y));
            out(0, y, x) = static_cast<float>(scene.at(u, v));
        }
    return out;
}

inline comir::image<float> draw(blobs const& scene) {
    auto const side = static_cast<std::size_t>(scene.size);
    return draw(scene, side, side, [](double x, double y) { return std::pair(x, y); });
}

inline double wrapped(double angle) {
    return std::remainder(angle, 2.0 * std::numbers::pi);
}

/// Share of the keypoints of `a` that `b` has where they are expected, and their descriptors' mean scalar product.
struct sift_agreement {
    double share = 0.0, product = 0.0;
};

template <class Map>
sift_agreement compare(comir::feature_set const& a, comir::feature_set const& b, Map const& map, double turn,
                       double zoom, double pixels, double border, double side) {
    std::size_t asked = 0, found = 0;
    double product = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        comir::keypoint const& k = a.keypoints[i];
        auto const [x, y] = map(static_cast<double>(k.x), static_cast<double>(k.y));
        if (x < border || y < border || x > side - border || y > side - border)
            continue;
        ++asked;
        double best = -1.0;
        for (std::size_t j = 0; j < b.size(); ++j) {
            comir::keypoint const& m = b.keypoints[j];
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
