#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include <comir/core/simd.hpp>
#include <comir/registration/metrics/alpha_amd/alpha_cut_maps.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Sums over sampled points that lie inside the target image, each with its weight: of the interpolated distance, of
/// its derivative by the target's x and y, and of that derivative times a place. Derivatives by any affine transform's
/// parameters follow.
struct amd_sums {
    double drawn = 0.0;  // the weights of all sampled points, inside or not
    double weight = 0.0, value = 0.0;
    point2 d{}, d_times_x{}, d_times_y{};
};

/// The map p -> (xx p.x + xy p.y + x, yx p.x + yy p.y + y).
struct amd_map {
    double xx = 1.0, xy = 0.0, x = 0.0, yx = 0.0, yy = 1.0, y = 0.0;
};

/// The transform as a map about the origin, and the inverse of one.
template <affine_transform Transform>
amd_map to_amd_map(Transform const& t) {
    auto const m = t.linear();
    point2 const shift = t.centre + translation(t) - multiply(m, t.centre);
    return {m(0, 0), m(0, 1), shift.x, m(1, 0), m(1, 1), shift.y};
}
inline amd_map inverse(amd_map const& m) {
    double const scale = 1.0 / (m.xx * m.yy - m.xy * m.yx);
    amd_map const r{m.yy * scale, -m.xy * scale, 0.0, -m.yx * scale, m.xx * scale, 0.0};
    return {r.xx, r.xy, -(r.xx * m.x + r.xy * m.y), r.yx, r.yy, -(r.yx * m.x + r.yy * m.y)};
}

/// Which place a derivative is multiplied with: the source's point or where the map takes it; both about an origin.
enum class amd_moment { source, target };

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

/// Adds the sums of the source's points [first, first + count), seen through the map in the target's distances.
/// A block of points goes through in three sweeps, so that all but the scattered reads run in registers.
inline void add_directed_sums(amd_level const& source, std::size_t first, std::size_t count, amd_level const& target,
                              amd_map const& m, amd_moment moment, point2 origin, amd_sums& sums) {
    constexpr std::size_t block = amd_corners::block, width = simd_width<float>;
    static_assert(block % width == 0);
    struct alignas(alignment) lane_block {
        float value[block];
    };
    lane_block u{}, v{}, weight{}, drawn{}, mx{}, my{}, dist, dx, dy;
    amd_corners corners{};
    std::int32_t index[block];
    std::size_t const w = target.width(), h = target.height(), plane = w * h;
    double const to_level = 1.0 / static_cast<double>(target.factor());
    float const xx = static_cast<float>(m.xx), xy = static_cast<float>(m.xy), x0 = static_cast<float>(m.x);
    float const yx = static_cast<float>(m.yx), yy = static_cast<float>(m.yy), y0 = static_cast<float>(m.y);
    float const scale = static_cast<float>(to_level);
    float const right = static_cast<float>(w - 1), bottom = static_cast<float>(h - 1);
    float const last_x = right - 1.0f, last_y = bottom - 1.0f;
    float const ox = static_cast<float>(origin.x), oy = static_cast<float>(origin.y);
    auto const in_full = [to_level](auto const& lanes) { return static_cast<double>(sum(lanes)) * to_level; };
    bool const about_source = moment == amd_moment::source;
    auto const zero = broadcast(0.0f);

    for (std::size_t begin = first; begin < first + count; begin += block) {
        std::size_t const n = std::min(block, first + count - begin), padded = round_up(n, width);
        float const* const px = source.point_x() + begin;
        float const* const py = source.point_y() + begin;
        float const* const pw = source.point_weight() + begin;
        for (std::size_t i = 0; i < n; ++i) {
            float const tx = xx * px[i] + xy * py[i] + x0, ty = yx * px[i] + yy * py[i] + y0;
            float const lx = tx * scale, ly = ty * scale;
            // Places beyond the edge, and what is no number, weigh nothing; their moments must be finite all the same.
            float const cx = std::min(right, std::max(0.0f, lx)), cy = std::min(bottom, std::max(0.0f, ly));
            float const inside = (cx == lx ? 1.0f : 0.0f) * (cy == ly ? 1.0f : 0.0f);
            auto const ix = static_cast<std::int32_t>(std::min(cx, last_x));
            auto const iy = static_cast<std::int32_t>(std::min(cy, last_y));
            u.value[i] = cx - static_cast<float>(ix);
            v.value[i] = cy - static_cast<float>(iy);
            drawn.value[i] = pw[i];
            weight.value[i] = inside * pw[i];
            mx.value[i] = (about_source ? px[i] : inside > 0.0f ? tx : ox) - ox;
            my.value[i] = (about_source ? py[i] : inside > 0.0f ? ty : oy) - oy;
            index[i] = iy * static_cast<std::int32_t>(w) + ix;
        }
        std::fill(weight.value + n, weight.value + padded, 0.0f);
        std::fill(drawn.value + n, drawn.value + padded, 0.0f);
        if (!target.inside().empty())
            for (std::size_t i = 0; i < n; ++i) {
                std::size_t const nearest =
                    static_cast<std::size_t>(index[i]) + (u.value[i] >= 0.5f ? 1 : 0) + (v.value[i] >= 0.5f ? w : 0);
                if (!target.inside()[nearest])
                    weight.value[i] = 0.0f;
            }

        for (std::size_t c = 0; c < target.channels(); ++c) {
            unsigned char const* const q = source.point_level(c) + begin;
            corners.read(target.map(c, 0), plane, w, q, index, n);
            for (std::size_t i = 0; i < padded; i += width) {
                auto const across = load<float>(u.value + i), down = load<float>(v.value + i);
                auto const add = [&](lane_block& to, simd<float> const& more) {
                    store(to.value + i, c == 0 ? more : load<float>(to.value + i) + more);
                };
                add(dist, corners.between(i, across, down));
                if (!target.has_slopes()) {
                    add(dx, corners.along_x(i, down));
                    add(dy, corners.lower(i, across) - corners.upper(i, across));
                }
            }
            if (target.has_slopes())
                for (bool const along_x : {true, false}) {
                    corners.read(along_x ? target.slope_x(c, 0) : target.slope_y(c, 0), plane, w, q, index, n);
                    lane_block& to = along_x ? dx : dy;
                    for (std::size_t i = 0; i < padded; i += width) {
                        auto const slope = corners.between(i, load<float>(u.value + i), load<float>(v.value + i));
                        store(to.value + i, c == 0 ? slope : load<float>(to.value + i) + slope);
                    }
                }
        }

        auto s_drawn = zero, s_weight = zero, s_value = zero, s_x = zero, s_y = zero, s_xx = zero, s_xy = zero,
             s_yx = zero, s_yy = zero;
        for (std::size_t i = 0; i < padded; i += width) {
            auto const k = load<float>(weight.value + i);
            auto const gx = k * load<float>(dx.value + i), gy = k * load<float>(dy.value + i);
            auto const rx = load<float>(mx.value + i), ry = load<float>(my.value + i);
            s_drawn = s_drawn + load<float>(drawn.value + i);
            s_weight = s_weight + k;
            s_value = multiply_add(k, load<float>(dist.value + i), s_value);
            s_x = s_x + gx;
            s_y = s_y + gy;
            s_xx = multiply_add(gx, rx, s_xx);
            s_yx = multiply_add(gy, rx, s_yx);
            s_xy = multiply_add(gx, ry, s_xy);
            s_yy = multiply_add(gy, ry, s_yy);
        }
        sums.drawn += static_cast<double>(sum(s_drawn));
        sums.weight += static_cast<double>(sum(s_weight));
        sums.value += static_cast<double>(sum(s_value));
        sums.d = sums.d + point2{in_full(s_x), in_full(s_y)};
        sums.d_times_x = sums.d_times_x + point2{in_full(s_xx), in_full(s_yx)};
        sums.d_times_y = sums.d_times_y + point2{in_full(s_xy), in_full(s_yy)};
    }
}

/// A run of points in an image's random order; it goes on at the beginning where it passes the end.
struct amd_sample {
    std::size_t first = 0, count = 0;
};

inline amd_sums directed_sums(amd_level const& source, amd_sample const& sample, amd_level const& target,
                              amd_map const& m, amd_moment moment, point2 origin) {
    amd_sums sums;
    std::size_t const points = source.point_count();
    std::size_t const count = std::min(sample.count, points), first = points == 0 ? 0 : sample.first % points;
    std::size_t const head = std::min(count, points - first);
    add_directed_sums(source, first, head, target, m, moment, origin, sums);
    add_directed_sums(source, 0, count - head, target, m, moment, origin, sums);
    return sums;
}

template <std::size_t Parameters>
struct amd_evaluation {
    double value = std::numeric_limits<double>::infinity();  // pixels; infinite if no point lies inside
    std::array<double, Parameters> gradient{};
    double overlap = 0.0;  // share of the fixed points, by weight, inside the moving image
    double overlap_moving = 0.0;
};

/// Sum over the parameters' columns of J(p) at p = origin + place: J is affine in p, so three of them hold it all.
template <affine_transform Transform>
void add_gradient(Transform const& t, amd_sums const& sums, double factor,
                  std::array<double, Transform::parameter_count>& gradient) {
    auto const at = t.jacobian(t.centre);
    auto const by_x = (t.jacobian(t.centre + point2{1.0, 0.0}) - at).eval();
    auto const by_y = (t.jacobian(t.centre + point2{0.0, 1.0}) - at).eval();
    for (std::size_t k = 0; k < gradient.size(); ++k) {
        auto const i = static_cast<Eigen::Index>(k);
        gradient[k] += factor * (at(0, i) * sums.d.x + at(1, i) * sums.d.y +                      //
                                 by_x(0, i) * sums.d_times_x.x + by_x(1, i) * sums.d_times_x.y +  //
                                 by_y(0, i) * sums.d_times_y.x + by_y(1, i) * sums.d_times_y.y);
    }
}

/// The average minimal distance from the fixed points to the moving image's cuts and, if symmetric, the mean of it and
/// of the one from the moving points through the inverse; with its derivative by the transform's parameters. Points
/// that fall outside do not count.
template <affine_transform Transform>
amd_evaluation<Transform::parameter_count> evaluate_amd(amd_level const& fixed, amd_sample const& fixed_sample,
                                                        amd_level const& moving, amd_sample const& moving_sample,
                                                        Transform const& t, bool symmetric) {
    amd_evaluation<Transform::parameter_count> out;
    amd_map const map = to_amd_map(t);
    amd_sums const there = directed_sums(fixed, fixed_sample, moving, map, amd_moment::source, t.centre);
    auto const share = [](amd_sums const& sums) { return sums.drawn > 0.0 ? sums.weight / sums.drawn : 0.0; };
    out.overlap = share(there);
    if (!(there.weight > 0.0))
        return out;
    if (!symmetric) {
        out.value = there.value / there.weight;
        out.overlap_moving = out.overlap;
        add_gradient(t, there, 1.0 / there.weight, out.gradient);
        return out;
    }
    amd_map const back = inverse(map);
    amd_sums here = directed_sums(moving, moving_sample, fixed, back, amd_moment::target, t.centre);
    out.overlap_moving = share(here);
    if (!(here.weight > 0.0))
        return out;
    out.value = 0.5 * (there.value / there.weight + here.value / here.weight);
    add_gradient(t, there, 0.5 / there.weight, out.gradient);
    // With T(S(P)) = P the inverse S moves by -A^-1 dT at S(P), A being T's linear part.
    auto const turned = [&back](point2 g) {
        return point2{-(back.xx * g.x + back.yx * g.y), -(back.xy * g.x + back.yy * g.y)};
    };
    here.d = turned(here.d);
    here.d_times_x = turned(here.d_times_x);
    here.d_times_y = turned(here.d_times_y);
    add_gradient(t, here, 0.5 / here.weight, out.gradient);
    return out;
}

}}}  // namespace comir::COMIR_ABI::detail
