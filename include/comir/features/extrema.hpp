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
        flat_highest_.assign(levels_ * width, 0.0f);
        flat_lowest_.assign(levels_ * width, 0.0f);
        hits_.assign((levels_ - 2) * block, 0.0f);
    }

    /// Makes the differences of row y.
    void push(gaussian_octave const& octave, std::size_t y) {
        for (std::size_t s = 0; s < levels_; ++s) {
            float const* a = octave.level(static_cast<int>(s)).row(y);
            float const* b = octave.level(static_cast<int>(s) + 1).row(y);
            float* to = difference(s, y);
            for (std::size_t x = 0; x < pitch_; x += width) {
                store(to + x, load(b + x) - load(a + x));
            }
        }
    }

    /// Calls found(s, x) for the extrema of row y; rows y-1, y and y+1 have been pushed.
    template <class Found>
    void scan(std::size_t y, std::size_t columns, float threshold, Found&& found) {
        std::size_t const pitch = row_pitch<float>(columns);
        std::size_t ready = 0;
        for (std::size_t x = 0; x < pitch; x += block) {
            std::size_t const end = std::min(x + block, pitch);
            if (!exceeds(y, x, end, threshold))
                continue;
            // The highest and lowest of three rows, where they are not there yet, with a vector more on both sides.
            ready = std::max(ready, x >= width ? x - width : 0);
            std::size_t const wanted = std::min(end + width, pitch);
            across_rows(y, ready, wanted);
            ready = wanted;
            if (!compare(y, x, end, threshold))
                continue;
            for (std::size_t s = 1; s + 1 < levels_; ++s)
                for (std::size_t i = x; i < end; ++i)
                    if (hits_[(s - 1) * block + i - x] > 0.0f && i >= extremum_border && i + extremum_border < columns)
                        found(static_cast<int>(s), i);
        }
    }

private:
    static constexpr std::size_t width = simd_width<float>;
    static constexpr std::size_t block = 4 * width;

    /// Whether a difference of the layers between x and end is above the threshold.
    bool exceeds(std::size_t y, std::size_t x, std::size_t end, float threshold) {
        simd<float> most(0.0f);
        for (std::size_t s = 1; s + 1 < levels_; ++s) {
            float const* values = difference(s, y);
            for (std::size_t i = x; i < end; i += width)
                most = maximum(most, absolute(load(values + i)));
        }
        return any_positive(most - simd<float>(threshold));
    }

    static bool any_positive(simd<float> const& v) {
        return sum(where_positive(v, simd<float>(1.0f), simd<float>(0.0f))) > 0.0f;
    }

    void across_rows(std::size_t y, std::size_t begin, std::size_t end) {
        for (std::size_t s = 0; s < levels_; ++s) {
            float const *a = difference(s, y - 1), *b = difference(s, y), *c = difference(s, y + 1);
            float *high = highest_.data() + s * padded() + width, *low = lowest_.data() + s * padded() + width;
            for (std::size_t x = begin; x < end; x += width) {
                simd<float> const p = load(a + x), q = load(b + x), r = load(c + x);
                store(high + x, maximum(maximum(p, q), r));
                store(low + x, minimum(minimum(p, q), r));
            }
        }
    }

    /// Fills hits_ for the layers between x and end; true if there is one.
    bool compare(std::size_t y, std::size_t x, std::size_t end, float threshold) {
        simd<float> const zero(0.0f), one(1.0f), least(threshold);
        simd<float> any = zero;
        for (std::size_t i = x; i < end; i += width) {
            for (std::size_t s = 0; s < levels_; ++s) {
                float const* h = highest_.data() + s * padded() + width + i;
                float const* l = lowest_.data() + s * padded() + width + i;
                store(flat_highest_.data() + s * width, maximum(maximum(load(h - 1), load(h)), load(h + 1)));
                store(flat_lowest_.data() + s * width, minimum(minimum(load(l - 1), load(l)), load(l + 1)));
            }
            for (std::size_t s = 1; s + 1 < levels_; ++s) {
                float const *h = flat_highest_.data() + s * width, *l = flat_lowest_.data() + s * width;
                simd<float> const high = maximum(maximum(load(h - width), load(h)), load(h + width));
                simd<float> const low = minimum(minimum(load(l - width), load(l)), load(l + width));
                simd<float> const v = load(difference(s, y) + i);
                simd<float> const rest = where_positive(v, high - v, v - low);
                simd<float> const hit = where_positive(absolute(v) - least, where_positive(rest, zero, one), zero);
                store(hits_.data() + (s - 1) * block + i - x, hit);
                any = maximum(any, hit);
            }
        }
        return sum(any) > 0.0f;
    }

    std::size_t padded() const { return pitch_ + 2 * width; }
    float* difference(std::size_t s, std::size_t y) { return differences_.data() + (s * 3 + y % 3) * pitch_; }

    std::size_t pitch_, levels_;
    aligned_vector<float> differences_, highest_, lowest_, flat_highest_, flat_lowest_, hits_;
};

/// Finds the extrema of an octave while its levels are made, as long as their rows are in the cache.
class extremum_search {
public:
    extremum_search(std::size_t widest, int layers, int threads)
        : threads_(threads),
          scratch_(static_cast<std::size_t>(thread_count(threads)), extremum_rows(row_pitch<float>(widest), layers)) {}

    /// Makes the levels above the octave's first, and finds their extrema, in the order of rows, layers and columns
    /// they were first seen in.
    std::vector<scale_extremum> operator()(gaussian_octave const& octave, double sigma, extremum_limits const& limits,
                                           plane_blur& blur) {
        std::size_t const h = octave.height(), w = octave.width();
        std::vector<candidate> candidates;
        std::size_t scanned = extremum_border;
        octave.build(sigma, blur, [&](std::size_t rows) {
            std::size_t const end = rows == h ? h - std::min(h, extremum_border) : rows - 1;
            if (w <= 2 * extremum_border || end <= scanned)
                return;
            // Half the least contrast, since the interpolated extremum may be higher than its pixel.
            scan(octave, scanned, end, 0.5f * limits.contrast, candidates);
            scanned = end;
        });
        return refine(octave, candidates, limits);
    }

private:
    struct candidate {
        int level;
        std::size_t y, x;
    };

    void scan(gaussian_octave const& octave, std::size_t begin, std::size_t end, float threshold,
              std::vector<candidate>& all) {
        constexpr std::size_t band = 16;
        std::size_t const bands = (end - begin + band - 1) / band;
        std::vector<std::vector<candidate>> parts(bands);
        parallel_for_slots(bands, threads_, [&](std::size_t item, std::size_t slot) {
            extremum_rows& lines = scratch_[slot];
            std::size_t const first = begin + item * band, last = std::min(first + band, end);
            lines.push(octave, first - 1);
            lines.push(octave, first);
            for (std::size_t y = first; y < last; ++y) {
                lines.push(octave, y + 1);
                lines.scan(y, octave.width(), threshold, [&](int s, std::size_t x) {
                    parts[item].push_back({s, y, x});
                });
            }
        });
        for (auto const& part : parts)
            all.insert(all.end(), part.begin(), part.end());
    }

    std::vector<scale_extremum> refine(gaussian_octave const& octave, std::vector<candidate> const& candidates,
                                       extremum_limits const& limits) const {
        constexpr std::size_t chunk = 64;
        std::size_t const chunks = (candidates.size() + chunk - 1) / chunk;
        std::vector<std::vector<scale_extremum>> parts(chunks);
        parallel_for(chunks, threads_, [&](std::size_t item) {
            for (std::size_t i = item * chunk; i < std::min((item + 1) * chunk, candidates.size()); ++i) {
                candidate const& c = candidates[i];
                scale_extremum found;
                if (refine_extremum(octave, c.level, c.y, c.x, limits, found))
                    parts[item].push_back(found);
            }
        });
        std::vector<scale_extremum> all;
        for (auto const& part : parts)
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }

    int threads_;
    std::vector<extremum_rows> scratch_;
};

}  // namespace detail

}  // namespace comir::inline COMIR_ABI
