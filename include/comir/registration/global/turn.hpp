#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <comir/image/centre.hpp>
#include <comir/registration/global/level.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Part of a plane of floats: rows of `pitch` values.
struct search_plane {
    float* data = nullptr;
    std::size_t pitch = 0;

    float* row(std::size_t y) const { return data + y * pitch; }
};

/// Where a turned moving image lies: a grid of w x h pixels whose centre is the image's centre.
struct turned_grid {
    std::size_t w = 0, h = 0;

    double centre_x() const { return image_centre(w, h).x; }
    double centre_y() const { return image_centre(w, h).y; }
};

/// The grid that holds the level turned by any of the angles, `scale` of its pixels on one of the grid. Its sides are
/// odd or even as the level's are, so that pixels stay pixels at half turns, and for squares at quarter turns.
inline turned_grid grid_for(search_level const& level, std::vector<double> const& angles, double scale = 1.0) {
    double x = 0.0, y = 0.0;
    auto const w = static_cast<double>(level.width() - 1), h = static_cast<double>(level.height() - 1);
    for (double const a : angles) {
        x = std::max(x, std::abs(std::cos(a)) * w + std::abs(std::sin(a)) * h);
        y = std::max(y, std::abs(std::sin(a)) * w + std::abs(std::cos(a)) * h);
    }
    auto const side = [](double extent, std::size_t level_side) {
        auto n = static_cast<std::size_t>(std::ceil(extent - 1e-6)) + 1;
        return n % 2 == level_side % 2 ? n : n + 1;
    };
    return {side(x / scale, level.width()), side(y / scale, level.height())};
}

/// The x in [0, count) where 0 <= a + b x <= a_most and 0 <= c + d x <= c_most, up to rounding errors.
inline std::pair<std::size_t, std::size_t> inside_range(double a, double b, double a_most, double c, double d,
                                                        double c_most, std::size_t count) {
    constexpr double slack = 1e-6;
    double low = 0.0, high = static_cast<double>(count) - 1.0;
    auto const bound = [&](double start, double slope, double most) {
        if (std::abs(slope) < 1e-12) {
            if (start < -slack || start > most + slack)
                high = -1.0;
            return;
        }
        double const at_zero = (-slack - start) / slope, at_most = (most + slack - start) / slope;
        low = std::max(low, std::ceil(std::min(at_zero, at_most)));
        high = std::min(high, std::floor(std::max(at_zero, at_most)));
    };
    bound(a, b, a_most);
    bound(c, d, c_most);
    if (high < low)
        return {0, 0};
    return {static_cast<std::size_t>(low), static_cast<std::size_t>(high) + 1};
}

/// Where the pixels of a turned row lie between those of a level: found once, used for all channels. The loops are
/// plain so that compilers turn them into vectors.
class linear_row {
public:
    /// For the pixels in `range` of a row that begins at the start, with these steps from pixel to pixel.
    void locate(search_level const& level, double x_start, double x_step, double y_start, double y_step,
                std::pair<std::size_t, std::size_t> const& range) {
        first_ = range.first;
        pitch_ = static_cast<std::int32_t>(level.width());
        std::size_t const count = range.second - std::min(range.first, range.second);
        at_.resize(count);
        tx_.resize(count);
        ty_.resize(count);
        auto const last_x = static_cast<std::int32_t>(level.width()) - 2,
                   last_y = static_cast<std::int32_t>(level.height()) - 2;
        double const x_begin = x_start + x_step * static_cast<double>(first_),
                     y_begin = y_start + y_step * static_cast<double>(first_);
        for (std::size_t i = 0; i < count; ++i) {
            double const n = static_cast<double>(static_cast<std::int32_t>(i));
            double const x = std::max(x_begin + x_step * n, 0.0), y = std::max(y_begin + y_step * n, 0.0);
            std::int32_t const x0 = std::min(static_cast<std::int32_t>(x), last_x),
                               y0 = std::min(static_cast<std::int32_t>(y), last_y);
            at_[i] = y0 * pitch_ + x0;
            tx_[i] = std::min(static_cast<float>(x - static_cast<double>(x0)), 1.0f);
            ty_[i] = std::min(static_cast<float>(y - static_cast<double>(y0)), 1.0f);
        }
    }

    /// Interpolates one plane into the range of a row.
    void mix(float const* plane, float* row) const {
        float* const out = row + first_;
        std::int32_t const* const at = at_.data();
        float const *const tx = tx_.data(), *const ty = ty_.data();
        std::size_t const count = at_.size();
#if !defined(__clang__)
#pragma GCC ivdep
#endif
        for (std::size_t i = 0; i < count; ++i) {
            float const *const p = plane + at[i], *const q = p + pitch_;
            float const top = p[0] + tx[i] * (p[1] - p[0]), low = q[0] + tx[i] * (q[1] - q[0]);
            out[i] = top + ty[i] * (low - top);
        }
    }

private:
    std::size_t first_ = 0;
    std::int32_t pitch_ = 0;
    std::vector<std::int32_t> at_;
    std::vector<float> tx_, ty_;
};

/// Turns the level onto the grid: pixel q takes the value at centre + scale R(angle) (q - grid centre), and the weight 1
/// if all pixels that it is interpolated from have it. Values are linear; with Nearest it is the nearest pixel's number.
/// Writes: `values` (one plane a channel, or that of the numbers) and `weight` on the whole grid, zero where there is
///         nothing
template <bool Nearest>
void turn_level(search_level const& level, double angle, double scale, turned_grid const& grid,
                search_plane const* values, search_plane const& weight) {
    double const c = scale * std::cos(angle), s = scale * std::sin(angle);
    auto const right = static_cast<double>(level.width() - 1), bottom = static_cast<double>(level.height() - 1);
    std::size_t const channels = Nearest ? 1 : level.values->channels(), pitch = level.width();
    float const* const mask = level.weight->row(0, 0);
    bool const all_count = level.area == static_cast<double>(level.width() * level.height());
    linear_row row;
    for (std::size_t y = 0; y < grid.h; ++y) {
        double const dy = static_cast<double>(y) - grid.centre_y();
        double const x_start = level.centre_x - c * grid.centre_x() - s * dy;
        double const y_start = level.centre_y - s * grid.centre_x() + c * dy;
        auto const range = inside_range(x_start, c, right, y_start, s, bottom, grid.w);
        std::fill_n(weight.row(y), grid.w, 0.0f);
        for (std::size_t k = 0; k < channels; ++k)
            std::fill_n(values[k].row(y), grid.w, 0.0f);
        if constexpr (Nearest) {
            for (std::size_t x = range.first; x < range.second; ++x) {
                double const in_x = std::clamp(x_start + c * static_cast<double>(x), 0.0, right);
                double const in_y = std::clamp(y_start + s * static_cast<double>(x), 0.0, bottom);
                std::size_t const at = static_cast<std::size_t>(in_y + 0.5) * pitch +  //
                                       static_cast<std::size_t>(in_x + 0.5);
                weight.row(y)[x] = mask[at];
                values[0].row(y)[x] = level.numbers->row(0, 0)[at];
            }
        } else {
            row.locate(level, x_start, c, y_start, s, range);
            if (all_count)
                std::fill(weight.row(y) + range.first, weight.row(y) + range.second, 1.0f);
            else
                row.mix(mask, weight.row(y));
            for (std::size_t k = 0; k < channels; ++k)
                row.mix(level.values->row(k, 0), values[k].row(y));
            for (std::size_t x = range.first; x < range.second && !all_count; ++x) {
                float const w = weight.row(y)[x] > 0.999f ? 1.0f : 0.0f;
                weight.row(y)[x] = w;
                for (std::size_t k = 0; k < channels; ++k)
                    values[k].row(y)[x] *= w;
            }
        }
    }
}

}}}  // namespace comir::COMIR_ABI::detail
