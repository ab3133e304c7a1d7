#pragma once

#include <cmath>
#include <cstddef>

#include <comir/features/gaussian_octave.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// An extremum of the differences of Gaussians, in pixels and layers of its octave.
struct scale_extremum {
    float x, y, layer;  // interpolated
    int level;          // the level of the octave it is nearest to
    float response;
};

struct extremum_limits {
    float contrast = 0.0f;  // least interpolated difference
    float edge = 10.0f;     // largest ratio of the principal curvatures
};

/// Pixels at an octave's edges that hold no keypoint: their differences rest on mirrored pixels.
inline constexpr std::size_t extremum_border = 5;

/// The quadratic through the 3 x 3 x 3 differences around a pixel.
struct scale_quadric {
    double value, gradient[3], xx, yy, ss, xy, xs, ys;

    scale_quadric(gaussian_octave const& octave, int s, std::size_t y, std::size_t x) {
        plane_view planes[4];
        for (int i = 0; i < 4; ++i)
            planes[i] = octave.level(s - 1 + i);
        auto const d = [&](int ds, int dy, int dx) {
            std::size_t const v = y + static_cast<std::size_t>(dy + 1) - 1,
                              u = x + static_cast<std::size_t>(dx + 1) - 1;
            return static_cast<double>(planes[ds + 2].row(v)[u]) - static_cast<double>(planes[ds + 1].row(v)[u]);
        };
        value = d(0, 0, 0);
        gradient[0] = 0.5 * (d(0, 0, 1) - d(0, 0, -1));
        gradient[1] = 0.5 * (d(0, 1, 0) - d(0, -1, 0));
        gradient[2] = 0.5 * (d(1, 0, 0) - d(-1, 0, 0));
        xx = d(0, 0, 1) + d(0, 0, -1) - 2.0 * value;
        yy = d(0, 1, 0) + d(0, -1, 0) - 2.0 * value;
        ss = d(1, 0, 0) + d(-1, 0, 0) - 2.0 * value;
        xy = 0.25 * (d(0, 1, 1) - d(0, 1, -1) - d(0, -1, 1) + d(0, -1, -1));
        xs = 0.25 * (d(1, 0, 1) - d(1, 0, -1) - d(-1, 0, 1) + d(-1, 0, -1));
        ys = 0.25 * (d(1, 1, 0) - d(1, -1, 0) - d(-1, 1, 0) + d(-1, -1, 0));
    }

    /// Where the gradient vanishes, as x, y and layer relative to the pixel; false if that is nowhere.
    bool peak(double (&offset)[3]) const {
        double const a = yy * ss - ys * ys, b = xs * ys - xy * ss, c = xy * ys - xs * yy;
        double const determinant = xx * a + xy * b + xs * c;
        if (determinant == 0.0 || !std::isfinite(determinant))
            return false;
        double const scale = -1.0 / determinant;
        double const g0 = gradient[0], g1 = gradient[1], g2 = gradient[2];
        offset[0] = scale * (a * g0 + b * g1 + c * g2);
        offset[1] = scale * (b * g0 + (xx * ss - xs * xs) * g1 + (xs * xy - xx * ys) * g2);
        offset[2] = scale * (c * g0 + (xs * xy - xx * ys) * g1 + (xx * yy - xy * xy) * g2);
        return true;
    }
};

/// Moves to the interpolated extremum; false if there is none, or it is faint or lies along an edge.
inline bool refine_extremum(gaussian_octave const& octave, int s, std::size_t y, std::size_t x,
                            extremum_limits const& limits, scale_extremum& found) {
    constexpr int most_moves = 5;
    // More than half a pixel, or extrema halfway between two pixels would be sent back and forth and lost.
    constexpr double near = 0.6;
    for (int move = 0; move < most_moves; ++move) {
        scale_quadric const q(octave, s, y, x);
        double offset[3];
        if (!q.peak(offset))
            return false;
        if (std::abs(offset[0]) < near && std::abs(offset[1]) < near && std::abs(offset[2]) < near) {
            double const contrast =
                q.value + 0.5 * (q.gradient[0] * offset[0] + q.gradient[1] * offset[1] + q.gradient[2] * offset[2]);
            double const trace = q.xx + q.yy, determinant = q.xx * q.yy - q.xy * q.xy;
            double const edge = static_cast<double>(limits.edge);
            if (std::abs(contrast) < static_cast<double>(limits.contrast) || determinant <= 0.0 ||
                trace * trace * edge >= (edge + 1.0) * (edge + 1.0) * determinant)
                return false;
            found.x = static_cast<float>(static_cast<double>(x) + offset[0]);
            found.y = static_cast<float>(static_cast<double>(y) + offset[1]);
            found.layer = static_cast<float>(s + offset[2]);
            found.level = s;
            found.response = static_cast<float>(std::abs(contrast));
            return true;
        }
        double const next_x = static_cast<double>(x) + std::round(offset[0]);
        double const next_y = static_cast<double>(y) + std::round(offset[1]);
        double const next_s = s + std::round(offset[2]);
        constexpr auto border = static_cast<double>(extremum_border);
        if (!(next_x >= border && next_x < static_cast<double>(octave.width()) - border && next_y >= border &&
              next_y < static_cast<double>(octave.height()) - border && next_s >= 1.0 && next_s <= octave.layers()))
            return false;
        x = static_cast<std::size_t>(next_x);
        y = static_cast<std::size_t>(next_y);
        s = static_cast<int>(next_s);
    }
    return false;
}

}}}  // namespace comir::COMIR_ABI::detail
