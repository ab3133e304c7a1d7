#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>
#include <comir/registration/metrics/mutual_information/histogram.hpp>
#include <comir/registration/metrics/mutual_information/points.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A run of points: `first` and `count` are multiples of mi_block; it goes on at the beginning where it passes the end.
struct mi_sample {
    std::size_t first = 0, count = 0;
};

/// The map p -> (xx p.x + xy p.y + x, yx p.x + yy p.y + y).
struct mi_map {
    float xx, xy, x, yx, yy, y;

    /// The transform, its results multiplied by scale.
    template <affine_transform Transform>
    mi_map(Transform const& t, double scale) {
        auto const m = t.linear();
        point2 const shift = t.centre + translation(t) - multiply(m, t.centre);
        xx = static_cast<float>(scale * m(0, 0));
        xy = static_cast<float>(scale * m(0, 1));
        yx = static_cast<float>(scale * m(1, 0));
        yy = static_cast<float>(scale * m(1, 1));
        x = static_cast<float>(scale * shift.x);
        y = static_cast<float>(scale * shift.y);
    }
};

/// Reads the field at one block of points by linear interpolation: positions among the bins and their derivatives by
/// the field's x and y; zero `inside` for points that no four pixels that count surround.
inline void read_block(float const* px, float const* py, mi_field const& field, mi_map const& m, float* position,
                       float* dx, float* dy, float* inside) {
    std::int32_t index[mi_block];
    alignas(alignment) float u[mi_block], v[mi_block];
    auto const w = static_cast<std::int32_t>(field.width()), last_x = w - 2;
    std::int32_t const last_y = static_cast<std::int32_t>(field.height()) - 2;
    float const right = static_cast<float>(field.width() - 1), bottom = static_cast<float>(field.height() - 1);
    for (std::size_t i = 0; i < mi_block; ++i) {
        float const x = m.xx * px[i] + m.xy * py[i] + m.x, y = m.yx * px[i] + m.yy * py[i] + m.y;
        bool const in = (x >= 0.0f) & (x <= right) & (y >= 0.0f) & (y <= bottom);
        float const cx = in ? x : 0.0f, cy = in ? y : 0.0f;
        std::int32_t const ix = std::min(static_cast<std::int32_t>(cx), last_x);
        std::int32_t const iy = std::min(static_cast<std::int32_t>(cy), last_y);
        u[i] = cx - static_cast<float>(ix);
        v[i] = cy - static_cast<float>(iy);
        index[i] = iy * w + ix;
        inside[i] = in ? 1.0f : 0.0f;
    }
    if (!field.cells().empty())
        for (std::size_t i = 0; i < mi_block; ++i)
            if (!field.cells()[static_cast<std::size_t>(index[i])])
                inside[i] = 0.0f;
    float const* const upper_row = field.position();
    float const* const lower_row = upper_row + field.width();
    for (std::size_t i = 0; i < mi_block; ++i) {
        float const a = upper_row[index[i]], b = upper_row[index[i] + 1];
        float const c = lower_row[index[i]], d = lower_row[index[i] + 1];
        float const upper = a + u[i] * (b - a), lower = c + u[i] * (d - c);
        position[i] = upper + v[i] * (lower - upper);
        dx[i] = (b - a) + v[i] * ((d - c) - (b - a));
        dy[i] = lower - upper;
    }
}

/// Sums over points of the measure's derivative by the place that a point is mapped to (pixels of the full image), and
/// of it times the point's place about an origin. The derivatives by any affine transform's parameters follow.
struct mi_gradient_sums {
    point2 d{}, d_times_x{}, d_times_y{};
};

/// Adds one block to sums of the measure's derivatives by position among the bins, times those by place; not scaled.
struct mi_gradient_lanes {
    using lanes = simd<float>;
    lanes x = broadcast(0.0f), y = x, xx = x, xy = x, yx = x, yy = x;

    void add(float const* px, float const* py, std::int32_t const* row, mi_workspace const& work, std::size_t at,
             float origin_x, float origin_y) {
        alignas(alignment) float slope[mi_block];
        auto const last = static_cast<std::int32_t>(work.bins) - 3;
        float const* const position = work.position.data() + at;
        float const* const inside = work.inside.data() + at;
        float const* const table = work.table.data();
        for (std::size_t i = 0; i < mi_block; ++i) {
            std::int32_t const k = std::min(static_cast<std::int32_t>(position[i]), last), j = row[i] + k - 1;
            float const u = position[i] - static_cast<float>(k), r = 1.0f - u;
            float const w0 = -0.5f * r * r, w1 = u * (1.5f * u - 2.0f), w3 = 0.5f * u * u, w2 = -(w0 + w1 + w3);
            slope[i] = inside[i] * (w0 * table[j] + w1 * table[j + 1] + w2 * table[j + 2] + w3 * table[j + 3]);
        }
        auto const ox = broadcast(origin_x), oy = broadcast(origin_y);
        for (std::size_t i = 0; i < mi_block; i += simd_width<float>) {
            auto const s = load(slope + i);
            auto const gx = s * load(work.dx.data() + at + i), gy = s * load(work.dy.data() + at + i);
            auto const rx = load(px + i) - ox, ry = load(py + i) - oy;
            x += gx;
            y += gy;
            xx = multiply_add(gx, rx, xx);
            xy = multiply_add(gx, ry, xy);
            yx = multiply_add(gy, rx, yx);
            yy = multiply_add(gy, ry, yy);
        }
    }
    mi_gradient_sums total(double scale) const {
        auto const of = [scale](lanes const& v) { return scale * static_cast<double>(sum(v)); };
        return {{of(x), of(y)}, {of(xx), of(yx)}, {of(xy), of(yy)}};
    }
};

/// The derivatives by the transform's parameters: J is affine in the place, so three Jacobians hold it all.
template <affine_transform Transform>
std::array<double, Transform::parameter_count> parameter_gradient(Transform const& t, mi_gradient_sums const& sums) {
    auto const at = t.jacobian(t.centre);
    auto const by_x = (t.jacobian(t.centre + point2{1.0, 0.0}) - at).eval();
    auto const by_y = (t.jacobian(t.centre + point2{0.0, 1.0}) - at).eval();
    std::array<double, Transform::parameter_count> gradient{};
    for (std::size_t k = 0; k < gradient.size(); ++k) {
        auto const i = static_cast<Eigen::Index>(k);
        gradient[k] = at(0, i) * sums.d.x + at(1, i) * sums.d.y +                      //
                      by_x(0, i) * sums.d_times_x.x + by_x(1, i) * sums.d_times_x.y +  //
                      by_y(0, i) * sums.d_times_y.x + by_y(1, i) * sums.d_times_y.y;
    }
    return gradient;
}

struct mi_value {
    double value = -std::numeric_limits<double>::infinity();  // nats, or the ratio of entropies; none without overlap
    double overlap = 0.0;                                     // share of the points inside the moving image
};

/// The mutual information of the points' values and those where the transform takes them. Points that fall outside do
/// not count. The workspace then holds what the gradient needs.
template <affine_transform Transform>
mi_value measure_mi(mi_points const& points, mi_sample const& sample, mi_field const& field, Transform const& t,
                    bool normalised, mi_workspace& work) {
    mi_value out;
    std::size_t const total = points.count(), count = std::min({sample.count, total, work.position.size()});
    if (count == 0)
        return out;
    mi_map const map(t, 1.0 / static_cast<double>(field.factor()));
    std::fill(work.joint.begin(), work.joint.end(), 0.0);
    auto inside_lanes = broadcast(0.0f);
    for (std::size_t at = 0; at < count; at += mi_block) {
        std::size_t const first = (sample.first + at) % total;
        float* const inside = work.inside.data() + at;
        read_block(points.x() + first, points.y() + first, field, map, work.position.data() + at, work.dx.data() + at,
                   work.dy.data() + at, inside);
        add_to_joint(work.position.data() + at, inside, points.row() + first, work.bins, work.joint.data());
        for (std::size_t i = 0; i < mi_block; i += simd_width<float>)
            inside_lanes += load(inside + i);
    }
    double const inside = static_cast<double>(sum(inside_lanes));
    out.overlap = inside / static_cast<double>(count);
    if (inside > 0.0)
        out.value = measure_joint(work, inside, normalised);
    return out;
}

template <std::size_t Parameters>
struct mi_evaluation : mi_value {
    std::array<double, Parameters> gradient{};
};

/// The same with its derivative by the transform's parameters.
template <affine_transform Transform>
mi_evaluation<Transform::parameter_count> evaluate_mi(mi_points const& points, mi_sample const& sample,
                                                      mi_field const& field, Transform const& t, bool normalised,
                                                      mi_workspace& work) {
    mi_evaluation<Transform::parameter_count> out{measure_mi(points, sample, field, t, normalised, work), {}};
    if (!(out.overlap > 0.0))
        return out;
    std::size_t const total = points.count(), count = std::min({sample.count, total, work.position.size()});
    mi_gradient_lanes lanes;
    for (std::size_t at = 0; at < count; at += mi_block) {
        std::size_t const first = (sample.first + at) % total;
        lanes.add(points.x() + first, points.y() + first, points.row() + first, work, at,
                  static_cast<float>(t.centre.x), static_cast<float>(t.centre.y));
    }
    double const inside = out.overlap * static_cast<double>(count);
    out.gradient = parameter_gradient(t, lanes.total(1.0 / (static_cast<double>(field.factor()) * inside)));
    return out;
}

}}}  // namespace comir::COMIR_ABI::detail
