#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <comir/core/simd.hpp>
#include <comir/registration/metrics/alpha_amd/alpha_cut_maps.hpp>
#include <comir/registration/metrics/point_gradient.hpp>
#include <comir/registration/metrics/point_map.hpp>
#include <comir/registration/metrics/point_sample.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Sums over the sampled points of one image that a map takes into the other one.
struct directed_distance {
    double drawn = 0.0;   // the weights of all sampled points, inside the other image or not
    double weight = 0.0;  // the weights of those inside
    double value = 0.0;   // of those inside, weight times interpolated distance, px

    /// The share of the points, by weight, that lie inside the other image.
    double overlap() const { return drawn > 0.0 ? weight / drawn : 0.0; }
};

/// Which of the two points belongs to the fixed image, where a transform's Jacobian is taken: the one that the sweep
/// starts from, or the one that the map takes it to.
enum class jacobian_at { from, to };

namespace detail {

/// The four corners of a block of points in a map, and the value between them.
struct alignas(alignment) amd_corners {
    static constexpr std::size_t block = 64;
    float a[block], b[block], e[block], f[block];

    /// Reads the corners of the points' maps: plain loads, which are faster than gathers.
    void read(float const* maps, std::size_t plane, std::size_t w, unsigned char const* q, std::int32_t const* index,
              std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            float const* const corner = maps + q[i] * plane + static_cast<std::size_t>(index[i]);
            a[i] = corner[0];
            b[i] = corner[1];
            e[i] = corner[w];
            f[i] = corner[w + 1];
        }
    }
    simd<float> upper(std::size_t i, simd<float> const& u) const {
        return multiply_add(u, load<float>(b + i) - load<float>(a + i), load<float>(a + i));
    }
    simd<float> lower(std::size_t i, simd<float> const& u) const {
        return multiply_add(u, load<float>(f + i) - load<float>(e + i), load<float>(e + i));
    }
    simd<float> between(std::size_t i, simd<float> const& u, simd<float> const& v) const {
        auto const top = upper(i, u);
        return multiply_add(v, lower(i, u) - top, top);
    }
    simd<float> along_x(std::size_t i, simd<float> const& v) const {
        auto const top = load<float>(b + i) - load<float>(a + i), bottom = load<float>(f + i) - load<float>(e + i);
        return multiply_add(v, bottom - top, top);
    }
};

/// Adds the points [first, first + count). A block of them goes through in three sweeps, so that all but the scattered
/// reads run in registers.
template <point_map Map, gradient_accumulator Accumulator>
void add_directed_distance(alpha_cut_maps const& from, std::size_t first, std::size_t count, alpha_cut_maps const& to,
                           Map const& map, jacobian_at at, directed_distance& sums, Accumulator& kept) {
    // What no other object can refer to stays in registers.
    Accumulator gradient = std::move(kept);
    constexpr bool derivatives = !std::same_as<Accumulator, no_gradient>;
    constexpr std::size_t block = amd_corners::block, width = simd_width<float>;
    static_assert(block % width == 0);
    struct alignas(alignment) lane_block {
        float value[block];
    };
    lane_block u{}, v{}, weight{}, drawn{}, fixed_x{}, fixed_y{}, dist, dx, dy;
    amd_corners corners{};
    std::int32_t index[block];
    std::size_t const w = to.width(), h = to.height(), plane = w * h;
    double const to_resolution = 1.0 / static_cast<double>(to.factor());
    float const scale = static_cast<float>(to_resolution);
    float const right = static_cast<float>(w - 1), bottom = static_cast<float>(h - 1);
    float const last_x = right - 1.0f, last_y = bottom - 1.0f;
    bool const at_from = at == jacobian_at::from;
    auto const zero = broadcast(0.0f);

    for (std::size_t begin = first; begin < first + count; begin += block) {
        std::size_t const n = std::min(block, first + count - begin), padded = round_up(n, width);
        float const* const px = from.point_x() + begin;
        float const* const py = from.point_y() + begin;
        float const* const pw = from.point_weight() + begin;
        for (std::size_t i = 0; i < n; ++i) {
            mapped_point const p = map(px[i], py[i]);
            float const lx = p.x * scale, ly = p.y * scale;
            // Points beyond the edge, and NaN, weigh nothing; what is handed on must be finite all the same.
            float const cx = std::min(right, std::max(0.0f, lx)), cy = std::min(bottom, std::max(0.0f, ly));
            float const inside = (cx == lx ? 1.0f : 0.0f) * (cy == ly ? 1.0f : 0.0f);
            auto const ix = static_cast<std::int32_t>(std::min(cx, last_x));
            auto const iy = static_cast<std::int32_t>(std::min(cy, last_y));
            u.value[i] = cx - static_cast<float>(ix);
            v.value[i] = cy - static_cast<float>(iy);
            drawn.value[i] = pw[i];
            weight.value[i] = inside * pw[i];
            fixed_x.value[i] = at_from ? px[i] : inside > 0.0f ? p.x : 0.0f;
            fixed_y.value[i] = at_from ? py[i] : inside > 0.0f ? p.y : 0.0f;
            index[i] = iy * static_cast<std::int32_t>(w) + ix;
        }
        std::fill(weight.value + n, weight.value + padded, 0.0f);
        std::fill(drawn.value + n, drawn.value + padded, 0.0f);
        if (!to.inside().empty())
            for (std::size_t i = 0; i < n; ++i) {
                std::size_t const nearest =
                    static_cast<std::size_t>(index[i]) + (u.value[i] >= 0.5f ? 1 : 0) + (v.value[i] >= 0.5f ? w : 0);
                if (!to.inside()[nearest])
                    weight.value[i] = 0.0f;
            }

        for (std::size_t c = 0; c < to.channels(); ++c) {
            unsigned char const* const q = from.point_level(c) + begin;
            corners.read(to.map(c, 0), plane, w, q, index, n);
            for (std::size_t i = 0; i < padded; i += width) {
                auto const across = load<float>(u.value + i), down = load<float>(v.value + i);
                auto const add = [&](lane_block& sum_of, simd<float> const& more) {
                    store(sum_of.value + i, c == 0 ? more : load<float>(sum_of.value + i) + more);
                };
                add(dist, corners.between(i, across, down));
                if (derivatives && !to.has_slopes()) {
                    add(dx, corners.along_x(i, down));
                    add(dy, corners.lower(i, across) - corners.upper(i, across));
                }
            }
            if (derivatives && to.has_slopes())
                for (bool const along_x : {true, false}) {
                    corners.read(along_x ? to.slope_x(c, 0) : to.slope_y(c, 0), plane, w, q, index, n);
                    lane_block& slopes = along_x ? dx : dy;
                    for (std::size_t i = 0; i < padded; i += width) {
                        auto const slope = corners.between(i, load<float>(u.value + i), load<float>(v.value + i));
                        store(slopes.value + i, c == 0 ? slope : load<float>(slopes.value + i) + slope);
                    }
                }
        }

        auto s_drawn = zero, s_weight = zero, s_value = zero;
        for (std::size_t i = 0; i < padded; i += width) {
            auto const k = load<float>(weight.value + i);
            s_drawn = s_drawn + load<float>(drawn.value + i);
            s_weight = s_weight + k;
            s_value = multiply_add(k, load<float>(dist.value + i), s_value);
            if constexpr (derivatives)
                gradient.add(load<float>(fixed_x.value + i), load<float>(fixed_y.value + i),
                             k * load<float>(dx.value + i), k * load<float>(dy.value + i));
        }
        sums.drawn += static_cast<double>(sum(s_drawn));
        sums.weight += static_cast<double>(sum(s_weight));
        sums.value += static_cast<double>(sum(s_value));
        gradient.end_block(to_resolution);
    }
    kept = std::move(gradient);
}

}  // namespace detail

/// The distance from one image's points, seen through the map, to the other image's cuts. The accumulator takes the
/// derivatives of `value` by the points that the map takes them to; divided by `weight` they are those of the mean.
template <point_map Map, gradient_accumulator Accumulator>
directed_distance measure_directed(alpha_cut_maps const& from, point_sample const& sample, alpha_cut_maps const& to,
                                   Map const& map, jacobian_at at, Accumulator& gradient) {
    directed_distance sums;
    std::size_t const points = from.point_count();
    std::size_t const count = std::min(sample.count, points), first = points == 0 ? 0 : sample.first % points;
    std::size_t const head = std::min(count, points - first);
    detail::add_directed_distance(from, first, head, to, map, at, sums, gradient);
    detail::add_directed_distance(from, 0, count - head, to, map, at, sums, gradient);
    return sums;
}

}}  // namespace comir::COMIR_ABI
