#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/io/sample_type.hpp>
#include <comir/io/slide/slide.hpp>
#include <comir/io/slide/slide_info.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A part of a slide at a smaller size: its pixel p lies at first + factor p of level 0.
/// Shapes: values (C, H, W) without opacity, mask (1, H, W), or empty if every pixel counts
struct shrunk_part {
    image<float> values{};  // 8 and 16 bits divided by 255 and 65535, as read_image_float has them
    image_mask mask{};      // zeros where less than half is known: no data, opacity 0, not finite
    point2 first{};
    double factor = 1.0;
};

/// How a part is read: every block of k x k pixels of a level becomes one.
struct shrinking_plan {
    std::size_t level = 0, k = 1;
    region from{};  // of the level
    std::size_t rows = 0, columns = 0;

    shrinking_plan(slide_info const& info, region const& part, double factor) : level(level_for(info, factor)) {
        slide_level const& l = info.levels[level];
        auto const span = [](std::size_t first, std::size_t count, double f, std::size_t size) {
            auto const at = [&](double full) { return std::clamp(full / f, 0.0, static_cast<double>(size)); };
            auto const low = static_cast<std::size_t>(std::floor(at(static_cast<double>(first)))),
                       high = static_cast<std::size_t>(std::ceil(at(static_cast<double>(first + count))));
            return std::array{low, high - low};
        };
        auto const x = span(part.x, part.w, l.factor[0], l.size.w), y = span(part.y, part.h, l.factor[1], l.size.h);
        from = {x[0], y[0], x[1], y[1]};
        k = std::max<std::size_t>(1, static_cast<std::size_t>(1.001 * factor / std::max(l.factor[0], l.factor[1])));
        k = std::clamp<std::size_t>(k, 1, std::max<std::size_t>(1, std::min(from.w, from.h)));
        rows = from.h / k;
        columns = from.w / k;
    }
};

/// Adds up the rows of a band to one row of means; the band is k rows of k times as many columns.
template <class T>
void mean_row(image<T> const& band, std::size_t k, std::size_t y, bool alpha, std::optional<double> nodata,
              shrunk_part& out) {
    std::size_t const channels = out.values.channels();
    double const scale = std::is_integral_v<T> ? 1.0 / static_cast<double>(std::numeric_limits<T>::max()) : 1.0;
    std::vector<double> sum(channels);
    for (std::size_t x = 0; x < out.values.width(); ++x) {
        std::ranges::fill(sum, 0.0);
        std::size_t known = 0;
        for (std::size_t j = 0; j < k; ++j)
            for (std::size_t i = x * k; i < (x + 1) * k; ++i) {
                bool counts = !alpha || band(channels, j, i) != T{0}, is_nodata = nodata.has_value();
                for (std::size_t c = 0; c < channels; ++c) {
                    auto const v = static_cast<double>(band(c, j, i));
                    counts = counts && std::isfinite(v);
                    is_nodata = is_nodata && v == *nodata;
                }
                if (!counts || is_nodata)
                    continue;
                ++known;
                for (std::size_t c = 0; c < channels; ++c)
                    sum[c] += static_cast<double>(band(c, j, i));
            }
        out.mask(0, y, x) = 2 * known >= k * k ? 1 : 0;
        for (std::size_t c = 0; c < channels; ++c)
            out.values(c, y, x) = known > 0 ? static_cast<float>(scale * sum[c] / static_cast<double>(known)) : 0.0f;
    }
}

/// Reads a part of level 0 with pixels that measure `factor` of it or a little less: of the coarsest level that is fine
/// enough, row by row. Where the region is no multiple of a pixel, what is left over is not read.
/// Errors: those of slide::read
inline shrunk_part read_shrunk(slide const& from, region const& part, double factor,
                               std::optional<double> nodata = {}) {
    slide_info const& info = from.info();
    shrinking_plan const plan(info, part, factor);
    shrunk_part out;
    if (plan.rows == 0 || plan.columns == 0)
        return out;
    slide_level const& level = info.levels[plan.level];
    std::size_t const channels = info.channels - (info.alpha ? 1 : 0);
    out.values = image<float>({channels, plan.rows, plan.columns});
    out.mask = image_mask({1, plan.rows, plan.columns});
    double const middle = 0.5 * static_cast<double>(plan.k - 1);
    out.first = level.to_full({static_cast<double>(plan.from.x) + middle, static_cast<double>(plan.from.y) + middle});
    out.factor = 0.5 * (level.factor[0] + level.factor[1]) * static_cast<double>(plan.k);
    with_sample_type(info.type, [&]<class T>(T) {
        // As many rows as a tile has, so that each is decoded once whatever the cache holds.
        std::size_t const at_once = std::max<std::size_t>(1, std::min(level.tile.h, std::size_t{512}) / plan.k);
        for (std::size_t y = 0; y < plan.rows; y += at_once) {
            std::size_t const count = std::min(at_once, plan.rows - y);
            image<T> bands({info.channels, count * plan.k, plan.columns * plan.k});
            from.read(plan.level, {plan.from.x, plan.from.y + y * plan.k, bands.width(), bands.height()}, bands);
            for (std::size_t i = 0; i < count; ++i)
                mean_row(crop(bands, {0, i * plan.k, bands.width(), plan.k}), plan.k, y + i, info.alpha, nodata, out);
        }
        return 0;
    });
    if (std::ranges::none_of(out.mask.values(), [](unsigned char m) { return m == 0; }))
        out.mask = {};
    return out;
}

}}}  // namespace comir::COMIR_ABI::detail
