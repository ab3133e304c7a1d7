#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Rotation about the centre, then a shift: p -> centre + R(angle) (p - centre) + t.
/// Units: angle in radians, positive turns the x axis towards the y axis; tx and ty in pixels
struct rigid2 {
    static constexpr char const* name = "rigid2";
    static constexpr std::size_t parameter_count = 3;

    std::array<double, 3> parameters{};  // angle, tx, ty
    point2 centre{};

    Eigen::Matrix2d linear() const {
        double const c = std::cos(parameters[0]), s = std::sin(parameters[0]);
        Eigen::Matrix2d m;
        m << c, -s, s, c;
        return m;
    }
    point2 operator()(point2 p) const {
        return centre + detail::multiply(linear(), p - centre) + point2{parameters[1], parameters[2]};
    }
    Eigen::Matrix<double, 2, 3> jacobian(point2 p) const {
        point2 const turned = detail::multiply(linear(), p - centre);
        Eigen::Matrix<double, 2, 3> j;
        j << -turned.y, 1.0, 0.0, turned.x, 0.0, 1.0;
        return j;
    }
    /// About the same centre.
    rigid2 inverse() const {
        point2 const t = detail::multiply(linear().transpose(), {parameters[1], parameters[2]});
        return {{-parameters[0], -t.x, -t.y}, centre};
    }
};

/// The map p -> outer(inner(p)), with inner's centre. The angles add up and are not wrapped.
inline rigid2 compose(rigid2 const& outer, rigid2 const& inner) {
    point2 const t = outer(inner(inner.centre)) - inner.centre;
    return {{outer.parameters[0] + inner.parameters[0], t.x, t.y}, inner.centre};
}

}}  // namespace comir::COMIR_ABI
