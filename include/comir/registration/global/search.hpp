#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/image/centre.hpp>
#include <comir/image/local_contrast.hpp>
#include <comir/registration/confidence/search.hpp>
#include <comir/registration/confidence/search_information.hpp>
#include <comir/registration/global/climb.hpp>
#include <comir/registration/global/coarse.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/quantise.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

inline constexpr std::size_t search_least_side = 8;

inline void check_search_image(char const* which, image<float> const& values, image_mask const& mask) {
    constexpr char const* who = "comir::global_search";
    require<shape_error>(
        values.channels() > 0 && values.height() >= search_least_side && values.width() >= search_least_side, who,
        ": the ", which, " image is ", to_string(values.shape()), ", expected at least ", search_least_side,
        " rows and columns");
    require_mask_fits(who, values.shape(), mask);
    for (std::size_t c = 0; c < values.channels(); ++c) {
        auto const channel = values.channel(c);
        for (std::size_t i = 0; i < channel.size(); ++i)
            require(std::isfinite(channel[i]) || (!mask.empty() && !mask.values()[i]), who, ": the ", which,
                    " image is not finite at channel ", c, ", x = ", i % values.width(), ", y = ", i / values.width(),
                    "; mask such pixels or replace them");
    }
}

inline void check_search_raw(char const* which, image<float> const& source, image<float> const& values,
                             image_mask const& mask) {
    if (source.empty())
        return;
    require<shape_error>(source.height() == values.height() && source.width() == values.width(),
                         "comir::global_search: the ", which, " image's source is ", to_string(source.shape()),
                         ", the image ", to_string(values.shape()), "; expected the same rows and columns");
    check_search_image((std::string(which) + " source").c_str(), source, mask);
}

/// What the values were made of: the source, or the values themselves without one.
inline image<float> const& raw_of(image<float> const& values, image<float> const& source) {
    return source.empty() ? values : source;
}

inline void check_search_options(global_search_options const& o) {
    constexpr char const* who = "comir::global_search";
    require(std::isfinite(o.angle) && o.max_angle >= 0.0 && std::isfinite(o.max_angle), who, ": angle is ", o.angle,
            " and max_angle ", o.max_angle, ", expected finite radians, max_angle not negative");
    require(o.angle_step >= 0.0 && (o.angle_step == 0.0 || o.angle_step >= 1e-4) && std::isfinite(o.angle_step), who,
            ": angle_step is ", o.angle_step, " radians, expected at least 0.0001, or 0 for two pixels at the rim");
    require(o.max_shift_x >= 0.0 && o.max_shift_y >= 0.0 && o.max_shift_x < 1e9 && o.max_shift_y < 1e9, who,
            ": max_shift_x is ", o.max_shift_x, " and max_shift_y ", o.max_shift_y,
            " pixels, expected positive numbers, or 0 for no limit");
    require(o.min_overlap >= 0.0 && o.min_overlap <= 1.0, who, ": min_overlap is ", o.min_overlap, ", expected 0 to 1");
    require(o.contrast_sigma >= 0.0 && o.contrast_sigma <= 1000.0 && o.contrast_floor > 0.0 &&
                std::isfinite(o.contrast_floor),
            who, ": contrast_sigma is ", o.contrast_sigma, " px and contrast_floor ", o.contrast_floor,
            ", expected 0 to 1000 and a number above 0");
    require(o.coarse_side == 0 || o.coarse_side >= search_least_side, who, ": coarse_side is ", o.coarse_side,
            " pixels, expected at least ", search_least_side, ", or 0 for the metric's default");
    require(o.finest >= 1 && o.candidates >= 1, who, ": finest is ", o.finest, " and candidates ", o.candidates,
            ", expected at least 1");
    require(o.mi_weight >= 0.0 && std::isfinite(o.mi_weight), who, ": mi_weight is ", o.mi_weight,
            ", expected a finite number not below 0");
    require(o.clusters >= 2 && o.clusters <= most_clusters, who, ": clusters is ", o.clusters, ", expected 2 to ",
            most_clusters);
}

/// Root mean square distance, over the moving image's pixels, of where two poses put them.
inline double pose_distance(search_pose const& a, search_pose const& b, image_shape const& moving) {
    auto const w = static_cast<double>(moving.w), h = static_cast<double>(moving.h);
    double const dx = a.x - b.x, dy = a.y - b.y;
    return std::sqrt(dx * dx + dy * dy + (1.0 - std::cos(a.angle - b.angle)) * (w * w + h * h) / 6.0);
}

/// The first `most` poses that differ by more than `distance`.
inline std::vector<search_pose> distinct_poses(std::vector<search_pose> const& poses, std::size_t most, double distance,
                                               image_shape const& moving) {
    std::vector<search_pose> kept;
    for (search_pose const& p : poses) {
        if (kept.size() == most)
            break;
        if (std::ranges::none_of(kept, [&](auto const& k) { return pose_distance(p, k, moving) <= distance; }))
            kept.push_back(p);
    }
    return kept;
}

}  // namespace detail

/// A fixed image prepared for global searches: its resolutions are kept, so that many moving images can be looked for
/// in it. Every angle and every shift with enough overlap is scored at a coarse resolution by Fourier transforms; the
/// best poses that differ are then climbed from at finer resolutions. Images may differ in size; the smaller one is
/// turned. Spectra are not kept: they depend on the moving image's size, and are less than 1 % of a search.
/// Where metrics are combined, sources are what the images were made of, pixel by pixel, such as the photographs behind
/// representations; their channels may differ. Without a source the image is its own.
/// Errors:  error or shape_error, beginning "comir::global_search", for options out of range, images below 8 x 8,
///          masks or sources of another size, unmasked values that are not finite, unlike channel counts for the
///          correlation.
///          Constant images and masks without pixels are no errors: there are no candidates then
/// Threads: over angles, then over candidates; the same bits for any number of threads
class global_search_target {
public:
    explicit global_search_target(image<float> fixed, global_search_options options = {}, image_mask mask = {},
                                  image<float> source = {})
        : full_(std::move(fixed)), raw_(std::move(source)), mask_(std::move(mask)), options_(std::move(options)) {
        detail::check_search_options(options_);
        detail::check_search_image("fixed", full_, mask_);
        detail::check_search_raw("fixed", raw_, full_, mask_);
    }

    global_search_options const& options() const { return options_; }

    /// Where the moving image may lie, best first.
    search_outcome search(image<float> const& moving, image_mask const& mask = {},
                          image<float> const& source = {}) const {
        auto const begin = std::chrono::steady_clock::now();
        detail::check_search_image("moving", moving, mask);
        detail::check_search_raw("moving", source, moving, mask);
        require<shape_error>(!detail::uses_zncc(options_.metric) || moving.channels() == full_.channels(),
                             "comir::global_search: the moving image has ", moving.channels(),
                             " channels, the fixed image ", full_.channels(),
                             "; give images of one kind, or search by mutual information");
        search_outcome outcome;
        global_search_options here = options_;
        here.min_overlap = least_overlap(options_, full_.shape(), moving.shape());
        compared const fixed{full_, detail::raw_of(full_, raw_), mask_};
        compared const other{moving, detail::raw_of(moving, source), mask};
        if (moving.height() * moving.width() > full_.height() * full_.width()) {
            here.angle = -here.angle;
            outcome = search_in(other, fixed, here);
            for (search_candidate& c : outcome.candidates)
                c.transform = with_centre(c.transform.inverse(), image_centre(full_.shape()));
        } else {
            outcome = search_in(fixed, other, here);
        }
        outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return outcome;
    }

private:
    using pose = detail::search_pose;
    struct compared {
        image<float> const &values, &source;
        image_mask const& mask;
    };

    /// The transform that puts the moving image's centre, turned, on a pose of the fixed image.
    static rigid2 to_transform(pose const& p, image_shape const& fixed, image_shape const& moving) {
        double const angle = std::remainder(p.angle, 2.0 * std::numbers::pi);
        rigid2 const turn{{angle, 0.0, 0.0}, {p.x, p.y}};
        point2 const c = image_centre(fixed), shift = image_centre(moving) - point2{p.x, p.y};
        point2 const t = turn(c) + shift - c;
        return {{angle, t.x, t.y}, c};
    }

    /// The resolutions, coarse to fine.
    static std::vector<std::size_t> factors_for(image_shape const& fixed, image_shape const& moving,
                                                global_search_options const& o) {
        bool const information = detail::uses_mi(o.metric);
        std::size_t const side = o.coarse_side > 0 ? o.coarse_side : 64;
        // To 5/8 of the side coarser: small images in large ones, as the cost grows with the fixed image; and whatever
        // is larger than the side for mutual information, which costs several times as much.
        std::size_t const most_pixels = (information ? 16 : 64) * side * side;
        std::size_t const smaller = std::min({moving.w, moving.h, fixed.w, fixed.h});
        std::size_t factor = std::max<std::size_t>(1, (smaller + side / 2) / side);
        while (((fixed.w / factor) * (fixed.h / factor) > most_pixels || (information && smaller / factor > side)) &&
               smaller / (factor + 1) >= 5 * side / 8)
            ++factor;
        factor = std::max(factor, std::min(o.finest, std::max<std::size_t>(1, smaller / detail::search_least_side)));
        std::vector<std::size_t> factors{factor};
        while (factors.back() > o.finest)
            factors.push_back(std::max(o.finest, (factors.back() + 1) / 2));
        return factors;
    }

    static detail::search_level level_of(compared const& whole, std::size_t factor, global_search_options const& o) {
        auto const made_of = [&](image<float> const& full) {
            return detail::make_search_level(full, whole.mask, factor, o.threads);
        };
        bool const correlation = detail::uses_zncc(o.metric);
        auto level = made_of(correlation ? whole.values : whole.source);
        if (detail::uses_mi(o.metric)) {
            bool const made = !correlation || &whole.values == &whole.source;
            level.numbers =
                detail::quantise(made ? level.values : made_of(whole.source).values, level.weight, o.clusters);
        }
        if (!correlation)
            return level;
        if (o.contrast_sigma > 0.0)
            level.values = local_contrast(level.values,
                                          {.sigma = o.contrast_sigma,
                                           .floor = o.contrast_floor,
                                           .relative_floor = true,
                                           .joint = true,
                                           .threads = o.threads},
                                          whole.mask.empty() ? whole.mask : subsample(whole.mask, factor));
        detail::centre_values(level);
        return level;
    }

    /// Places to climb from: many while the images are small, so that the finer resolutions decide.
    static std::size_t climbers(detail::search_level const& moving, global_search_options const& o) {
        constexpr std::size_t pixels = std::size_t{1} << 18;
        // Joint histograms cost several times what sums of products do.
        std::size_t const most = detail::uses_mi(o.metric) ? 24 : 64;
        return std::max(o.candidates, std::min(most, pixels / (moving.width() * moving.height() + 1)));
    }

    static search_outcome search_in(compared const& whole_fixed, compared const& whole_moving,
                                    global_search_options const& o) {
        search_outcome outcome;
        image_shape const fixed = whole_fixed.values.shape(), moving = whole_moving.values.shape();
        std::vector<std::size_t> const factors = factors_for(fixed, moving, o);
        std::vector<pose> poses;
        double step = 0.0, smaller_area = 0.0;
        auto const side = static_cast<double>(std::min(moving.w, moving.h));
        for (std::size_t i = 0; i < factors.size(); ++i) {
            auto const f = level_of(whole_fixed, factors[i], o), m = level_of(whole_moving, factors[i], o);
            smaller_area = std::min(f.area, m.area);
            if (!(smaller_area > 0.0))
                return outcome;
            if (i == 0) {
                double const rim = 0.5 * side / static_cast<double>(factors[0]);
                auto const angles = detail::make_angles(o, o.angle_step > 0.0 ? o.angle_step : 2.0 / rim);
                step = angles.step;
                detail::coarse_result const coarse = detail::coarse_search(f, m, angles, o).run();
                outcome.statistics = coarse.statistics;
                poses = detail::distinct_poses(coarse.poses, climbers(m, o), distinct * side, moving);
            }
            // The first resolution settles the angle between those searched; each finer one halves what is left.
            std::size_t const halvings = i == 0 ? 2 : 1;
            bool const last = i + 1 == factors.size();
            detail::pose_climber const climber(f, m, o);
            parallel_for(poses.size(), o.threads,
                         [&](std::size_t k) { poses[k] = climber.climb(poses[k], 0.5 * step, halvings, last); });
            step *= i == 0 ? 0.25 : 0.5;
            std::stable_sort(poses.begin(), poses.end(), detail::better);
            poses = detail::distinct_poses(poses, last ? o.candidates : climbers(m, o), distinct * side, moving);
        }
        for (pose const& p : poses)
            if (p.score > static_cast<double>(detail::no_score))
                outcome.candidates.push_back({to_transform(p, fixed, moving), p.score, p.overlap / smaller_area});
        return outcome;
    }

    // Places nearer than this share of the moving image's side are one.
    static constexpr double distinct = 0.08;

    image<float> full_, raw_;
    image_mask mask_;
    global_search_options options_;
};

/// The best pose over all angles and shifts; global_search_target says how and with which errors. The value is the
/// score, the overlap is as candidates have it, the confidence search_confidence, or where mutual information counts
/// detail::confidence_of. Not converged if no pose has texture and enough overlap; confidence 0 then.
inline registration_result<rigid2> global_search(image<float> const& fixed, image<float> const& moving,
                                                 global_search_options const& options = {},
                                                 image_mask const& fixed_mask = {}, image_mask const& moving_mask = {},
                                                 image<float> const& fixed_raw = {},
                                                 image<float> const& moving_raw = {}) {
    auto const begin = std::chrono::steady_clock::now();
    auto const outcome =
        global_search_target(fixed, options, fixed_mask, fixed_raw).search(moving, moving_mask, moving_raw);
    registration_result<rigid2> result;
    result.transform.centre = image_centre(fixed.shape());
    result.iterations = static_cast<std::size_t>(outcome.statistics.count);
    result.value = -std::numeric_limits<double>::infinity();
    if (!outcome.candidates.empty()) {
        search_candidate const& best = outcome.candidates.front();
        result.transform = best.transform;
        result.value = best.score;
        result.overlap = best.overlap;
        result.converged = true;
        if (!detail::uses_mi(options.metric))
            result.confidence = search_confidence(evidence_of(outcome));
        else
            result.confidence =
                detail::confidence_of(outcome, 0, options.metric, {detail::raw_of(fixed, fixed_raw), fixed_mask},
                                      {detail::raw_of(moving, moving_raw), moving_mask}, options.threads);
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
}

}}  // namespace comir::COMIR_ABI
