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

namespace comir::inline COMIR_ABI::detail {

/// One image at one resolution as alpha-AMD sees it: for every alpha level q a map of the distance from a point of
/// level q, and the points themselves in a random order. With L levels, a pixel of value v has the level
/// q = floor(L v + 1/2), and the map of q is the mean over the L cuts of the distance to the cut's nearest pixel: to
/// {level >= i} for the cuts i <= q that hold the point, to the complement {level < i} for the others.
/// Each map is a plane of its own, since a point reads four neighbours of one map only.
/// Source: Ofverstedt, Lindblad and Sladoje 2019, IEEE Transactions on Image Processing 28(7)
class amd_level {
public:
    struct settings {
        int levels = 7;
        float d_max = 1.0f;      // pixels of the full image
        std::size_t points = 0;  // points kept; all if there are fewer
        std::uint64_t seed = 1;
        int threads = 0;
    };

    /// values (C, h, w) in 0..1, every factor-th pixel of the full image; mask empty or (1, h, w).
    amd_level(image<float> const& values, std::size_t factor, image_mask const& mask, settings const& s)
        : width_(values.width()),
          height_(values.height()),
          channels_(values.channels()),
          factor_(factor),
          levels_(static_cast<std::size_t>(s.levels)),
          planes_(channels_ * (levels_ + 1) * width_ * height_) {
        std::size_t const plane = width_ * height_;
        std::vector<unsigned char> quantised(channels_ * plane);
        for (std::size_t i = 0; i < quantised.size(); ++i) {
            float const v = std::clamp(values.values()[i], 0.0f, 1.0f);
            quantised[i] = static_cast<unsigned char>(v * static_cast<float>(s.levels) + 0.5f);
        }
        if (!mask.empty()) {
            inside_.assign(mask.values().begin(), mask.values().end());
            for (std::size_t i = 0; i < plane; ++i)
                if (!inside_[i])
                    for (std::size_t c = 0; c < channels_; ++c)
                        quantised[c * plane + i] = ignored;
        }
        fill_planes(quantised, s);
        choose_points(quantised, s);
    }

    std::size_t width() const { return width_; }
    std::size_t height() const { return height_; }
    std::size_t channels() const { return channels_; }
    std::size_t factor() const { return factor_; }
    std::size_t levels() const { return levels_; }
    /// The map of alpha level q for the channel: height x width values in pixels of the full image.
    float const* map(std::size_t channel, std::size_t q) const {
        return planes_.data() + (channel * (levels_ + 1) + q) * width_ * height_;
    }
    /// Empty if all pixels count.
    std::vector<unsigned char> const& inside() const { return inside_; }

    std::size_t point_count() const { return point_x_.size(); }
    /// Places of the points, in pixels of the full image.
    float const* point_x() const { return point_x_.data(); }
    float const* point_y() const { return point_y_.data(); }
    /// Levels of the points in the channel.
    unsigned char const* point_level(std::size_t channel) const { return point_q_.data() + channel * point_x_.size(); }

private:
    static constexpr unsigned char ignored = 255;

    void fill_planes(std::vector<unsigned char> const& quantised, settings const& s) {
        std::size_t const plane = width_ * height_, w = width_, maps = levels_ + 1;
        // The mean over the cuts is taken in the distances' scale.
        float const share = 1.0f / static_cast<float>(levels_);
        float const scale = static_cast<float>(factor_) * share, d_max = s.d_max * share;
        // Distances to cut i go to map i, those to its complement beside it: whole maps are the items of work, since
        // many short parallel loops cost more than they gain.
        aligned_vector<float> complements(channels_ * levels_ * plane);
        std::size_t const items = 2 * channels_ * levels_;
        std::size_t const team = std::min(items, static_cast<std::size_t>(thread_count(s.threads)));
        std::vector<distance_scratch> scratch(team, distance_scratch(height_, width_, 1));
        parallel_for_slots(items, static_cast<int>(team), [&](std::size_t item, std::size_t slot) {
            std::size_t const c = item / (2 * levels_), cut = item / 2 % levels_ + 1;
            unsigned char const* const q = quantised.data() + c * plane;
            if (item % 2 == 0)
                euclidean_distances(
                    scratch[slot],
                    [q, w, cut](std::size_t y, std::size_t x) {
                        return q[y * w + x] >= cut && q[y * w + x] != ignored;
                    },
                    scale, d_max, planes_.data() + (c * maps + cut) * plane, 1);
            else
                euclidean_distances(
                    scratch[slot], [q, w, cut](std::size_t y, std::size_t x) { return q[y * w + x] < cut; }, scale,
                    d_max, complements.data() + (c * levels_ + cut - 1) * plane, 1);
        });
        parallel_for(channels_ * height_, s.threads, [&](std::size_t item) {
            std::size_t const c = item / height_, row = item % height_ * w;
            float* const cuts = planes_.data() + c * maps * plane + row;
            float* const others = complements.data() + c * levels_ * plane + row;
            std::fill_n(cuts, w, 0.0f);
            for (std::size_t i = 1; i <= levels_; ++i)
                for (std::size_t x = 0; x < w; ++x)
                    cuts[i * plane + x] += cuts[(i - 1) * plane + x];
            for (std::size_t i = levels_; i-- > 0;)
                for (std::size_t x = 0; x < w; ++x) {
                    others[i * plane + x] += i + 1 < levels_ ? others[(i + 1) * plane + x] : 0.0f;
                    cuts[i * plane + x] += others[i * plane + x];
                }
        });
    }

    void choose_points(std::vector<unsigned char> const& quantised, settings const& s) {
        std::size_t const plane = width_ * height_;
        std::vector<std::uint32_t> places;
        places.reserve(plane);
        for (std::size_t i = 0; i < plane; ++i)
            if (quantised[i] != ignored)
                places.push_back(static_cast<std::uint32_t>(i));
        std::size_t const count = std::min(places.size(), s.points);
        random_stream random(s.seed, factor_);
        for (std::size_t i = 0; i < count; ++i)
            std::swap(places[i], places[i + random.below(places.size() - i)]);
        point_x_.resize(count);
        point_y_.resize(count);
        point_q_.resize(channels_ * count);
        for (std::size_t i = 0; i < count; ++i) {
            point_x_[i] = static_cast<float>(places[i] % width_ * factor_);
            point_y_[i] = static_cast<float>(places[i] / width_ * factor_);
            for (std::size_t c = 0; c < channels_; ++c)
                point_q_[c * count + i] = quantised[c * plane + places[i]];
        }
    }

    std::size_t width_, height_, channels_, factor_, levels_;
    aligned_vector<float> planes_;  // [channel][q][y][x]
    std::vector<unsigned char> inside_;
    std::vector<float> point_x_, point_y_;
    std::vector<unsigned char> point_q_;  // [channel][point]
};

}  // namespace comir::inline COMIR_ABI::detail
