#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <comir/core/random.hpp>
#include <comir/optim/asgd.hpp>
#include <comir/registration/local/descent_state.hpp>
#include <comir/registration/metrics/mutual_information/measure.hpp>
#include <comir/registration/metrics/mutual_information/options.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// How far parameters move the points of an image: `scale` is one over the mean square for a unit of each, the terms
/// are for units that make all mean squares one.
template <std::size_t Parameters>
struct mi_reach {
    std::array<double, Parameters> scale{};
    asgd_reach terms;
};

/// How far the transform's parameters move the points of h x w pixels.
template <affine_transform Transform>
mi_reach<Transform::parameter_count> find_mi_reach(Transform const& t, std::size_t h, std::size_t w) {
    constexpr std::size_t parameters = Transform::parameter_count;
    using jacobian = Eigen::Matrix<double, 2, static_cast<int>(parameters)>;
    using square_matrix = Eigen::Matrix<double, static_cast<int>(parameters), static_cast<int>(parameters)>;
    double const half_x = 0.5 * static_cast<double>(w), half_y = 0.5 * static_cast<double>(h);
    point2 const middle{half_x - 0.5, half_y - 0.5};
    std::array<point2, 4> const signs{point2{-1.0, -1.0}, point2{1.0, -1.0}, point2{1.0, 1.0}, point2{-1.0, 1.0}};
    // The Jacobian is affine in the point, so that two Gauss nodes an axis integrate its square exactly.
    square_matrix mean = square_matrix::Zero();
    for (point2 const s : signs) {
        jacobian const j = t.jacobian(middle + std::sqrt(1.0 / 3.0) * point2{s.x * half_x, s.y * half_y});
        mean += 0.25 * (j.transpose() * j);
    }
    mi_reach<parameters> reach;
    square_matrix to_unit = square_matrix::Zero();
    for (std::size_t k = 0; k < parameters; ++k) {
        auto const i = static_cast<Eigen::Index>(k);
        reach.scale[k] = mean(i, i) > 0.0 ? 1.0 / mean(i, i) : 0.0;
        to_unit(i, i) = std::sqrt(reach.scale[k]);
    }
    square_matrix const c = to_unit * mean * to_unit;
    reach.terms.trace_c = c.trace();
    reach.terms.trace_cc = c.squaredNorm();
    // Both are convex in the point, so that the largest lies at a corner.
    for (point2 const s : signs) {
        jacobian const j = t.jacobian(middle + point2{s.x * half_x, s.y * half_y}) * to_unit;
        Eigen::Matrix2d const jj = j * j.transpose(), jcj = j * c * j.transpose();
        auto const size = [](Eigen::Matrix2d const& m) { return m.trace() + 2.0 * std::sqrt(2.0) * m.norm(); };
        reach.terms.largest_j = std::max(reach.terms.largest_j, size(jj));
        reach.terms.largest_jcj = std::max(reach.terms.largest_jcj, size(jcj));
    }
    return reach;
}

/// What a descent reads and does not change.
template <class Transform>
struct mi_problem {
    mi_points const& points;
    mi_field const& field;
    mutual_information_step const& step;
    mi_reach<Transform::parameter_count> const& reach;
    std::size_t height, width;  // of the fixed image
    bool normalised;
    double still;  // as in the options
    std::uint64_t seed;
};

/// Settings from gradients about the start. Two disjoint samples at one pose tell the gradient's square from its
/// error's: the mean of their product is the one, half their squared difference the other.
template <affine_transform Transform>
asgd estimate_asgd(mi_problem<Transform> const& problem, Transform const& start, std::size_t& first_sample,
                   mi_workspace& work) {
    auto const& terms = problem.reach.terms;
    asgd rest;
    rest.a = 0.0;
    // A start may be so large that its Jacobian overflows.
    if (!(std::isfinite(terms.trace_cc) && std::isfinite(terms.largest_j) && std::isfinite(terms.largest_jcj)))
        return rest;
    // So many make the expected error of the mean plus twice its deviation less than half (Klein et al. 2009).
    double const needed = 32.0 * terms.trace_cc / (terms.trace_c * terms.trace_c);
    std::size_t const measured = std::max<std::size_t>(2, static_cast<std::size_t>(std::ceil(needed)));
    double const spread = problem.step.max_step / std::sqrt(terms.largest_j);
    random_stream random(problem.seed, problem.step.factor, first_sample);
    double product = 0.0, difference = 0.0;
    for (std::size_t i = 0; i < measured; ++i) {
        Transform t = start;
        for (std::size_t k = 0; k < t.parameters.size(); ++k)
            t.parameters[k] += spread * std::sqrt(problem.reach.scale[k]) * random.normal();
        std::array<double, Transform::parameter_count> g[2];
        for (auto& gradient : g) {
            gradient = evaluate_mi(problem.points, {first_sample, problem.step.samples}, problem.field, t,
                                   problem.normalised, work)
                           .gradient;
            first_sample += problem.step.samples;
        }
        for (std::size_t k = 0; k < t.parameters.size(); ++k) {
            product += problem.reach.scale[k] * g[0][k] * g[1][k];
            difference += 0.5 * problem.reach.scale[k] * (g[0][k] - g[1][k]) * (g[0][k] - g[1][k]);
        }
    }
    double const count = static_cast<double>(measured), error = difference / count;
    if (!(std::isfinite(product) && std::isfinite(error)))
        return rest;
    // Where noise hides the gradient its estimate may be negative; a hundredth of the noise still moves.
    return make_asgd(terms, std::max(product / count, 0.01 * error), error, problem.step.max_step);
}

/// Means of parameters over the last windows of a descent.
template <std::size_t Parameters>
class mi_trail {
public:
    static constexpr std::size_t windows = 3;  // that make a mean

    explicit mi_trail(std::size_t window) : window_(window) {}

    /// True if the parameters filled a window.
    bool add(std::array<double, Parameters> const& parameters) {
        auto& sum = sums_[filled_ % sums_.size()];
        for (std::size_t k = 0; k < Parameters; ++k)
            sum[k] = (in_window_ == 0 ? 0.0 : sum[k]) + parameters[k];
        if (++in_window_ < window_)
            return false;
        in_window_ = 0;
        ++filled_;
        return true;
    }
    bool has_two() const { return filled_ >= 2 * windows; }
    /// The mean over the last windows, or over those before them; has_two() must hold and a window be just filled.
    std::array<double, Parameters> mean(bool last) const {
        std::array<double, Parameters> out{};
        for (std::size_t i = 0; i < windows; ++i)
            for (std::size_t k = 0; k < Parameters; ++k)
                out[k] += sums_[(filled_ - 1 - i - (last ? 0 : windows)) % sums_.size()][k] /
                          static_cast<double>(windows * window_);
        return out;
    }

private:
    std::size_t window_, in_window_ = 0, filled_ = 0;
    std::array<std::array<double, Parameters>, 2 * windows> sums_{};
};

/// Adaptive stochastic gradient descent at one resolution, the result being the mean over the last 30 % of the
/// iterations; it ends early where that mean no longer moves.
template <affine_transform Transform>
void descend_mi(descent_state<Transform>& start, mi_problem<Transform> const& problem, std::size_t first_sample,
                mi_workspace& work) {
    asgd const optimizer = estimate_asgd(problem, start.transform, first_sample, work);
    asgd_state state;
    mi_trail<Transform::parameter_count> trail(std::max<std::size_t>(1, problem.step.iterations / 10));
    start.informed = false;
    start.iterations = 0;
    start.middle = start.transform;
    Transform& t = start.transform;
    Transform mean = t;
    for (std::size_t i = 0; i < problem.step.iterations; ++i) {
        auto g = evaluate_mi(problem.points, {first_sample, problem.step.samples}, problem.field, t, problem.normalised,
                             work)
                     .gradient;
        first_sample += problem.step.samples;
        ++start.iterations;
        for (double& v : g) {
            start.informed = start.informed || v != 0.0;
            v = -v;
        }
        optimizer.step(t.parameters, g, state, problem.reach.scale);
        if (!trail.add(t.parameters) || !trail.has_two())
            continue;
        mean.parameters = trail.mean(true);
        start.middle.parameters = trail.mean(false);
        if (corner_distance(mean, start.middle, problem.height, problem.width) < problem.still)
            break;
    }
    if (trail.has_two())
        t = mean;
}

}}}  // namespace comir::COMIR_ABI::detail
