#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include <comir/registration/alpha_amd_measure.hpp>
#include <comir/registration/alpha_amd_options.hpp>

namespace comir::inline COMIR_ABI::detail {

/// For each parameter the root mean square over the fixed image of how far a unit of it moves a point.
template <affine_transform Transform>
std::array<double, Transform::parameter_count> parameter_reach(Transform const& t, std::size_t h, std::size_t w) {
    // The Jacobian is affine in the point, so that two Gauss nodes an axis integrate its square exactly.
    double const node_x = 0.5 * static_cast<double>(w) / std::sqrt(3.0);
    double const node_y = 0.5 * static_cast<double>(h) / std::sqrt(3.0);
    point2 const middle{0.5 * (static_cast<double>(w) - 1.0), 0.5 * (static_cast<double>(h) - 1.0)};
    std::array<double, Transform::parameter_count> reach{};
    for (point2 const node : {point2{-node_x, -node_y}, {node_x, -node_y}, {-node_x, node_y}, {node_x, node_y}}) {
        auto const j = t.jacobian(middle + node);
        for (std::size_t k = 0; k < reach.size(); ++k)
            reach[k] += 0.25 * j.col(static_cast<Eigen::Index>(k)).squaredNorm();
    }
    for (double& r : reach)
        r = std::sqrt(r);
    return reach;
}

/// Where a descent stands, and how it came to rest.
template <class Transform>
struct amd_start {
    Transform transform;
    Transform middle;       // mean over the middle of the last resolution, which the end's mean is compared with
    bool informed = false;  // some gradient of the last resolution was not zero
    double value = std::numeric_limits<double>::infinity();
    double overlap = 0.0, overlap_moving = 0.0;
};

/// Stochastic gradient descent at one resolution, the result being the mean of the last 30 % of the iterations.
/// The step length is set and the gradient's size divided out, by its running root mean square over all parameters: a
/// gradient's size says how steep the image is there, not how far it is to go. Parameters are scaled by their reach.
template <affine_transform Transform>
void descend_amd(amd_start<Transform>& start, amd_level const& fixed, amd_level const& moving,
                 alpha_amd_step const& step, alpha_amd_options const& options,
                 std::array<double, Transform::parameter_count> const& reach, std::size_t first_sample) {
    constexpr std::size_t parameters = Transform::parameter_count;
    constexpr double size_memory = 0.99;
    std::array<double, parameters> direction{}, early{}, late{};
    double size = 0.0, size_weight = 0.0;
    std::size_t early_count = 0, late_count = 0;
    start.informed = false;
    Transform& t = start.transform;
    for (std::size_t i = 0; i < step.iterations; ++i) {
        amd_sample const sample{first_sample + i * step.samples, step.samples};
        auto const e = evaluate_amd(fixed, sample, moving, sample, t, options.symmetric);
        std::array<double, parameters> g{};
        double square = 0.0;
        for (std::size_t k = 0; k < parameters; ++k) {
            g[k] = e.gradient[k] / reach[k];
            square += g[k] * g[k];
        }
        start.informed = start.informed || square > 0.0;
        size = size_memory * size + (1.0 - size_memory) * square;
        size_weight = size_memory * size_weight + (1.0 - size_memory);
        double const done = static_cast<double>(i) / static_cast<double>(step.iterations);
        double const length = step.step_begin + done * (step.step_end - step.step_begin);
        double const scale = size > 0.0 ? length / std::sqrt(size / size_weight) : 0.0;
        for (std::size_t k = 0; k < parameters; ++k) {
            direction[k] = options.momentum * direction[k] + (1.0 - options.momentum) * g[k];
            t.parameters[k] -= scale * direction[k] / reach[k];
        }
        bool const is_late = 10 * i >= 7 * step.iterations, is_early = !is_late && 10 * i >= 4 * step.iterations;
        early_count += is_early;
        late_count += is_late;
        for (std::size_t k = 0; k < parameters; ++k) {
            early[k] += is_early ? t.parameters[k] : 0.0;
            late[k] += is_late ? t.parameters[k] : 0.0;
        }
    }
    if (late_count > 0)
        for (std::size_t k = 0; k < parameters; ++k)
            t.parameters[k] = late[k] / static_cast<double>(late_count);
    start.middle = t;
    if (early_count > 0)
        for (std::size_t k = 0; k < parameters; ++k)
            start.middle.parameters[k] = early[k] / static_cast<double>(early_count);
}

/// The largest distance between two transforms' images of the corners of h x w pixels.
template <affine_transform Transform>
double corner_distance(Transform const& a, Transform const& b, std::size_t h, std::size_t w) {
    double const right = static_cast<double>(w) - 1.0, bottom = static_cast<double>(h) - 1.0;
    double largest = 0.0;
    for (point2 const corner : {point2{0.0, 0.0}, {right, 0.0}, {right, bottom}, {0.0, bottom}}) {
        point2 const d = a(corner) - b(corner);
        largest = std::max(largest, std::hypot(d.x, d.y));
    }
    return largest;
}

}  // namespace comir::inline COMIR_ABI::detail
