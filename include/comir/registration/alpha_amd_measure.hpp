#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include <comir/core/simd.hpp>
#include <comir/registration/alpha_amd_level.hpp>
#include <comir/transform/concepts.hpp>

namespace comir::inline COMIR_ABI::detail {

/// Sums over sampled points that lie inside the target image: of the interpolated distance, of its derivative by the
/// target's x and y, and of that derivative times a place. Derivatives by any affine transform's parameters follow.
struct amd_sums {
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

/// Adds the sums of the source's points [first, first + count), seen through the map in the target's distances.
/// A block of points goes through in three sweeps, so that all but the sixteen-way scattered reads run in registers.
inline void add_directed_sums(amd_level const& source, std::size_t first, std::size_t count, amd_level const& target,
                              amd_map const& m, amd_moment moment, point2 origin, amd_sums& sums) {
    constexpr std::size_t block = 64, width = simd_width<float>;
    static_assert(block % width == 0);
    struct alignas(alignment) lane_block {
        float value[block];
    };
    lane_block u{}, v{}, weight{}, mx{}, my{}, dist{}, dx{}, dy{};
    std::int32_t index[block];
    std::size_t const w = target.width(), h = target.height();
    double const to_level = 1.0 / static_cast<double>(target.factor());
    float const xx = static_cast<float>(m.xx), xy = static_cast<float>(m.xy), x0 = static_cast<float>(m.x);
    float const yx = static_cast<float>(m.yx), yy = static_cast<float>(m.yy), y0 = static_cast<float>(m.y);
    float const scale = static_cast<float>(to_level);
    float const right = static_cast<float>(w - 1), bottom = static_cast<float>(h - 1);
    auto const last_x = static_cast<std::int32_t>(w) - 2, last_y = static_cast<std::int32_t>(h) - 2;
    float const ox = static_cast<float>(origin.x), oy = static_cast<float>(origin.y);
    auto const in_full = [to_level](auto const& lanes) { return static_cast<double>(sum(lanes)) * to_level; };
    bool const about_source = moment == amd_moment::source;

    for (std::size_t begin = first; begin < first + count; begin += block) {
        std::size_t const n = std::min(block, first + count - begin);
        float const* const px = source.point_x() + begin;
        float const* const py = source.point_y() + begin;
        for (std::size_t i = 0; i < n; ++i) {
            float const tx = xx * px[i] + xy * py[i] + x0, ty = yx * px[i] + yy * py[i] + y0;
            float const lx = tx * scale, ly = ty * scale;
            bool const in = (lx >= 0.0f) & (lx <= right) & (ly >= 0.0f) & (ly <= bottom);
            float const cx = in ? lx : 0.0f, cy = in ? ly : 0.0f;
            std::int32_t const ix = std::min(static_cast<std::int32_t>(cx), last_x);
            std::int32_t const iy = std::min(static_cast<std::int32_t>(cy), last_y);
            u.value[i] = cx - static_cast<float>(ix);
            v.value[i] = cy - static_cast<float>(iy);
            weight.value[i] = in ? 1.0f : 0.0f;
            mx.value[i] = (about_source ? px[i] : in ? tx : ox) - ox;
            my.value[i] = (about_source ? py[i] : in ? ty : oy) - oy;
            index[i] = iy * static_cast<std::int32_t>(w) + ix;
        }
        std::size_t const padded = round_up(n, width);
        std::fill(weight.value + n, weight.value + padded, 0.0f);
        if (!target.inside().empty())
            for (std::size_t i = 0; i < n; ++i) {
                std::size_t const nearest =
                    static_cast<std::size_t>(index[i]) + (u.value[i] >= 0.5f ? 1 : 0) + (v.value[i] >= 0.5f ? w : 0);
                if (!target.inside()[nearest])
                    weight.value[i] = 0.0f;
            }

        std::fill(dist.value, dist.value + block, 0.0f);
        std::fill(dx.value, dx.value + block, 0.0f);
        std::fill(dy.value, dy.value + block, 0.0f);
        for (std::size_t c = 0; c < target.channels(); ++c) {
            unsigned char const* const q = source.point_level(c) + begin;
            float const* const maps = target.map(c, 0);
            std::size_t const plane = w * h;
            for (std::size_t i = 0; i < n; ++i) {
                float const* const corner = maps + q[i] * plane + static_cast<std::size_t>(index[i]);
                float const a = corner[0], b = corner[1], e = corner[w], f = corner[w + 1];
                float const upper = a + u.value[i] * (b - a), lower = e + u.value[i] * (f - e);
                dist.value[i] += upper + v.value[i] * (lower - upper);
                dx.value[i] += (b - a) + v.value[i] * ((f - e) - (b - a));
                dy.value[i] += lower - upper;
            }
        }

        auto const zero = broadcast(0.0f);
        auto s_weight = zero, s_value = zero, s_x = zero, s_y = zero, s_xx = zero, s_xy = zero, s_yx = zero,
             s_yy = zero;
        for (std::size_t i = 0; i < padded; i += width) {
            auto const k = load<float>(weight.value + i);
            auto const gx = k * load<float>(dx.value + i), gy = k * load<float>(dy.value + i);
            auto const rx = load<float>(mx.value + i), ry = load<float>(my.value + i);
            s_weight = s_weight + k;
            s_value = multiply_add(k, load<float>(dist.value + i), s_value);
            s_x = s_x + gx;
            s_y = s_y + gy;
            s_xx = multiply_add(gx, rx, s_xx);
            s_yx = multiply_add(gy, rx, s_yx);
            s_xy = multiply_add(gx, ry, s_xy);
            s_yy = multiply_add(gy, ry, s_yy);
        }
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
    double overlap = 0.0;  // share of the fixed points inside the moving image
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
    auto const share = [](amd_sums const& sums, amd_level const& level, amd_sample const& sample) {
        return sums.weight / static_cast<double>(std::max<std::size_t>(1, std::min(sample.count, level.point_count())));
    };
    out.overlap = share(there, fixed, fixed_sample);
    if (!(there.weight > 0.0))
        return out;
    if (!symmetric) {
        out.value = there.value / there.weight;
        out.overlap_moving = out.overlap;
        add_gradient(t, there, 1.0 / there.weight, out.gradient);
        return out;
    }
    amd_map const back = inverse(map);
    amd_sums const here = directed_sums(moving, moving_sample, fixed, back, amd_moment::target, t.centre);
    out.overlap_moving = share(here, moving, moving_sample);
    if (!(here.weight > 0.0))
        return out;
    out.value = 0.5 * (there.value / there.weight + here.value / here.weight);
    add_gradient(t, there, 0.5 / there.weight, out.gradient);
    // With T(S(P)) = P the inverse S moves by -A^-1 dT at S(P), A being T's linear part.
    auto const turned = [&back](point2 g) {
        return point2{-(back.xx * g.x + back.yx * g.y), -(back.xy * g.x + back.yy * g.y)};
    };
    add_gradient(t, amd_sums{here.weight, here.value, turned(here.d), turned(here.d_times_x), turned(here.d_times_y)},
                 0.5 / here.weight, out.gradient);
    return out;
}

}  // namespace comir::inline COMIR_ABI::detail
