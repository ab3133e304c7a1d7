#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include <Eigen/Core>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A point or a vector of the plane, in pixels: x right, y down.
struct point2 {
    double x = 0.0, y = 0.0;

    constexpr bool operator==(point2 const&) const = default;
    friend constexpr point2 operator+(point2 a, point2 b) { return {a.x + b.x, a.y + b.y}; }
    friend constexpr point2 operator-(point2 a, point2 b) { return {a.x - b.x, a.y - b.y}; }
    friend constexpr point2 operator*(double s, point2 p) { return {s * p.x, s * p.y}; }
    friend constexpr point2 operator*(point2 p, double s) { return s * p; }
};

/// A map from points of the fixed image to points of the moving image, with parameters that an optimizer may change.
/// `centre` is a point of the fixed image that is no parameter: rotation and scaling happen about it.
/// jacobian(p) is the derivative of the mapped point (rows x, y) by the parameters (columns, in their order).
template <class T>
concept transform = requires(T const t, point2 p) {
    { T::parameter_count } -> std::convertible_to<std::size_t>;
    { T::name } -> std::convertible_to<char const*>;
    requires std::same_as<decltype(T::parameters), std::array<double, T::parameter_count>>;
    requires std::same_as<decltype(T::centre), point2>;
    { t(p) } -> std::same_as<point2>;
    { t.jacobian(p) } -> std::same_as<Eigen::Matrix<double, 2, static_cast<int>(T::parameter_count)>>;
    { t.inverse() } -> std::same_as<T>;
};

/// A transform of the form p -> centre + linear() (p - centre) + (tx, ty), its last two parameters being tx and ty.
/// Loops over many points take linear() once: operator() may compute sines and cosines at every call.
template <class T>
concept affine_transform = transform<T> && T::parameter_count >= 2 && requires(T const t) {
    { t.linear() } -> std::same_as<Eigen::Matrix2d>;
};

/// The parameters (tx, ty) of an affine transform.
template <affine_transform T>
point2 translation(T const& t) {
    return {t.parameters[T::parameter_count - 2], t.parameters[T::parameter_count - 1]};
}
/// Sets the parameters (tx, ty) of an affine transform.
template <affine_transform T>
void set_translation(T& t, point2 shift) {
    t.parameters[T::parameter_count - 2] = shift.x;
    t.parameters[T::parameter_count - 1] = shift.y;
}

namespace detail {

inline point2 multiply(Eigen::Matrix2d const& m, point2 p) {
    return {m(0, 0) * p.x + m(0, 1) * p.y, m(1, 0) * p.x + m(1, 1) * p.y};
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
