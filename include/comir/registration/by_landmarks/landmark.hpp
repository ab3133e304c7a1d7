#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/transform/concepts.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A point that both images show, px of each.
struct landmark {
    point2 fixed{}, moving{};
};

namespace detail {

/// Landmarks about their means, which are exact for far more of them than a person sets.
struct centred_landmarks {
    point2 fixed_mean{}, moving_mean{};
    std::vector<landmark> about{};
    double fixed_xx = 0.0, fixed_xy = 0.0, fixed_yy = 0.0;     // sums of products of the fixed points' coordinates
    double moving_xx = 0.0, moving_xy = 0.0, moving_yy = 0.0;  // of the moving points'

    explicit centred_landmarks(std::span<landmark const> all) : about(all.begin(), all.end()) {
        double const share = 1.0 / static_cast<double>(all.size());
        for (landmark const& l : all) {
            fixed_mean = fixed_mean + l.fixed * share;
            moving_mean = moving_mean + l.moving * share;
        }
        for (landmark& l : about) {
            l = {l.fixed - fixed_mean, l.moving - moving_mean};
            fixed_xx += l.fixed.x * l.fixed.x;
            fixed_xy += l.fixed.x * l.fixed.y;
            fixed_yy += l.fixed.y * l.fixed.y;
            moving_xx += l.moving.x * l.moving.x;
            moving_xy += l.moving.x * l.moving.y;
            moving_yy += l.moving.y * l.moving.y;
        }
    }
};

/// How wide points lie across their longest direction, as a share of how wide they lie along it: 0 on a line.
inline double flatness(double xx, double xy, double yy) {
    double const middle = 0.5 * (xx + yy), half = std::hypot(0.5 * (xx - yy), xy), most = middle + half;
    return most > 0.0 ? std::sqrt(std::max(0.0, middle - half) / most) : 0.0;
}

}  // namespace detail

/// How far, px of the moving image, a transform puts each landmark's fixed point from its moving point.
template <class Map>
std::vector<double> landmark_errors(std::span<landmark const> landmarks, Map const& fixed_to_moving) {
    std::vector<double> errors;
    for (landmark const& l : landmarks) {
        point2 const d = fixed_to_moving(l.fixed) - l.moving;
        errors.push_back(std::hypot(d.x, d.y));
    }
    return errors;
}

/// The root of the mean of the squares; 0 of none.
inline double root_mean_square(std::span<double const> values) {
    double sum = 0.0;
    for (double const v : values)
        sum += v * v;
    return values.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(values.size()));
}

}}  // namespace comir::COMIR_ABI
