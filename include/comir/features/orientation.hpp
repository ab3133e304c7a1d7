#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>
#include <comir/features/angle.hpp>
#include <comir/features/plane.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The directions that the gradients around a point have most often. An object keeps its buffers: one per thread.
/// Source: Lowe 2004, section 5: 36 bins, a Gaussian window of 1.5 scales, peaks of at least 0.8 of the highest; three
///         window sigmas and the smoothing of the bins (1 4 6 4 1) are OpenCV's
class orientation_finder {
public:
    static constexpr std::size_t bins = 36;

    /// Calls found(angle) for each peak, -pi to pi.
    /// Units: x, y and scale in pixels of the plane
    template <class Found>
    void operator()(plane_view const& plane, float x, float y, float scale, Found&& found) {
        std::array<float, bins> histogram{};
        collect(plane, x, y, scale, histogram);
        std::array<float, bins> smooth{};
        auto const at = [&](std::size_t i) { return histogram[i % bins]; };
        for (std::size_t i = 0; i < bins; ++i)
            smooth[i] = (at(i + bins - 2) + at(i + 2)) * (1.0f / 16.0f) +
                        (at(i + bins - 1) + at(i + 1)) * (4.0f / 16.0f) + at(i) * (6.0f / 16.0f);
        float const least = 0.8f * *std::max_element(smooth.begin(), smooth.end());
        for (std::size_t i = 0; i < bins; ++i) {
            float const left = smooth[(i + bins - 1) % bins], right = smooth[(i + 1) % bins], peak = smooth[i];
            if (!(peak > left && peak > right && peak >= least))
                continue;
            float const bin = static_cast<float>(i) + 0.5f * (left - right) / (left - 2.0f * peak + right);
            float const turn = bin / static_cast<float>(bins);
            found((turn > 0.5f ? turn - 1.0f : turn) * (2.0f * std::numbers::pi_v<float>));
        }
    }

private:
    void collect(plane_view const& plane, float x, float y, float scale, std::array<float, bins>& histogram) {
        constexpr std::size_t width = simd_width<float>;
        float const sigma = 1.5f * scale, radius = std::round(3.0f * sigma);
        auto const clamped = [](float v, std::size_t n) {
            return static_cast<std::size_t>(std::clamp(v, 1.0f, static_cast<float>(n) - 2.0f));
        };
        std::size_t const left = clamped(std::round(x) - radius, plane.w),
                          top = clamped(std::round(y) - radius, plane.h);
        std::size_t const count = clamped(std::round(x) + radius, plane.w) - left + 1;
        std::size_t const bottom = clamped(std::round(y) + radius, plane.h);
        std::size_t const padded = round_up(count, width);
        for (auto* line : {&weights_, &turns_, &values_})
            if (line->size() < padded)
                line->resize(padded);
        float const fall = -0.5f / (sigma * sigma);
        auto const gauss = [&](std::size_t at, float centre) {
            float const d = static_cast<float>(at) - centre;
            return std::exp(fall * d * d);
        };
        for (std::size_t i = 0; i < count; ++i)
            weights_[i] = gauss(left + i, x);

        // Neighbouring pixels often meet in one bin: four histograms take turns, so that no sum waits for the last.
        std::array<std::array<float, bins + 1>, 4> parts{};
        for (std::size_t v = top; v <= bottom; ++v) {
            float const *above = plane.row(v - 1) + left, *row = plane.row(v) + left, *below = plane.row(v + 1) + left;
            simd<float> const row_weight(gauss(v, y)), turn_bins(static_cast<float>(bins));
            for (std::size_t i = 0; i < padded; i += width) {
                simd<float> const gx = load(row + i + 1) - load(row + i - 1), gy = load(below + i) - load(above + i);
                simd<float> const length = square_root(multiply_add(gx, gx, gy * gy));
                store(values_.data() + i, load(weights_.data() + i) * row_weight * length);
                store(turns_.data() + i, multiply_add(turns_of(gx, gy), turn_bins, simd<float>(0.5f)));
            }
            for (std::size_t i = 0; i < count; ++i)
                parts[i % 4][static_cast<std::size_t>(turns_[i])] += values_[i];
        }
        for (auto const& part : parts)
            for (std::size_t i = 0; i <= bins; ++i)
                histogram[i % bins] += part[i];
    }

    aligned_vector<float> weights_, turns_, values_;
};

}}}  // namespace comir::COMIR_ABI::detail
