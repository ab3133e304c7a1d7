#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include <comir/core/simd.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a metric hands its derivative to, point by point, so that any transform can be optimised by it: by the chain
/// rule the derivative by the parameters is the sum over points of J(p)^T d(p), where d(p) is the derivative of the
/// measure by the point that p is mapped to, and J(p) the transform's Jacobian at p.
///   add(px, py, dx, dy)  a register of points p of the fixed image, in pixels of the full image, and their d. Lanes
///                        that do not count have a d of zero and any finite p
///   end_block(scale)     all d since the last call are to be multiplied by the scale, which turns them into
///                        derivatives by pixels of the full image; called after every block of points, or once
/// A transform with one linear part for all points needs sums alone (affine_gradient). One with many parameters, such
/// as a grid of control points, keeps an accumulator of its own that adds each d to the parameters that move p.
template <class A>
concept gradient_accumulator = std::movable<A> && requires(A gradient, simd<float> const& lanes, double scale) {
    gradient.add(lanes, lanes, lanes, lanes);
    gradient.end_block(scale);
};

/// Keeps nothing, where the measure alone is wanted; metrics then leave the derivatives out.
struct no_gradient {
    void add(simd<float> const&, simd<float> const&, simd<float> const&, simd<float> const&) {}
    void end_block(double) {}
};

/// The sum over points p of d(p), and of d(p) times the coordinates of p about an origin.
struct affine_gradient_sums {
    point2 d{}, d_times_x{}, d_times_y{};
};

/// Keeps what the parameters of any affine transform need of the derivatives. The origin is the transform's centre,
/// near which single precision is finest.
class affine_gradient {
public:
    explicit affine_gradient(point2 origin)
        : origin_x_(broadcast(static_cast<float>(origin.x))), origin_y_(broadcast(static_cast<float>(origin.y))) {
        clear();
    }

    void add(simd<float> const& px, simd<float> const& py, simd<float> const& dx, simd<float> const& dy) {
        auto const rx = px - origin_x_, ry = py - origin_y_;
        x_ = x_ + dx;
        y_ = y_ + dy;
        xx_ = multiply_add(dx, rx, xx_);
        yx_ = multiply_add(dy, rx, yx_);
        xy_ = multiply_add(dx, ry, xy_);
        yy_ = multiply_add(dy, ry, yy_);
    }

    void end_block(double scale) {
        auto const scaled = [scale](simd<float> const& lanes) { return static_cast<double>(sum(lanes)) * scale; };
        sums_.d = sums_.d + point2{scaled(x_), scaled(y_)};
        sums_.d_times_x = sums_.d_times_x + point2{scaled(xx_), scaled(yx_)};
        sums_.d_times_y = sums_.d_times_y + point2{scaled(xy_), scaled(yy_)};
        clear();
    }

    affine_gradient_sums const& sums() const { return sums_; }

private:
    void clear() { x_ = y_ = xx_ = xy_ = yx_ = yy_ = broadcast(0.0f); }

    simd<float> origin_x_, origin_y_, x_, y_, xx_, xy_, yx_, yy_;
    affine_gradient_sums sums_;
};

/// Adds factor times the sum over points of J(p)^T d(p) to the gradient. The sums' origin is the transform's centre.
/// The Jacobian of an affine transform is affine in p, so that three of them hold all of it.
template <affine_transform Transform>
void pull_back(Transform const& t, affine_gradient_sums const& sums, double factor,
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

}}  // namespace comir::COMIR_ABI
