#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/random.hpp>
#include <comir/image/distance.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// One image at one resolution as alpha-AMD sees it: for every alpha level q a map of the distance from a point of
/// level q, and the points themselves in a random order. With L alpha levels, a pixel of value v has the level
/// q = floor(L v + 1/2), and the map of q is the mean over the L cuts of the distance to the cut's nearest pixel: to
/// {level >= i} for the cuts i <= q that hold the point, to the complement {level < i} for the others.
/// Each map is a plane of its own, since a point reads four neighbours of one map only. With `squared` the maps hold
/// the mean of the squared distances. With `slopes` there are two more maps for every q, the derivatives of the
/// published program: central differences of each cut's distance, zero inside the cut, averaged over the cuts. Source:
/// Ofverstedt, Lindblad and Sladoje 2019, IEEE Transactions on Image Processing 28(7)
class alpha_cut_maps {
public:
    /// How the maps and points of a resolution are made.
    struct settings {
        int alpha_levels = 7;
        float d_max = 1.0f;      // pixels of the full image
        std::size_t points = 0;  // points kept; all if there are fewer
        std::uint64_t seed = 1;
        bool squared = false, slopes = false;
        int threads = 0;
    };

    /// values (C, h, w) in 0..1, every factor-th pixel of the full image; mask and weights empty or (1, h, w).
    alpha_cut_maps(image<float> const& values, std::size_t factor, image_mask const& mask, settings const& s,
                   image<float> const& weights = {})
        : width_(values.width()),
          height_(values.height()),
          channels_(values.channels()),
          factor_(factor),
          alpha_levels_(static_cast<std::size_t>(s.alpha_levels)),
          planes_(channels_ * (alpha_levels_ + 1) * width_ * height_) {
        if (s.slopes) {
            slopes_x_.resize(planes_.size());
            slopes_y_.resize(planes_.size());
        }
        std::size_t const size = width_ * height_;
        std::vector<unsigned char> quantised(channels_ * size);
        for (std::size_t i = 0; i < quantised.size(); ++i) {
            float const v = std::clamp(values.values()[i], 0.0f, 1.0f);
            quantised[i] = static_cast<unsigned char>(v * static_cast<float>(s.alpha_levels) + 0.5f);
        }
        if (!mask.empty()) {
            inside_.assign(mask.values().begin(), mask.values().end());
            for (std::size_t i = 0; i < size; ++i)
                if (!inside_[i])
                    for (std::size_t c = 0; c < channels_; ++c)
                        quantised[c * size + i] = ignored;
        }
        fill_planes(quantised, s);
        choose_points(quantised, weights, s);
    }

    std::size_t width() const { return width_; }
    std::size_t height() const { return height_; }
    std::size_t channels() const { return channels_; }
    std::size_t factor() const { return factor_; }
    std::size_t alpha_levels() const { return alpha_levels_; }
    /// The map of alpha level q for the channel: height x width values in pixels of the full image.
    float const* map(std::size_t channel, std::size_t q) const { return planes_.data() + plane(channel, q); }
    /// As map: the published derivatives along x and y, by a pixel of this resolution.
    float const* slope_x(std::size_t channel, std::size_t q) const { return slopes_x_.data() + plane(channel, q); }
    float const* slope_y(std::size_t channel, std::size_t q) const { return slopes_y_.data() + plane(channel, q); }
    bool has_slopes() const { return !slopes_x_.empty(); }
    /// Empty if all pixels count.
    std::vector<unsigned char> const& inside() const { return inside_; }

    /// False if all points have the same levels: such an image fits anywhere.
    bool is_varied() const { return varied_; }

    std::size_t point_count() const { return point_x_.size(); }
    /// Coordinates of the points, in pixels of the full image.
    float const* point_x() const { return point_x_.data(); }
    float const* point_y() const { return point_y_.data(); }
    /// Levels of the points in the channel.
    unsigned char const* point_level(std::size_t channel) const { return point_q_.data() + channel * point_x_.size(); }
    float const* point_weight() const { return point_w_.data(); }

private:
    static constexpr unsigned char ignored = 255;

    std::size_t plane(std::size_t channel, std::size_t q) const {
        return (channel * (alpha_levels_ + 1) + q) * width_ * height_;
    }

    void fill_planes(std::vector<unsigned char> const& quantised, settings const& s) {
        std::size_t const size = width_ * height_, w = width_, maps = alpha_levels_ + 1;
        // Distances to cut i go to map i, those to its complement beside it: whole maps are the items of work, since
        // many short parallel loops cost more than they gain.
        aligned_vector<float> complements(channels_ * alpha_levels_ * size);
        aligned_vector<float> complement_x(s.slopes ? complements.size() : 0), complement_y(complement_x.size());
        std::size_t const items = 2 * channels_ * alpha_levels_;
        std::size_t const team = std::min(items, static_cast<std::size_t>(thread_count(s.threads)));
        std::vector<detail::distance_scratch> scratch(team, detail::distance_scratch(height_, width_, 1));
        parallel_for_slots(items, static_cast<int>(team), [&](std::size_t item, std::size_t slot) {
            std::size_t const c = item / (2 * alpha_levels_), cut = item / 2 % alpha_levels_ + 1;
            unsigned char const* const q = quantised.data() + c * size;
            bool const to_cut = item % 2 == 0;
            std::size_t const offset = to_cut ? (c * maps + cut) * size : (c * alpha_levels_ + cut - 1) * size;
            float* const map = (to_cut ? planes_ : complements).data() + offset;
            auto const inside_cut = [q, w, cut](std::size_t y, std::size_t x) {
                return q[y * w + x] >= cut && q[y * w + x] != ignored;
            };
            auto const outside_cut = [q, w, cut](std::size_t y, std::size_t x) { return q[y * w + x] < cut; };
            auto const scale = static_cast<float>(factor_);
            if (to_cut)
                detail::euclidean_distances(scratch[slot], inside_cut, scale, s.d_max, map, 1);
            else
                detail::euclidean_distances(scratch[slot], outside_cut, scale, s.d_max, map, 1);
            if (s.squared)
                for (std::size_t i = 0; i < size; ++i)
                    map[i] *= map[i];
            if (s.slopes)
                slopes_outside(map, (to_cut ? slopes_x_ : complement_x).data() + offset,
                               (to_cut ? slopes_y_ : complement_y).data() + offset);
        });
        average_cuts(planes_, complements, s.threads);
        if (s.slopes) {
            average_cuts(slopes_x_, complement_x, s.threads);
            average_cuts(slopes_y_, complement_y, s.threads);
        }
    }

    /// Central differences of a cut's distances, one-sided at the edges, zero where the distance is.
    void slopes_outside(float const* map, float* along_x, float* along_y) const {
        std::size_t const w = width_, h = height_;
        for (std::size_t y = 0; y < h; ++y)
            for (std::size_t x = 0; x < w; ++x) {
                std::size_t const i = y * w + x;
                std::size_t const left = x > 0 ? i - 1 : i, right = x + 1 < w ? i + 1 : i;
                std::size_t const above = y > 0 ? i - w : i, below = y + 1 < h ? i + w : i;
                float const outside = map[i] > 0.0f ? 1.0f : 0.0f;
                along_x[i] =
                    outside * (map[right] - map[left]) / static_cast<float>(std::max<std::size_t>(1, right - left));
                along_y[i] = outside * (map[below] - map[above]) /
                             static_cast<float>(std::max<std::size_t>(1, (below - above) / w));
            }
    }

    /// Turns what belongs to single cuts, in maps 1 and up, and to their complements into the means for all levels q.
    void average_cuts(aligned_vector<float>& of_cuts, aligned_vector<float>& of_complements, int threads) const {
        std::size_t const size = width_ * height_, w = width_, maps = alpha_levels_ + 1;
        float const share = 1.0f / static_cast<float>(alpha_levels_);
        parallel_for(channels_ * height_, threads, [&](std::size_t item) {
            std::size_t const c = item / height_, row = item % height_ * w;
            float* const cuts = of_cuts.data() + c * maps * size + row;
            float* const others = of_complements.data() + c * alpha_levels_ * size + row;
            std::fill_n(cuts, w, 0.0f);
            for (std::size_t i = 1; i <= alpha_levels_; ++i)
                for (std::size_t x = 0; x < w; ++x)
                    cuts[i * size + x] = cuts[(i - 1) * size + x] + share * cuts[i * size + x];
            for (std::size_t i = alpha_levels_; i-- > 0;)
                for (std::size_t x = 0; x < w; ++x) {
                    float const above = i + 1 < alpha_levels_ ? others[(i + 1) * size + x] : 0.0f;
                    others[i * size + x] = above + share * others[i * size + x];
                    cuts[i * size + x] += others[i * size + x];
                }
        });
    }

    void choose_points(std::vector<unsigned char> const& quantised, image<float> const& weights, settings const& s) {
        std::size_t const size = width_ * height_;
        std::vector<std::uint32_t> pixels;
        pixels.reserve(size);
        for (std::size_t i = 0; i < size; ++i)
            if (quantised[i] != ignored && (weights.empty() || weights.values()[i] > 0.0f))
                pixels.push_back(static_cast<std::uint32_t>(i));
        std::size_t const count = std::min(pixels.size(), s.points);
        random_stream random(s.seed, factor_);
        for (std::size_t i = 0; i < count; ++i)
            std::swap(pixels[i], pixels[i + random.below(pixels.size() - i)]);
        point_x_.resize(count);
        point_y_.resize(count);
        point_w_.assign(count, 1.0f);
        point_q_.resize(channels_ * count);
        for (std::size_t i = 0; i < count; ++i) {
            point_x_[i] = static_cast<float>(pixels[i] % width_ * factor_);
            point_y_[i] = static_cast<float>(pixels[i] / width_ * factor_);
            for (std::size_t c = 0; c < channels_; ++c)
                point_q_[c * count + i] = quantised[c * size + pixels[i]];
            if (!weights.empty())
                point_w_[i] = weights.values()[pixels[i]];
        }
        for (std::size_t c = 0; c < channels_ && count > 0; ++c) {
            unsigned char const* const q = point_level(c);
            varied_ = varied_ || std::any_of(q, q + count, [q](unsigned char other) { return other != *q; });
        }
    }

    std::size_t width_, height_, channels_, factor_, alpha_levels_;
    aligned_vector<float> planes_, slopes_x_, slopes_y_;  // [channel][q][y][x]
    std::vector<unsigned char> inside_;
    bool varied_ = false;
    std::vector<float> point_x_, point_y_, point_w_;
    std::vector<unsigned char> point_q_;  // [channel][point]
};

}}  // namespace comir::COMIR_ABI
