#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/random.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/metrics/mutual_information/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Points are handled in whole blocks, which need no tail.
inline constexpr std::size_t mi_block = 64;

/// Points of the fixed image at random places between its pixels, where interpolation is no less smooth for one shift
/// than for another, with the rows of the joint histogram that their values belong to.
class mi_points {
public:
    /// values (1, h, w), every factor-th pixel of the full image; mask empty or (1, h, w). No points if none counts.
    mi_points(image<float> const& values, image_mask const& mask, std::size_t factor, std::size_t bins,
              std::size_t count, std::uint64_t seed) {
        std::size_t const w = values.width(), h = values.height();
        std::vector<std::uint32_t> inner;
        if (!mask.empty()) {
            auto const cells = detail::mi_cells(mask);
            for (std::size_t i = 0; i < cells.size(); ++i)
                if (cells[i])
                    inner.push_back(static_cast<std::uint32_t>(i));
            if (inner.empty())
                return;
        }
        std::size_t const points = round_up(count, mi_block);
        x_.resize(points);
        y_.resize(points);
        row_.resize(points);
        detail::mi_range const range(values, mask);
        float const scale = range.scale(static_cast<float>(bins)), full = static_cast<float>(factor);
        random_stream random(seed, factor);
        for (std::size_t i = 0; i < points; ++i) {
            float u, v;
            std::size_t pixel;
            if (inner.empty()) {
                double const px = random.uniform(0.0, static_cast<double>(w - 1));
                double const py = random.uniform(0.0, static_cast<double>(h - 1));
                pixel = static_cast<std::size_t>(py) * w + static_cast<std::size_t>(px);
                u = static_cast<float>(px - std::floor(px));
                v = static_cast<float>(py - std::floor(py));
            } else {
                pixel = inner[random.below(inner.size())];
                u = static_cast<float>(random.uniform());
                v = static_cast<float>(random.uniform());
            }
            float const* const corner = values.values().data() + pixel;
            float const upper = corner[0] + u * (corner[1] - corner[0]);
            float const lower = corner[w] + u * (corner[w + 1] - corner[w]);
            float const bin = (upper + v * (lower - upper) - range.low) * scale;
            x_[i] = full * (static_cast<float>(pixel % w) + u);
            y_[i] = full * (static_cast<float>(pixel / w) + v);
            row_[i] =
                static_cast<std::int32_t>(bins * std::min(bins - 1, static_cast<std::size_t>(std::max(bin, 0.0f))));
        }
    }

    std::size_t count() const { return x_.size(); }
    /// Coordinates in pixels of the full image.
    float const* x() const { return x_.data(); }
    float const* y() const { return y_.data(); }
    /// Where the row of the point's bin begins in a histogram of bins x bins.
    std::int32_t const* row() const { return row_.data(); }

private:
    aligned_vector<float> x_, y_;
    aligned_vector<std::int32_t> row_;
};

}}  // namespace comir::COMIR_ABI
