#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>
#include <comir/registration/metrics/mutual_information/field.hpp>
#include <comir/registration/metrics/mutual_information/histogram.hpp>
#include <comir/registration/metrics/mutual_information/points.hpp>
#include <comir/registration/metrics/point_gradient.hpp>
#include <comir/registration/metrics/point_map.hpp>
#include <comir/registration/metrics/point_sample.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// Reads the field at one block of points by linear interpolation: positions among the bins and their derivatives by
/// the field's x and y; zero `inside` for points that no four pixels that count surround.
template <point_map Map>
void read_block(float const* px, float const* py, mi_field const& field, Map const& map, float* position, float* dx,
                float* dy, float* inside) {
    std::int32_t index[mi_block];
    alignas(alignment) float u[mi_block], v[mi_block];
    auto const w = static_cast<std::int32_t>(field.width()), last_x = w - 2;
    std::int32_t const last_y = static_cast<std::int32_t>(field.height()) - 2;
    float const right = static_cast<float>(field.width() - 1), bottom = static_cast<float>(field.height() - 1);
    for (std::size_t i = 0; i < mi_block; ++i) {
        mapped_point const p = map(px[i], py[i]);
        bool const in = (p.x >= 0.0f) & (p.x <= right) & (p.y >= 0.0f) & (p.y <= bottom);
        float const cx = in ? p.x : 0.0f, cy = in ? p.y : 0.0f;
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

/// Hands on one block of the measure's derivatives: those by position among the bins, times those of the position by x
/// and y of the field.
template <gradient_accumulator Accumulator>
void add_mi_block(float const* px, float const* py, std::int32_t const* row, mi_workspace const& work, std::size_t at,
                  Accumulator& gradient) {
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
    for (std::size_t i = 0; i < mi_block; i += simd_width<float>) {
        auto const s = load(slope + i);
        gradient.add(load(px + i), load(py + i), s * load(work.dx.data() + at + i), s * load(work.dy.data() + at + i));
    }
}

/// Points of the sample for which there is room and which are drawn once.
inline std::size_t used_points(mi_points const& points, point_sample const& sample, mi_workspace const& work) {
    return std::min({sample.count, points.count(), work.position.size()});
}

}  // namespace detail

/// Mutual information at a transform.
struct mi_value {
    double value = -std::numeric_limits<double>::infinity();  // nats, or the ratio of entropies; none without overlap
    double overlap = 0.0;                                     // share of the points inside the moving image
};

/// The mutual information of the points' values and those where the map takes them, in pixels of the field. Points that
/// fall outside do not count. The workspace then holds what add_mi_gradient needs. The sample is a multiple of
/// mi_block.
template <point_map Map>
mi_value measure_mi(mi_points const& points, point_sample const& sample, mi_field const& field, Map const& to_field,
                    bool normalised, mi_workspace& work) {
    mi_value out;
    std::size_t const total = points.count(), count = detail::used_points(points, sample, work);
    if (count == 0)
        return out;
    std::fill(work.joint.begin(), work.joint.end(), 0.0);
    auto inside_lanes = broadcast(0.0f);
    for (std::size_t at = 0; at < count; at += mi_block) {
        std::size_t const first = (sample.first + at) % total;
        float* const inside = work.inside.data() + at;
        detail::read_block(points.x() + first, points.y() + first, field, to_field, work.position.data() + at,
                           work.dx.data() + at, work.dy.data() + at, inside);
        detail::add_to_joint(work.position.data() + at, inside, points.row() + first, work.bins, work.joint.data());
        for (std::size_t i = 0; i < mi_block; i += simd_width<float>)
            inside_lanes += load(inside + i);
    }
    double const inside = static_cast<double>(sum(inside_lanes));
    out.overlap = inside / static_cast<double>(count);
    if (inside > 0.0)
        out.value = detail::measure_joint(work, inside, normalised);
    return out;
}

/// The same under a transform of the full images.
template <affine_transform Transform>
mi_value measure_mi(mi_points const& points, point_sample const& sample, mi_field const& field, Transform const& t,
                    bool normalised, mi_workspace& work) {
    affine_point_map const to_field(to_affine_map(t), 1.0 / static_cast<double>(field.factor()));
    return measure_mi(points, sample, field, to_field, normalised, work);
}

/// Hands the derivatives of what was measured last with these points, sample, field and workspace to the accumulator,
/// by the points of the full moving image that the map takes the points to; nothing without overlap.
template <gradient_accumulator Accumulator>
void add_mi_gradient(mi_points const& points, point_sample const& sample, mi_field const& field,
                     mi_value const& measured, mi_workspace const& work, Accumulator& gradient) {
    if (!(measured.overlap > 0.0))
        return;
    std::size_t const total = points.count(), count = detail::used_points(points, sample, work);
    for (std::size_t at = 0; at < count; at += mi_block) {
        std::size_t const first = (sample.first + at) % total;
        detail::add_mi_block(points.x() + first, points.y() + first, points.row() + first, work, at, gradient);
    }
    double const inside = measured.overlap * static_cast<double>(count);
    gradient.end_block(1.0 / (static_cast<double>(field.factor()) * inside));
}

/// Mutual information with its derivative by the transform's parameters.
template <std::size_t Parameters>
struct mi_evaluation : mi_value {
    std::array<double, Parameters> gradient{};
};

/// The same as measure_mi, with the derivative by the transform's parameters.
template <affine_transform Transform>
mi_evaluation<Transform::parameter_count> evaluate_mi(mi_points const& points, point_sample const& sample,
                                                      mi_field const& field, Transform const& t, bool normalised,
                                                      mi_workspace& work) {
    mi_evaluation<Transform::parameter_count> out{measure_mi(points, sample, field, t, normalised, work), {}};
    affine_gradient by_moving(t.centre);
    add_mi_gradient(points, sample, field, out, work, by_moving);
    pull_back(t, by_moving.sums(), 1.0, out.gradient);
    return out;
}

}}  // namespace comir::COMIR_ABI
