#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd.hpp>
#include <comir/features/gaussian_octave.hpp>
#include <comir/features/keypoint.hpp>

namespace comir::inline COMIR_ABI {

namespace detail {

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

/// Finds the pixels of a row that are extrema among their 26 neighbours in place and scale, a vector at a time.
/// Differences of Gaussians are made as they are needed, three rows at a time, and never stored as images.
class extremum_rows {
public:
    extremum_rows(std::size_t pitch, int layers) : pitch_(pitch), levels_(static_cast<std::size_t>(layers) + 2) {
        differences_.assign(levels_ * 3 * pitch_, 0.0f);
        // The vectors beside a row's first and last are read with an offset of one.
        highest_.assign(levels_ * padded(), 0.0f);
        lowest_.assign(levels_ * padded(), 0.0f);
        hits_.assign(pitch_, 0.0f);
    }

    /// Makes the differences of row y.
    void push(gaussian_octave const& octave, std::size_t y) {
        constexpr std::size_t width = simd_width<float>;
        for (std::size_t s = 0; s < levels_; ++s) {
            float const* a = octave.level(static_cast<int>(s)).row(y);
            float const* b = octave.level(static_cast<int>(s) + 1).row(y);
            float* to = difference(s, y);
            for (std::size_t x = 0; x < pitch_; x += width)
                store(to + x, load(b + x) - load(a + x));
        }
    }

    /// Calls found(s, x) for the extrema of row y; rows y-1, y and y+1 are there.
    template <class Found>
    void scan(std::size_t y, std::size_t columns, float threshold, Found&& found) {
        constexpr std::size_t width = simd_width<float>;
        for (std::size_t s = 0; s < levels_; ++s) {
            float const *a = difference(s, y - 1), *b = difference(s, y), *c = difference(s, y + 1);
            float *high = highest_.data() + s * padded() + width, *low = lowest_.data() + s * padded() + width;
            for (std::size_t x = 0; x < pitch_; x += width) {
                simd<float> const p = load(a + x), q = load(b + x), r = load(c + x);
                store(high + x, maximum(maximum(p, q), r));
                store(low + x, minimum(minimum(p, q), r));
            }
        }
        simd<float> const zero(0.0f), one(1.0f), least(threshold);
        for (std::size_t s = 1; s + 1 < levels_; ++s) {
            float const* values = difference(s, y);
            for (std::size_t x = 0; x < pitch_; x += width) {
                simd<float> const v = load(values + x);
                simd<float> high = v, low = v;
                for (std::size_t t = s - 1; t <= s + 1; ++t) {
                    float const* h = highest_.data() + t * padded() + width + x;
                    float const* l = lowest_.data() + t * padded() + width + x;
                    high = maximum(high, maximum(maximum(load(h - 1), load(h)), load(h + 1)));
                    low = minimum(low, minimum(minimum(load(l - 1), load(l)), load(l + 1)));
                }
                simd<float> const top = where_positive(high - v, zero, one),
                                  bottom = where_positive(v - low, zero, one);
                simd<float> const hit = where_positive(absolute(v) - least, where_positive(v, top, bottom), zero);
                store(hits_.data() + x, hit);
                if (sum(hit) > 0.0f)
                    for (std::size_t i = x; i < x + width; ++i)
                        if (hits_[i] > 0.0f && i >= extremum_border && i + extremum_border < columns)
                            found(static_cast<int>(s), i);
            }
        }
    }

private:
    std::size_t padded() const { return pitch_ + 2 * simd_width<float>; }
    float* difference(std::size_t s, std::size_t y) { return differences_.data() + (s * 3 + y % 3) * pitch_; }

    std::size_t pitch_, levels_;
    aligned_vector<float> differences_, highest_, lowest_;
    std::vector<float> hits_;
};

/// All extrema of an octave, in the order of rows, layers and columns they were first seen in.
inline std::vector<scale_extremum> find_extrema(gaussian_octave const& octave, extremum_limits const& limits,
                                                int threads) {
    std::size_t const h = octave.height(), w = octave.width();
    if (h <= 2 * extremum_border || w <= 2 * extremum_border)
        return {};
    constexpr std::size_t band = 32;
    std::size_t const rows = h - 2 * extremum_border, bands = (rows + band - 1) / band;
    std::vector<std::vector<scale_extremum>> parts(bands);
    std::vector<extremum_rows> scratch(static_cast<std::size_t>(thread_count(threads)),
                                       extremum_rows(octave.level(0).pitch, octave.layers()));
    parallel_for_slots(bands, threads, [&](std::size_t item, std::size_t slot) {
        extremum_rows& lines = scratch[slot];
        std::size_t const first = extremum_border + item * band, end = std::min(first + band, h - extremum_border);
        lines.push(octave, first - 1);
        lines.push(octave, first);
        for (std::size_t y = first; y < end; ++y) {
            lines.push(octave, y + 1);
            // Half the least contrast, since the interpolated extremum may be higher than its pixel.
            lines.scan(y, w, 0.5f * limits.contrast, [&](int s, std::size_t x) {
                scale_extremum found;
                if (refine_extremum(octave, s, y, x, limits, found))
                    parts[item].push_back(found);
            });
        }
    });
    std::vector<scale_extremum> all;
    for (auto const& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace detail

}  // namespace comir::inline COMIR_ABI
