#pragma once

#include <concepts>

#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Where a map takes a point, in pixels. Single precision, as the loops over points have it.
struct mapped_point {
    float x, y;
};

/// A map of points as the loops of a metric call it, once for each point: it should be small enough to be inlined.
/// Any transform becomes one by a lambda: [&t](float x, float y) { ... t({x, y}) ... }.
template <class M>
concept point_map = requires(M const map, float x, float y) {
    { map(x, y) } -> std::same_as<mapped_point>;
};

/// The map p -> (xx p.x + xy p.y + x, yx p.x + yy p.y + y).
struct affine_map {
    double xx = 1.0, xy = 0.0, x = 0.0, yx = 0.0, yy = 1.0, y = 0.0;
};

/// The transform as a map about the origin.
template <affine_transform Transform>
affine_map to_affine_map(Transform const& t) {
    auto const m = t.linear();
    point2 const shift = t.centre + translation(t) - detail::multiply(m, t.centre);
    return {m(0, 0), m(0, 1), shift.x, m(1, 0), m(1, 1), shift.y};
}

/// The map that undoes the given one, whose linear part must not be singular.
inline affine_map inverse(affine_map const& m) {
    double const scale = 1.0 / (m.xx * m.yy - m.xy * m.yx);
    affine_map const r{m.yy * scale, -m.xy * scale, 0.0, -m.yx * scale, m.xx * scale, 0.0};
    return {r.xx, r.xy, -(r.xx * m.x + r.xy * m.y), r.yx, r.yy, -(r.yx * m.x + r.yy * m.y)};
}

/// The map p -> outer(inner(p)).
inline affine_map compose(affine_map const& outer, affine_map const& inner) {
    return {outer.xx * inner.xx + outer.xy * inner.yx,         outer.xx * inner.xy + outer.xy * inner.yy,
            outer.xx * inner.x + outer.xy * inner.y + outer.x,  //
            outer.yx * inner.xx + outer.yy * inner.yx,         outer.yx * inner.xy + outer.yy * inner.yy,
            outer.yx * inner.x + outer.yy * inner.y + outer.y};
}

/// An affine_map in single precision, its results multiplied by a scale: 1 keeps pixels of the full image, one over a
/// factor turns them into pixels of a resolution.
class affine_point_map {
public:
    explicit affine_point_map(affine_map const& m, double scale = 1.0)
        : xx_(static_cast<float>(scale * m.xx)),
          xy_(static_cast<float>(scale * m.xy)),
          x_(static_cast<float>(scale * m.x)),
          yx_(static_cast<float>(scale * m.yx)),
          yy_(static_cast<float>(scale * m.yy)),
          y_(static_cast<float>(scale * m.y)) {}

    mapped_point operator()(float x, float y) const { return {xx_ * x + xy_ * y + x_, yx_ * x + yy_ * y + y_}; }

private:
    float xx_, xy_, x_, yx_, yy_, y_;
};

}}  // namespace comir::COMIR_ABI
