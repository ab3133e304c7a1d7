#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <comir/core/random.hpp>
#include <comir/image/image.hpp>
#include <comir/transform/concepts.hpp>

/// Ground of random hills, 0 to 1, the same at any place for the same seed, and two instruments that look at it.
class ground {
public:
    explicit ground(std::uint64_t seed) : seed_(seed) {}

    float height(comir::point2 p) const { return 0.65f * hills(p, 16.0, 0) + 0.35f * hills(p, 6.0, 1); }

    /// What the first instrument sees: the height. pixel_to_ground is any map of points.
    /// Shapes: (1, side, side)
    template <class Map>
    comir::image<float> first_image(std::size_t side, Map const& pixel_to_ground) const {
        comir::image<float> image({1, side, side});
        for (std::size_t y = 0; y < side; ++y)
            for (std::size_t x = 0; x < side; ++x)
                image(0, y, x) = height(pixel_to_ground(comir::point2{static_cast<double>(x), static_cast<double>(y)}));
        return image;
    }

    /// What the second one sees: medium heights bright, valleys and tops dark. So no brightness of one image goes with
    /// one of the other.
    template <class Map>
    comir::image<float> second_image(std::size_t side, Map const& pixel_to_ground) const {
        auto image = first_image(side, pixel_to_ground);
        for (float& v : image.values())
            v = 1.0f - std::abs(2.0f * v - 1.0f);
        return image;
    }

private:
    /// Random numbers at the corners of squares, smooth between them.
    float hills(comir::point2 p, double square, std::uint64_t layer) const {
        double const x = std::floor(p.x / square), y = std::floor(p.y / square);
        double const u = smooth(p.x / square - x), v = smooth(p.y / square - y);
        auto const corner = [&](double i, double j) {
            auto const column = static_cast<std::int64_t>(x + i), row = static_cast<std::int64_t>(y + j);
            return comir::random_stream(seed_ + layer, static_cast<std::uint64_t>(column),
                                        static_cast<std::uint64_t>(row))
                .uniform();
        };
        double const above = (1.0 - u) * corner(0, 0) + u * corner(1, 0);
        double const below = (1.0 - u) * corner(0, 1) + u * corner(1, 1);
        return static_cast<float>((1.0 - v) * above + v * below);
    }
    static double smooth(double t) { return t * t * (3.0 - 2.0 * t); }

    std::uint64_t seed_;
};
