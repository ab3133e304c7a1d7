#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Rotation and scaling about the centre, then a shift: p -> centre + exp(log_scale) R(angle) (p - centre) + t.
/// The logarithm is the parameter: any value is a valid, invertible scale, halving and doubling are steps of one
/// length, and its derivative has the size of the angle's, so that both take one step length.
/// Units: log_scale without unit, 0 keeps the size; angle in radians, positive turns the x axis towards the y axis;
///        tx and ty in pixels
struct similarity2 {
    static constexpr char const* name = "similarity2";
    static constexpr std::size_t parameter_count = 4;

    std::array<double, 4> parameters{};  // log_scale, angle, tx, ty
    point2 centre{};

    Eigen::Matrix2d linear() const {
        double const scale = std::exp(parameters[0]);
        double const c = scale * std::cos(parameters[1]), s = scale * std::sin(parameters[1]);
        Eigen::Matrix2d m;
        m << c, -s, s, c;
        return m;
    }
    point2 operator()(point2 p) const {
        return centre + detail::multiply(linear(), p - centre) + point2{parameters[2], parameters[3]};
    }
    Eigen::Matrix<double, 2, 4> jacobian(point2 p) const {
        point2 const turned = detail::multiply(linear(), p - centre);
        Eigen::Matrix<double, 2, 4> j;
        j << turned.x, -turned.y, 1.0, 0.0, turned.y, turned.x, 0.0, 1.0;
        return j;
    }
    /// About the same centre.
    similarity2 inverse() const {
        similarity2 result{{-parameters[0], -parameters[1], 0.0, 0.0}, centre};
        point2 const t = detail::multiply(result.linear(), {parameters[2], parameters[3]});
        result.parameters[2] = -t.x;
        result.parameters[3] = -t.y;
        return result;
    }
};

/// The map p -> outer(inner(p)), with inner's centre. The angles add up and are not wrapped.
inline similarity2 compose(similarity2 const& outer, similarity2 const& inner) {
    point2 const t = outer(inner(inner.centre)) - inner.centre;
    return {{outer.parameters[0] + inner.parameters[0], outer.parameters[1] + inner.parameters[1], t.x, t.y},
            inner.centre};
}

}}  // namespace comir::COMIR_ABI
