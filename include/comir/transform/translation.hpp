#pragma once

#include <array>
#include <cstddef>

#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Shift by (tx, ty) pixels: p -> p + t. The centre has no effect; it is there for the common contract.
struct translation2 {
    static constexpr char const* name = "translation2";
    static constexpr std::size_t parameter_count = 2;

    std::array<double, 2> parameters{};  // tx, ty
    point2 centre{};

    Eigen::Matrix2d linear() const { return Eigen::Matrix2d::Identity(); }
    point2 operator()(point2 p) const { return {p.x + parameters[0], p.y + parameters[1]}; }
    Eigen::Matrix<double, 2, 2> jacobian(point2) const { return Eigen::Matrix2d::Identity(); }
    translation2 inverse() const { return {{-parameters[0], -parameters[1]}, centre}; }
};

/// The map p -> outer(inner(p)), with inner's centre.
inline translation2 compose(translation2 const& outer, translation2 const& inner) {
    return {{outer.parameters[0] + inner.parameters[0], outer.parameters[1] + inner.parameters[1]}, inner.centre};
}

}}  // namespace comir::COMIR_ABI
