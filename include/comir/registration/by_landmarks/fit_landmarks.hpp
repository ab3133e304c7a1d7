#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/registration/by_landmarks/landmark.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/geometry.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>
#include <comir/transform/translation.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// Landmarks without which a kind of transform is not determined.
constexpr std::size_t least_landmarks(transform_kind kind) {
    switch (kind) {
        case transform_kind::translation:
            return 1;
        case transform_kind::affine:
            return 3;
        default:
            return 2;
    }
}

template <affine_transform T>
constexpr transform_kind kind_of_transform() {
    if constexpr (std::same_as<T, translation2>)
        return transform_kind::translation;
    else if constexpr (std::same_as<T, rigid2>)
        return transform_kind::rigid;
    else if constexpr (std::same_as<T, similarity2>)
        return transform_kind::similarity;
    else
        return transform_kind::affine;
}

inline void check_landmarks(std::span<landmark const> landmarks, transform_kind kind) {
    constexpr char const* names[] = {"translation", "rigid", "similarity", "affine"};
    constexpr double least_flatness = 1e-3;
    char const* const who = "comir::fit_landmarks";
    std::size_t const least = least_landmarks(kind);
    char const* const name = names[static_cast<std::size_t>(kind)];
    require(landmarks.size() >= least, who, ": there are ", landmarks.size(), " landmarks, expected at least ", least,
            " for the kind ", name);
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
        auto const& [f, m] = landmarks[i];
        require(std::isfinite(f.x) && std::isfinite(f.y) && std::isfinite(m.x) && std::isfinite(m.y), who,
                ": landmark ", i + 1, " has a coordinate that is not finite");
        for (std::size_t j = 0; j < i; ++j)
            require(!(landmarks[j].fixed == f) && !(landmarks[j].moving == m), who, ": landmarks ", j + 1, " and ",
                    i + 1, " are at the same place of the ", landmarks[j].fixed == f ? "fixed" : "moving",
                    " image; remove one");
    }
    if (kind != transform_kind::affine)
        return;
    centred_landmarks const c(landmarks);
    for (bool const fixed : {true, false})
        require((fixed ? flatness(c.fixed_xx, c.fixed_xy, c.fixed_yy)
                       : flatness(c.moving_xx, c.moving_xy, c.moving_yy)) > least_flatness,
                who, ": the landmarks lie on a line in the ", fixed ? "fixed" : "moving",
                " image, which determines no affine transform; add one beside the line, or fit a similarity transform");
}

}  // namespace detail

/// The transform with the least sum of squared distances between where it puts the landmarks' fixed points and their
/// moving points, about the mean of the fixed points. Only an affine2 may be mirrored.
/// Errors: error for fewer landmarks than 1 (translation2), 2 (rigid2, similarity2) or 3 (affine2), for two at one place
///         of an image, for coordinates that are not finite, and for an affine2 if they lie on a line in an image
/// Source: Umeyama 1991, IEEE TPAMI 13(4):376, in the plane, where the best rotation needs no decomposition
template <affine_transform T>
T fit_landmarks(std::span<landmark const> landmarks) {
    detail::check_landmarks(landmarks, detail::kind_of_transform<T>());
    detail::centred_landmarks const c(landmarks);
    T t;
    t.centre = c.fixed_mean;
    set_translation(t, c.moving_mean - c.fixed_mean);
    // Sums of products of moving by fixed coordinates.
    double xx = 0.0, xy = 0.0, yx = 0.0, yy = 0.0;
    for (auto const& [f, m] : c.about) {
        xx += m.x * f.x;
        xy += m.x * f.y;
        yx += m.y * f.x;
        yy += m.y * f.y;
    }
    double const along = xx + yy, across = yx - xy;
    if constexpr (std::same_as<T, rigid2>) {
        t.parameters[0] = std::atan2(across, along);
    } else if constexpr (std::same_as<T, similarity2>) {
        // Where nothing turns them onto each other, the best scale is 0, which is no transform.
        double const scale = std::hypot(along, across) / (c.fixed_xx + c.fixed_yy);
        require(scale > 0.0, "comir::fit_landmarks: no similarity transform fits the landmarks better than none");
        t.parameters[0] = std::log(scale);
        t.parameters[1] = std::atan2(across, along);
    } else if constexpr (std::same_as<T, affine2>) {
        double const determinant = c.fixed_xx * c.fixed_yy - c.fixed_xy * c.fixed_xy;
        t.parameters[0] = (xx * c.fixed_yy - xy * c.fixed_xy) / determinant;
        t.parameters[1] = (xy * c.fixed_xx - xx * c.fixed_xy) / determinant;
        t.parameters[2] = (yx * c.fixed_yy - yy * c.fixed_xy) / determinant;
        t.parameters[3] = (yy * c.fixed_xx - yx * c.fixed_xy) / determinant;
    }
    return t;
}

/// A transform that was fitted to landmarks, and what it leaves.
struct landmark_fit {
    any_transform transform{};         // of the kind that was asked for, or affine if mirrored
    bool mirrored = false;             // the moving image is turned over
    std::vector<double> errors{};      // of each landmark, px of the moving image
    double root_mean_square = 0.0;     // of the errors
    std::optional<std::size_t> far{};  // the landmark that lies far off where all others put it, if there is one
};

namespace detail {

template <affine_transform T>
landmark_fit fit_upright(std::span<landmark const> landmarks) {
    T const t = fit_landmarks<T>(landmarks);
    landmark_fit fit{t, false, landmark_errors(landmarks, t), 0.0, {}};
    fit.mirrored = is_mirrored(t);
    fit.root_mean_square = comir::root_mean_square(fit.errors);
    return fit;
}

/// Fitted to landmarks of the moving image that was turned over about its left side.
template <affine_transform T>
landmark_fit fit_mirrored(std::span<landmark const> landmarks) {
    std::vector<landmark> flipped(landmarks.begin(), landmarks.end());
    for (landmark& l : flipped)
        l.moving.x = -l.moving.x;
    landmark_fit fit = fit_upright<T>(flipped);
    fit.transform = compose(affine2{{-1.0, 0.0, 0.0, 1.0, 0.0, 0.0}, {}}, to_affine(fit.transform));
    fit.mirrored = true;
    return fit;
}

template <affine_transform T>
landmark_fit fit_either(std::span<landmark const> landmarks) {
    landmark_fit fit = fit_upright<T>(landmarks);
    if constexpr (std::same_as<T, rigid2> || std::same_as<T, similarity2>) {
        // Landmarks near a line fit both ways; they say nothing of the sides.
        constexpr double clearly = 0.5;
        if (landmarks.size() > least_landmarks(kind_of_transform<T>()))
            if (landmark_fit other = fit_mirrored<T>(landmarks);
                other.root_mean_square < clearly * fit.root_mean_square)
                return other;
    }
    return fit;
}

/// How much less sure a fit is at a point than among its landmarks: a factor of the errors there, 1 in their middle.
template <affine_transform T>
double uncertainty_at(point2 fixed, centred_landmarks const& c) {
    point2 const d = fixed - c.fixed_mean;
    double away = 1.0 / static_cast<double>(c.about.size());
    if constexpr (std::same_as<T, affine2>)
        away += (d.x * d.x * c.fixed_yy - 2.0 * d.x * d.y * c.fixed_xy + d.y * d.y * c.fixed_xx) /
                (c.fixed_xx * c.fixed_yy - c.fixed_xy * c.fixed_xy);
    else if constexpr (!std::same_as<T, translation2>)
        away += (d.x * d.x + d.y * d.y) / (c.fixed_xx + c.fixed_yy);
    return std::sqrt(1.0 + away);
}

/// The landmark that lies furthest from where a fit of all others puts it, if that is far beyond what these leave.
template <affine_transform T>
std::optional<std::size_t> far_landmark(std::span<landmark const> landmarks) {
    constexpr double times_the_others = 5.0, least_share = 0.02;  // of how widely the landmarks are spread
    constexpr double least_px = 2.0;                              // people set landmarks to a pixel or two
    std::size_t const least = least_landmarks(kind_of_transform<T>());
    if (landmarks.size() < least + 2)
        return {};
    centred_landmarks const c(landmarks);
    double const spread = std::sqrt((c.moving_xx + c.moving_yy) / static_cast<double>(landmarks.size()));
    double const unknowns = 0.5 * static_cast<double>(T::parameter_count);
    std::optional<std::size_t> far;
    double most = 1.0;
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
        std::vector<landmark> others(landmarks.begin(), landmarks.end());
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        centred_landmarks const rest(others);
        // All the others on a line say nothing of one beside it.
        if (std::same_as<T, affine2> && (flatness(rest.fixed_xx, rest.fixed_xy, rest.fixed_yy) < 0.01 ||
                                         flatness(rest.moving_xx, rest.moving_xy, rest.moving_yy) < 0.01))
            continue;
        landmark_fit const fit = fit_either<T>(others);
        double const count = static_cast<double>(others.size());
        double const noise =
            fit.root_mean_square * std::sqrt(count / (count - unknowns)) * uncertainty_at<T>(landmarks[i].fixed, rest);
        point2 const d = to_affine(fit.transform)(landmarks[i].fixed) - landmarks[i].moving;
        double const ratio =
            std::hypot(d.x, d.y) / std::max({times_the_others * noise, least_share * spread, least_px});
        if (ratio > most) {
            most = ratio;
            far = i;
        }
    }
    return far;
}

template <affine_transform T>
landmark_fit fit_and_check(std::span<landmark const> landmarks) {
    landmark_fit fit = fit_either<T>(landmarks);
    fit.far = far_landmark<T>(landmarks);
    return fit;
}

}  // namespace detail

/// The same of a kind that is chosen while the program runs. A rigid or similarity transform is mirrored where three or
/// more landmarks clearly say so. A landmark that all others disagree with is named, and stays in the fit.
/// Errors: those of fit_landmarks<T>
inline landmark_fit fit_landmarks(std::span<landmark const> landmarks, transform_kind kind) {
    switch (kind) {
        case transform_kind::translation:
            return detail::fit_and_check<translation2>(landmarks);
        case transform_kind::rigid:
            return detail::fit_and_check<rigid2>(landmarks);
        case transform_kind::similarity:
            return detail::fit_and_check<similarity2>(landmarks);
        default:
            return detail::fit_and_check<affine2>(landmarks);
    }
}

}}  // namespace comir::COMIR_ABI
