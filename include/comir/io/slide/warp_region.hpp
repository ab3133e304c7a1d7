#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include <comir/image/interpolate.hpp>
#include <comir/image/nodata.hpp>
#include <comir/image/warp.hpp>
#include <comir/image/warp_masked.hpp>
#include <comir/io/slide/slide.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How a part of a slide is resampled.
struct warp_region_options {
    interpolation method = interpolation::cubic;
    std::optional<double> fill{};        // as stored, where the slide shows nothing; else its value for no data, or 0
    std::optional<std::size_t> level{};  // of the moving slide; else the coarsest that is as fine as the result
    std::size_t max_bytes = std::size_t{32} << 20;  // of the moving slide's pixels that are held at once
};

namespace detail {

/// How many pixels of the moving image lie along one of the fixed image: the median over a grid of points of a region.
template <class Map>
double typical_scale(Map const& map, region const& fixed) {
    constexpr std::size_t count = 5;
    std::vector<double> scales;
    for (std::size_t i = 0; i < count * count; ++i) {
        auto const along = [](std::size_t first, std::size_t size, std::size_t step) {
            return static_cast<double>(first) + static_cast<double>(size) * (static_cast<double>(step) + 0.5) / count -
                   0.5;
        };
        point2 const p{along(fixed.x, fixed.w, i % count), along(fixed.y, fixed.h, i / count)};
        point2 const at = map(p), right = map(p + point2{1.0, 0.0}) - at, down = map(p + point2{0.0, 1.0}) - at;
        double const area = std::abs(right.x * down.y - right.y * down.x);
        if (std::isfinite(area))
            scales.push_back(std::sqrt(area));
    }
    if (scales.empty())
        return 1.0;
    std::ranges::nth_element(scales, scales.begin() + std::ssize(scales) / 2);
    return scales[scales.size() / 2];
}

/// Resamples parts of one level of a slide.
template <class T, class Map>
class region_warper {
public:
    region_warper(slide const& moving, Map const& map, warp_region_options const& options)
        : moving_(moving),
          map_(map),
          options_(options),
          level_(moving.level(*options.level)),
          channels_(moving.info().channels) {
        slide_info const& info = moving.info();
        double const fill = options.fill.value_or(info.nodata.value_or(0.0));
        bool fits = true;
        if constexpr (std::is_integral_v<T>)
            fits = fill >= 0.0 && fill <= std::numeric_limits<T>::max() && fill == std::floor(fill);
        require(fits || !options.fill, moving.where(), ": the fill value ", fill,
                " is none of the slide's, expected a whole number from 0 to ", +std::numeric_limits<T>::max());
        fill_ = fits ? static_cast<T>(fill) : T{0};
        unknown_ = fill_;
        if constexpr (std::is_floating_point_v<T>)
            if (!options.fill && !info.nodata)
                unknown_ = std::numeric_limits<T>::quiet_NaN();
        masked_ = info.nodata || info.alpha || std::is_floating_point_v<T>;
    }

    image<T> warp(region const& fixed) {
        image<T> result({channels_, fixed.h, fixed.w});
        warp_into(fixed, fixed, result);
        return result;
    }

private:
    struct source_part {
        image<float> pixels{};
        image_mask counts{};  // empty: all do
        point2 first{};       // the place of pixel (0, 0) in the level
    };

    /// Cuts a region whose source would be too large into quarters: a single pixel needs hardly any.
    void warp_into(region const& part, region const& whole, image<T>& result) {
        find_positions(part);
        auto const source = source_region();
        if (source && source->w * source->h * channels_ * sizeof(float) > options_.max_bytes && part.w * part.h > 1) {
            std::size_t const w = (part.w + 1) / 2, h = (part.h + 1) / 2;
            for (region const& quarter : {region{part.x, part.y, w, h},
                                          {part.x + w, part.y, part.w - w, h},
                                          {part.x, part.y + h, w, part.h - h},
                                          {part.x + w, part.y + h, part.w - w, part.h - h}})
                if (quarter.w > 0 && quarter.h > 0)
                    warp_into(quarter, whole, result);
            return;
        }
        region const at{part.x - whole.x, part.y - whole.y, part.w, part.h};
        if (source)
            with_method(options_.method,
                        [&](auto method) { sample_all<decltype(method)::value>(read(*source), at, result); });
        else
            for (std::size_t c = 0; c < channels_; ++c)
                for (std::size_t y = 0; y < at.h; ++y)
                    std::fill_n(result.row(c, at.y + y) + at.x, at.w, outside(c));
    }

    T outside(std::size_t c) const { return moving_.info().alpha && c + 1 == channels_ ? T{0} : fill_; }

    /// Where each pixel of the part lies in the level.
    void find_positions(region const& part) {
        positions_.resize(part.w * part.h);
        for (std::size_t y = 0; y < part.h; ++y) {
            warp_row_of const row(map_, part.y + y);
            for (std::size_t x = 0; x < part.w; ++x)
                positions_[y * part.w + x] = level_.from_full(row(part.x + x));
        }
    }
    /// The steps of affine transforms, any other map as it is.
    struct warp_row_of {
        warp_row_of(Map const& map, std::size_t y) : map_(map), y_(static_cast<double>(y)) {
            if constexpr (affine_transform<Map>) {
                start_ = map({0.0, y_});
                auto const linear = map.linear();
                step_ = {linear(0, 0), linear(1, 0)};
            }
        }
        point2 operator()(std::size_t x) const {
            if constexpr (affine_transform<Map>)
                return start_ + static_cast<double>(x) * step_;
            else
                return map_(point2{static_cast<double>(x), y_});
        }
        Map const& map_;
        double y_;
        point2 start_{}, step_{};
    };

    bool inside(point2 p) const {
        return p.x >= -0.5 && p.y >= -0.5 && p.x < static_cast<double>(level_.size.w) - 0.5 &&
               p.y < static_cast<double>(level_.size.h) - 0.5;
    }

    /// The pixels of the level that the positions read; nothing if none lies within the level.
    std::optional<region> source_region() const {
        constexpr double reach = 3.0;  // of the cubic kernel, and the rounding
        double x0 = std::numeric_limits<double>::infinity(), x1 = -x0, y0 = x0, y1 = -x0;
        for (point2 const& p : positions_)
            if (inside(p)) {
                x0 = std::min(x0, p.x);
                x1 = std::max(x1, p.x);
                y0 = std::min(y0, p.y);
                y1 = std::max(y1, p.y);
            }
        if (!(x0 <= x1))
            return {};
        auto const first = [](double v) { return static_cast<std::size_t>(std::max(0.0, std::floor(v) - reach)); };
        auto const last = [](double v, std::size_t size) {
            return std::min(size, static_cast<std::size_t>(std::floor(v) + reach + 1.0));
        };
        std::size_t const x = first(x0), y = first(y0);
        return region{x, y, last(x1, level_.size.w) - x, last(y1, level_.size.h) - y};
    }

    source_part read(region const& r) const {
        source_part part{image<float>({channels_, r.h, r.w}), {}, {static_cast<double>(r.x), static_cast<double>(r.y)}};
        moving_.read(*options_.level, r, part.pixels);
        if (masked_)
            mask(part);
        return part;
    }

    void mask(source_part& part) const {
        slide_info const& info = moving_.info();
        std::size_t const colours = channels_ - (info.alpha ? 1 : 0),
                          count = part.pixels.height() * part.pixels.width();
        image_mask counts({1, part.pixels.height(), part.pixels.width()}, 1);
        bool all = true;
        for (std::size_t i = 0; i < count; ++i) {
            bool nothing = info.nodata.has_value(), finite = true;
            for (std::size_t c = 0; c < colours; ++c) {
                float const v = part.pixels.channel(c)[i];
                nothing = nothing && is_nodata(v, *info.nodata);
                finite = finite && std::isfinite(v);
            }
            if (!nothing && finite && !(info.alpha && part.pixels.channel(colours)[i] == 0.0f))
                continue;
            counts.values()[i] = 0;
            all = false;
            for (std::size_t c = 0; c < channels_; ++c)  // a weight of 0 does not remove what is not a number
                part.pixels.channel(c)[i] = 0.0f;
        }
        if (!all)
            part.counts = std::move(counts);
    }

    template <interpolation Method>
    void sample_all(source_part const& source, region const& at, image<T>& result) {
        row_.resize(channels_ * at.w);
        known_.assign(at.w, 1);
        for (std::size_t y = 0; y < at.h; ++y) {
            for (std::size_t x = 0; x < at.w; ++x) {
                point2 const p = positions_[y * at.w + x], here = p - source.first;
                bool const in = inside(p);
                if (in)
                    sample_at<Method>(source.pixels, here, {}, row_.data() + x, at.w);
                known_[x] = !in ? beyond
                            : source.counts.empty() ||
                                    reads_only_counted<Method, float>(source.counts, here, border::background)
                                ? visible
                                : hidden;
            }
            for (std::size_t c = 0; c < channels_; ++c) {
                bool const opacity = moving_.info().alpha && c + 1 == channels_;
                T* const to = result.row(c, at.y + y) + at.x;
                for (std::size_t x = 0; x < at.w; ++x)
                    to[x] = known_[x] == visible  ? stored(row_[c * at.w + x])
                            : known_[x] == beyond ? outside(c)
                                                  : (opacity ? T{0} : unknown_);
            }
        }
    }

    static T stored(float value) {
        if constexpr (std::is_integral_v<T>)
            return static_cast<T>(std::clamp(value, 0.0f, static_cast<float>(std::numeric_limits<T>::max())) + 0.5f);
        else
            return value;
    }

    enum : unsigned char { beyond, hidden, visible };

    slide const& moving_;
    Map const& map_;
    warp_region_options options_;
    slide_level level_;
    std::size_t channels_;
    T fill_{}, unknown_{};
    bool masked_ = false;
    std::vector<point2> positions_{};
    std::vector<float> row_{};
    std::vector<unsigned char> known_{};
};

}  // namespace detail

/// A part of the fixed image's grid with the moving slide's values: pixel p takes the value at fixed_to_moving(p), in
/// pixels of level 0 of both. Pixels of no data, of opacity 0 and that are not finite are mixed into nothing; a pixel
/// that would need one is the fill value, or not a number in float slides without a value for no data.
/// `fixed_to_moving` is any callable from point2 to point2.
/// Shapes:  result (channels, region.h, region.w); T is the type of the slide's values
/// Errors:  those of slide::read; error if the fill value does not fit T or there is no such level
/// Threads: runs on one; any number of calls at once
template <class T, class Map>
image<T> warp_region(slide const& moving, Map const& fixed_to_moving, region const& fixed,
                     warp_region_options options = {}) {
    static_assert(std::is_invocable_r_v<point2, Map const&, point2>,
                  "comir: warp_region needs a map: a callable from point2 to point2, such as a transform");
    require(moving.info().type == sample_type_of<T>(), moving.where(),
            ": its values have another type than is asked for; see slide_info::type");
    if (!options.level)
        options.level = level_for(moving.info(), detail::typical_scale(fixed_to_moving, fixed));
    require(*options.level < moving.info().levels.size(), moving.where(), ": level ", *options.level,
            " was asked for, the slide has ", moving.info().levels.size(), "; levels count from 0");
    return detail::region_warper<T, Map>(moving, fixed_to_moving, options).warp(fixed);
}

}}  // namespace comir::COMIR_ABI
