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
        for (std::size_t c = 0; c < channels_; ++c)
            fill_planes(quantised.data() + c * plane, planes_.data() + c * (levels_ + 1) * plane, s);
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

    void fill_planes(unsigned char const* q, float* planes, settings const& s) {
        std::size_t const plane = width_ * height_, w = width_;
        distance_scratch scratch(height_, width_, s.threads);
        // The mean over the cuts is taken in the distances' scale, the first half of each sum runs up the planes and
        // the second half down.
        float const share = 1.0f / static_cast<float>(levels_);
        float const scale = static_cast<float>(factor_) * share;
        for (std::size_t i = 1; i <= levels_; ++i) {
            float* const to = planes + i * plane;
            euclidean_distances(
                scratch,
                [q, w, i](std::size_t y, std::size_t x) { return q[y * w + x] >= i && q[y * w + x] != ignored; }, scale,
                s.d_max * share, to, s.threads);
            float const* const below = to - plane;
            for (std::size_t k = 0; k < plane; ++k)
                to[k] += below[k];
        }
        aligned_vector<float> cut(plane), above(plane, 0.0f);
        for (std::size_t i = levels_; i >= 1; --i) {
            euclidean_distances(
                scratch, [q, w, i](std::size_t y, std::size_t x) { return q[y * w + x] < i; }, scale, s.d_max * share,
                cut.data(), s.threads);
            float* const to = planes + (i - 1) * plane;
            for (std::size_t k = 0; k < plane; ++k) {
                above[k] += cut[k];
                to[k] += above[k];
            }
        }
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
