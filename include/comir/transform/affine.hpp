#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include <comir/core/error.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Any linear map about the centre, then a shift: p -> centre + A (p - centre) + t.
/// Units: a00, a01, a10, a11 (A row by row) without unit; tx and ty in pixels
struct affine2 {
    static constexpr char const* name = "affine2";
    static constexpr std::size_t parameter_count = 6;

    std::array<double, 6> parameters{1.0, 0.0, 0.0, 1.0, 0.0, 0.0};  // a00, a01, a10, a11, tx, ty
    point2 centre{};

    Eigen::Matrix2d linear() const {
        Eigen::Matrix2d m;
        m << parameters[0], parameters[1], parameters[2], parameters[3];
        return m;
    }
    point2 operator()(point2 p) const {
        return centre + detail::multiply(linear(), p - centre) + point2{parameters[4], parameters[5]};
    }
    Eigen::Matrix<double, 2, 6> jacobian(point2 p) const {
        point2 const d = p - centre;
        Eigen::Matrix<double, 2, 6> j;
        j << d.x, d.y, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, d.x, d.y, 0.0, 1.0;
        return j;
    }
    /// About the same centre.
    /// Errors: error if the matrix is singular or not finite
    affine2 inverse() const {
        auto const& [a, b, c, d, tx, ty] = parameters;
        double const determinant = a * d - b * c;
        require(std::isnormal(determinant), "comir::affine2::inverse: the matrix has determinant ", determinant,
                ", expected a finite number other than 0; a map onto a line or a point has no inverse");
        affine2 result{{d / determinant, -b / determinant, -c / determinant, a / determinant, 0.0, 0.0}, centre};
        point2 const t = detail::multiply(result.linear(), {tx, ty});
        result.parameters[4] = -t.x;
        result.parameters[5] = -t.y;
        return result;
    }
};

namespace detail {

inline affine2 make_affine(Eigen::Matrix2d const& m, point2 t, point2 centre) {
    return {{m(0, 0), m(0, 1), m(1, 0), m(1, 1), t.x, t.y}, centre};
}

}  // namespace detail

/// The same map as an affine2 about the origin, whose parameters are those of the matrix (a00 a01 tx; a10 a11 ty).
template <affine_transform T>
affine2 to_affine(T const& t) {
    return detail::make_affine(t.linear(), t(point2{}), point2{});
}

}}  // namespace comir::COMIR_ABI
