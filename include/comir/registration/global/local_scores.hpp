#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include <comir/core/simd.hpp>
#include <comir/core/simd_tail.hpp>
#include <comir/registration/global/information_scores.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/scores.hpp>
#include <comir/registration/global/turn.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A turned moving image on its grid.
struct turned_image {
    double angle = 0.0, scale = 1.0;  // pixels of the level on one of the grid
    turned_grid grid;
    std::size_t channels = 0;
    std::vector<float> storage;

    turned_image() = default;
    turned_image(search_level const& level, double turn, double zoom, bool nearest)
        : angle(turn),
          scale(zoom),
          grid(grid_for(level, {angle}, scale)),
          channels(nearest ? 1 : level.values->channels()) {
        storage.resize((channels + 1) * grid.w * grid.h);
        std::vector<search_plane> planes;
        for (std::size_t k = 0; k <= channels; ++k)
            planes.push_back({storage.data() + k * grid.w * grid.h, grid.w});
        if (nearest)
            turn_level<true>(level, angle, scale, grid, planes.data(), planes.back());
        else
            turn_level<false>(level, angle, scale, grid, planes.data(), planes.back());
    }
    /// A part of the level as it is.
    static turned_image cut(search_level const& level, std::size_t left, std::size_t top, std::size_t w, std::size_t h,
                            bool nearest) {
        turned_image part;
        part.grid = {w, h};
        part.channels = nearest ? 1 : level.values->channels();
        part.storage.resize((part.channels + 1) * w * h);
        image<float> const& values = nearest ? *level.numbers : *level.values;
        for (std::size_t k = 0; k <= part.channels; ++k)
            for (std::size_t y = 0; y < h; ++y) {
                float const* const from = k < part.channels ? values.row(k, top + y) : level.weight->row(0, top + y);
                std::copy_n(from + left, w, part.storage.data() + (k * h + y) * w);
            }
        return part;
    }
    float const* row(std::size_t channel, std::size_t y) const {
        return storage.data() + (channel * grid.h + y) * grid.w;
    }
    float const* weight_row(std::size_t y) const { return row(channels, y); }
};

struct local_score {
    double score = static_cast<double>(no_score), overlap = 0.0;
};

/// The rows and columns of the turned image that lie on the fixed image at a shift.
struct common_window {
    std::ptrdiff_t left, right, top, bottom;

    common_window(search_level const& fixed, turned_grid const& grid, std::ptrdiff_t x, std::ptrdiff_t y)
        : left(std::max<std::ptrdiff_t>(0, -x)),
          right(std::min(static_cast<std::ptrdiff_t>(grid.w), static_cast<std::ptrdiff_t>(fixed.width()) - x)),
          top(std::max<std::ptrdiff_t>(0, -y)),
          bottom(std::min(static_cast<std::ptrdiff_t>(grid.h), static_cast<std::ptrdiff_t>(fixed.height()) - y)) {}
};

/// correlation_scores at one shift, summed directly.
inline local_score correlation_at(search_level const& fixed, turned_image const& moving, std::ptrdiff_t x,
                                  std::ptrdiff_t y) {
    using lanes = simd<float>;
    common_window const window(fixed, moving.grid, x, y);
    std::array<double, 3> shared{};  // overlap, squares of fixed, squares of moving
    double product = 0.0, squares_off = 0.0, squares_off_m = 0.0;
    for (std::size_t c = 0; c < moving.channels; ++c) {
        double count = 0.0, sum_f = 0.0, sum_m = 0.0, raw = 0.0, square_f = 0.0, square_m = 0.0;
        for (std::ptrdiff_t r = window.top; r < window.bottom; ++r) {
            float const* const f = fixed.values->row(c, static_cast<std::size_t>(y + r)) + x;
            float const* const wf = fixed.weight->row(0, static_cast<std::size_t>(y + r)) + x;
            float const* const m = moving.row(c, static_cast<std::size_t>(r));
            float const* const wm = moving.weight_row(static_cast<std::size_t>(r));
            lanes n = broadcast(0.0f), a = n, b = n, ab = n, aa = n, bb = n;
            for (std::ptrdiff_t i = window.left; i < window.right;
                 i += static_cast<std::ptrdiff_t>(simd_width<float>)) {
                auto const left = static_cast<std::size_t>(window.right - i);
                lanes const fi = load_first<float>(f + i, left), mi = load_first<float>(m + i, left);
                lanes const wfi = load_first<float>(wf + i, left), wmi = load_first<float>(wm + i, left);
                lanes const both_f = fi * wmi, both_m = mi * wfi;
                n = multiply_add(wfi, wmi, n);
                a += both_f;
                b += both_m;
                ab = multiply_add(fi, mi, ab);
                aa = multiply_add(fi, both_f, aa);
                bb = multiply_add(mi, both_m, bb);
            }
            count += static_cast<double>(sum(n));
            sum_f += static_cast<double>(sum(a));
            sum_m += static_cast<double>(sum(b));
            raw += static_cast<double>(sum(ab));
            square_f += static_cast<double>(sum(aa));
            square_m += static_cast<double>(sum(bb));
        }
        double const safe = std::max(count, 1.0);
        shared = {count, shared[1] + square_f, shared[2] + square_m};
        product += raw - sum_f * sum_m / safe;
        squares_off += sum_f * sum_f / safe;
        squares_off_m += sum_m * sum_m / safe;
    }
    double const variance_f = shared[1] - squares_off, variance_m = shared[2] - squares_off_m;
    double const floor = static_cast<double>(least_variance) * shared[0];
    if (!(variance_f > floor && variance_m > floor))
        return {static_cast<double>(no_score), shared[0]};
    return {product / std::sqrt(variance_f * variance_m), shared[0]};
}

/// information_scores at one shift, from a joint histogram.
inline local_score information_at(search_level const& fixed, turned_image const& moving, std::ptrdiff_t x,
                                  std::ptrdiff_t y, std::size_t degrees) {
    common_window const window(fixed, moving.grid, x, y);
    // Whole numbers up to 2^32 in each of several histograms, since neighbours often fall into one entry.
    constexpr std::size_t histograms = 4;
    std::array<std::array<unsigned, most_clusters * most_clusters>, histograms> joint{};
    for (std::ptrdiff_t r = window.top; r < window.bottom; ++r) {
        float const* const f = fixed.numbers->row(0, static_cast<std::size_t>(y + r)) + x;
        float const* const wf = fixed.weight->row(0, static_cast<std::size_t>(y + r)) + x;
        float const* const m = moving.row(0, static_cast<std::size_t>(r));
        float const* const wm = moving.weight_row(static_cast<std::size_t>(r));
        for (std::ptrdiff_t i = window.left; i < window.right; ++i)
            joint[static_cast<std::size_t>(i) % histograms]
                 [static_cast<std::size_t>(f[i]) * most_clusters + static_cast<std::size_t>(m[i])] +=
                wf[i] * wm[i] > 0.0f ? 1u : 0u;
    }
    auto const term = [](double n) { return n > 0.0 ? n * std::log(n) : 0.0; };
    std::array<double, most_clusters> of_f{}, of_m{};
    double total = 0.0, value = 0.0;
    for (std::size_t a = 0; a < most_clusters; ++a)
        for (std::size_t b = 0; b < most_clusters; ++b) {
            double n = 0.0;
            for (auto const& histogram : joint)
                n += static_cast<double>(histogram[a * most_clusters + b]);
            value += term(n);
            of_f[a] += n;
            of_m[b] += n;
            total += n;
        }
    for (std::size_t a = 0; a < most_clusters; ++a)
        value -= term(of_f[a]) + term(of_m[a]);
    if (!(total > 0.0))
        return {};
    return {(value + term(total) - 0.5 * static_cast<double>(degrees)) / total, total};
}

/// What a metric compares of the moving image on one grid.
struct turned_level {
    std::optional<turned_image> values, numbers;

    turned_image const& any() const { return values ? *values : *numbers; }
};

/// The options' metric at one shift.
inline local_score score_at(search_level const& fixed, turned_level const& moving, std::ptrdiff_t x, std::ptrdiff_t y,
                            global_search_options const& o) {
    std::size_t const degrees = (o.clusters - 1) * (o.clusters - 1);
    if (!uses_zncc(o.metric))
        return information_at(fixed, *moving.numbers, x, y, degrees);
    local_score s = correlation_at(fixed, *moving.values, x, y);
    if (uses_mi(o.metric) && s.score > static_cast<double>(no_score)) {
        double const other = information_at(fixed, *moving.numbers, x, y, degrees).score;
        s.score = other > static_cast<double>(no_score) ? s.score + o.mi_weight * other : other;
    }
    return s;
}

}}}  // namespace comir::COMIR_ABI::detail
