#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/memory.hpp>
#include <comir/core/random.hpp>
#include <comir/core/simd.hpp>
#include <comir/features/fit.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What counts as an inlier, and when the search ends.
struct ransac_options {
    double tolerance = 3.0;                    // pixels of the moving image between a mapped point and its partner
    double max_turn_error = std::numbers::pi;  // radians by which an inlier's turn may differ; pi: any
    double max_zoom_error = 1e6;               // factor by which an inlier's zoom may differ either way
    double max_scale = 4.0;                    // similarity2 and affine2 may enlarge or shrink by this factor
    double max_stretch = 2.0;                  // affine2: largest ratio of its two scales
    double certainty = 0.999;  // that a sample without outliers was drawn, by the best transform's inliers
    std::size_t max_trials = 20000;
    std::size_t min_inliers = 6;  // to have converged
    std::uint64_t seed = 1;
};

/// The transform that most matches agree with.
template <class Transform>
struct ransac_result {
    Transform transform{};
    std::vector<std::size_t> inliers{};  // numbers of the matches, ascending
    double ratio = 0.0;                  // inliers by matches
    double residual = 0.0;               // root mean square distance of the inliers, pixels
    std::size_t trials = 0;
    bool converged = false;  // a transform with min_inliers inliers was found
};

namespace detail {

inline double determinant_of(Eigen::Matrix2d const& m) {
    return m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0);
}

/// Matches laid out for vectors, and the count of those that agree with a transform.
class consensus {
public:
    consensus(std::span<point_match const> matches, ransac_options const& o)
        : count_(matches.size()),
          tolerance2_(o.tolerance * o.tolerance),
          least_cosine_(std::cos(o.max_turn_error)),
          // At pi every turn passes, whatever the rounding.
          any_turn_(o.max_turn_error >= std::numbers::pi),
          zoom_error_(std::log(o.max_zoom_error)) {
        std::size_t const padded = round_up(count_ + 1, simd_width<double>);
        for (auto* column : {&x_, &y_, &u_, &v_, &cosine_, &sine_, &zoom_})
            column->assign(padded, 0.0);
        cost_.assign(padded, 0.0);
        for (std::size_t i = 0; i < count_; ++i) {
            x_[i] = matches[i].fixed.x;
            y_[i] = matches[i].fixed.y;
            u_[i] = matches[i].moving.x;
            v_[i] = matches[i].moving.y;
            cosine_[i] = std::cos(matches[i].turn);
            sine_[i] = std::sin(matches[i].turn);
            zoom_[i] = std::log(matches[i].zoom);
        }
    }

    /// Sum over the matches of the squared distance, at most the squared tolerance, over the latter: 0 to count.
    template <class T>
    double cost(T const& t) {
        constexpr std::size_t width = simd_width<double>;
        Eigen::Matrix2d const m = t.linear();
        point2 const shift = t(point2{});
        double const turn = std::atan2(m(1, 0) - m(0, 1), m(0, 0) + m(1, 1));
        double const zoom = 0.5 * std::log(std::abs(determinant_of(m)));
        simd<double> const a(m(0, 0)), b(m(0, 1)), c(m(1, 0)), d(m(1, 1)), sx(shift.x), sy(shift.y);
        simd<double> const limit(tolerance2_), cos_turn(std::cos(turn)), sin_turn(std::sin(turn));
        simd<double> const least(any_turn_ ? -2.0 : least_cosine_), mid_zoom(zoom), most_zoom(zoom_error_);
        simd<double> total(0.0);
        for (std::size_t i = 0; i < count_; i += width) {
            simd<double> const x = load(x_.data() + i), y = load(y_.data() + i);
            simd<double> const ex = multiply_add(a, x, multiply_add(b, y, sx)) - load(u_.data() + i);
            simd<double> const ey = multiply_add(c, x, multiply_add(d, y, sy)) - load(v_.data() + i);
            simd<double> e = minimum(multiply_add(ex, ex, ey * ey), limit);
            simd<double> const alike =
                multiply_add(cos_turn, load(cosine_.data() + i), sin_turn * load(sine_.data() + i)) - least;
            e = where_positive(alike, e, limit);
            e = where_positive(absolute(load(zoom_.data() + i) - mid_zoom) - most_zoom, limit, e);
            store(cost_.data() + i, e);
            total += e;
        }
        double sum_all = sum(total);
        // Lanes beyond the last match.
        for (std::size_t i = count_; i < round_up(count_, width); ++i)
            sum_all -= cost_[i];
        return sum_all / tolerance2_;
    }

    /// The inliers of the transform whose cost was computed last.
    std::vector<std::size_t> inliers() const {
        std::vector<std::size_t> list;
        for (std::size_t i = 0; i < count_; ++i)
            if (cost_[i] < tolerance2_)
                list.push_back(i);
        return list;
    }
    double squared(std::size_t i) const { return cost_[i]; }

private:
    std::size_t count_;
    double tolerance2_, least_cosine_;
    bool any_turn_;
    double zoom_error_;
    aligned_vector<double> x_, y_, u_, v_, cosine_, sine_, zoom_, cost_;
};

/// Transforms that a real pair of images would not show.
template <class T>
bool plausible(T const& t, ransac_options const& o) {
    if constexpr (std::same_as<T, translation2> || std::same_as<T, rigid2>) {
        return true;
    } else {
        Eigen::Matrix2d const m = t.linear();
        double const determinant = determinant_of(m);
        // Singular values by their sum and product of squares.
        double const half = 0.5 * m.squaredNorm();
        double const root = std::sqrt(std::max(0.0, half * half - determinant * determinant));
        double const large = std::sqrt(half + root), small = large > 0.0 ? std::abs(determinant) / large : 0.0;
        return determinant > 0.0 && large <= o.max_scale && small * o.max_scale >= 1.0 &&
               large <= o.max_stretch * small;
    }
}

}  // namespace detail

/// The transform that most matches agree with, found from random samples of as few matches as determine one, improved
/// on its inliers each time a better one is seen, and fitted to all inliers by least squares.
/// Not to find one is a result: too few matches, all in one place or on a line (affine2), or no agreement; the
/// transform is then the best that was seen, or the identity.
/// Errors: error if an option is out of range or a match is not finite
/// Source: Fischler and Bolles 1981; cost of Torr and Zisserman 2000 (MSAC); local optimisation of Chum, Matas and
///         Kittler 2003
template <class Transform>
ransac_result<Transform> ransac(std::span<point_match const> matches, ransac_options const& options = {}) {
    static_assert(
        fitted_transform<Transform>,
        "comir: ransac fits translation2, rigid2, similarity2 or affine2; for another transform add its fit to "
        "comir/features/fit.hpp");
    if constexpr (fitted_transform<Transform>) {
        constexpr char const* who = "comir::ransac";
        require(options.tolerance > 0.0 && std::isfinite(options.tolerance), who, ": tolerance is ", options.tolerance,
                " pixels, expected a positive number");
        require(options.max_turn_error > 0.0, who, ": max_turn_error is ", options.max_turn_error,
                " radians, expected a positive number");
        require(options.max_zoom_error >= 1.0 && options.max_scale >= 1.0 && options.max_stretch >= 1.0, who,
                ": max_zoom_error is ", options.max_zoom_error, ", max_scale ", options.max_scale, ", max_stretch ",
                options.max_stretch, "; expected factors of at least 1");
        require(options.certainty > 0.0 && options.certainty < 1.0, who, ": certainty is ", options.certainty,
                ", expected a share between 0 and 1");
        for (std::size_t i = 0; i < matches.size(); ++i) {
            point_match const& m = matches[i];
            require(std::isfinite(m.fixed.x) && std::isfinite(m.fixed.y) && std::isfinite(m.moving.x) &&
                        std::isfinite(m.moving.y) && std::isfinite(m.turn) && std::isfinite(m.zoom) && m.zoom > 0.0,
                    who, ": match ", i, " has a position, turn or zoom that is not finite, or no positive zoom");
        }
        constexpr std::size_t size = fit_size<Transform>;
        ransac_result<Transform> result;
        std::size_t const n = matches.size();
        if (n < size)
            return result;

        detail::consensus agreement(matches, options);
        Transform best{};
        double best_cost = std::numeric_limits<double>::infinity();
        auto const consider = [&](Transform const& t) {
            double const cost = agreement.cost(t);
            if (cost >= best_cost)
                return false;
            best = t;
            best_cost = cost;
            return true;
        };
        std::vector<std::size_t> inliers;
        auto const refit = [&]() -> std::optional<Transform> {
            if (inliers.size() < size)
                return {};
            return detail::fit_moments<Transform>(detail::pair_moments(
                inliers.size(), [&](std::size_t i) -> point_match const& { return matches[inliers[i]]; }));
        };
        double needed = static_cast<double>(options.max_trials);
        std::size_t sample[size];
        auto const sampled = [&](std::size_t i) -> point_match const& { return matches[sample[i]]; };
        for (; result.trials < options.max_trials && static_cast<double>(result.trials) < needed; ++result.trials) {
            random_stream random(options.seed, result.trials);
            for (std::size_t i = 0; i < size; ++i)
                sample[i] = random.below(n);
            bool distinct = true;
            for (std::size_t i = 0; i < size; ++i)
                for (std::size_t j = 0; j < i; ++j) {
                    point2 const d = sampled(i).fixed - sampled(j).fixed, e = sampled(i).moving - sampled(j).moving;
                    // Nearer points leave the rotation to the noise of their places.
                    double const apart = 2.0 * options.tolerance;
                    distinct = distinct && std::hypot(d.x, d.y) > apart && std::hypot(e.x, e.y) > apart;
                }
            if (!distinct)
                continue;
            auto const t = detail::fit_moments<Transform>(detail::pair_moments(size, sampled));
            if (!t || !detail::plausible(*t, options) || !consider(*t))
                continue;
            for (int step = 0; step < 10; ++step) {
                agreement.cost(best);
                inliers = agreement.inliers();
                auto const better = refit();
                if (!better || !detail::plausible(*better, options) || !consider(*better))
                    break;
            }
            agreement.cost(best);
            double const share = static_cast<double>(agreement.inliers().size()) / static_cast<double>(n);
            double const clean = std::pow(share, static_cast<double>(size));
            needed = clean >= 1.0 ? 0.0 : std::log(1.0 - options.certainty) / std::log1p(-clean);
        }
        if (!std::isfinite(best_cost))
            return result;

        agreement.cost(best);
        inliers = agreement.inliers();
        result.transform = best;
        result.inliers = inliers;
        result.ratio = static_cast<double>(inliers.size()) / static_cast<double>(n);
        double squares = 0.0;
        for (std::size_t const i : inliers)
            squares += agreement.squared(i);
        result.residual = inliers.empty() ? 0.0 : std::sqrt(squares / static_cast<double>(inliers.size()));
        result.converged = inliers.size() >= std::max(options.min_inliers, size);
        return result;
    }
}

}}  // namespace comir::COMIR_ABI
