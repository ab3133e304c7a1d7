#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

#include <comir/image/centre.hpp>
#include <comir/image/zncc.hpp>
#include <comir/registration/automatic/windows.hpp>
#include <comir/registration/by_features/features.hpp>
#include <comir/registration/confidence/search.hpp>
#include <comir/registration/confidence/search_information.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/registration/local/alpha_amd.hpp>
#include <comir/registration/result.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The last resolution of alpha_amd_pyramid: enough for a start within a pixel or two.
inline std::vector<alpha_amd_step> refining_pyramid(image_shape const& fixed) {
    return {alpha_amd_pyramid(fixed).back()};
}

/// `search` decides where, `refine` how exactly; where the search is unsure, `features` are asked. Threads count for
/// all; callbacks are their own.
struct automatic_options {
    global_search_options search{.candidates = 4};
    alpha_amd_options refine{};  // an empty pyramid means refining_pyramid
    double zncc_weight = 0.5;    // weight of the plain correlation, beside the search's score, where poses compete
    double drift = 0.02;         // of the smaller image's diagonal: refining that moves it further is undone
    feature_options features = comir_feature_options();
    double ask_raw_below =
        0.9;  // a confidence below this, or a pose that competing disputes, asks the sources; 0: never
    double ask_features_below =
        0.5;  // a confidence below this asks the features, who answer from this confidence on; 0: never
    int threads = 0;
};

/// A fixed image prepared for registrations from nowhere: any angle, any shift, images of any two sizes. For images
/// that are alike, such as two CoMIRs: a global search by correlation of local contrast, whose best poses, unless it
/// is sure of the first, compete by score and plain correlation, then alpha-AMD from the winner. Of the search's
/// transform and the refined one the better correlated is taken: alpha-AMD is exact to hundredths of a pixel where
/// intensities agree, and less so than the search where they do not. Places that sources showed stay as they are.
/// Sources are what the images were made of, pixel by pixel, such as the photographs behind representations; what they
/// show at the pose tells how sure the search is. Where it is in doubt, a second one adds their mutual information, or
/// without sources that of the images themselves, and a third one compares these alone. The surest of them counts.
/// Where it is unsure, features are asked: they may tell poses apart that correlate alike. Nothing of this above a
/// megapixel, where it takes long.
/// The result's value is alpha-AMD's, in pixels; its confidence is that of the search or the features that decided; 0
/// if not converged.
/// Memory:  above a megapixel alpha-AMD's maps of the fixed image are not kept, and where one image is more than four
///          times the other they are made of windows about the poses found
/// Errors:  those of global_search_target and alpha_amd_target. Constant images, masks without pixels and images
///          without enough overlap are no errors: the result has not converged and its confidence is 0
/// Threads: as global_search_target and alpha_amd_target; the same bits for any number of threads
class automatic_target {
public:
    explicit automatic_target(image<float> const& fixed, automatic_options options = {}, image_mask const& mask = {},
                              image<float> const& source = {})
        : fixed_(fixed),
          raw_(source),
          mask_(mask),
          own_pyramid_(options.refine.pyramid.empty()),
          options_(with_threads(std::move(options), fixed.shape())),
          search_(fixed, options_.search, mask) {
        require(
            options_.search.metric == search_metric::zncc,
            "comir::register_auto: the search's metric is mutual information, expected correlation, since alpha-AMD "
            "compares intensities; call global_search for raw images");
        require(options_.zncc_weight >= 0.0 && std::isfinite(options_.zncc_weight) && options_.drift > 0.0,
                "comir::register_auto: zncc_weight is ", options_.zncc_weight, " and drift ", options_.drift,
                ", expected a number not below 0 and a positive share");
        for (auto const& [name, value] :
             {std::pair{"ask_raw_below", options_.ask_raw_below}, {"ask_features_below", options_.ask_features_below}})
            require(value >= 0.0 && value <= 1.0, "comir::register_auto: ", name, " is ", value,
                    ", expected a confidence from 0 to 1");
        detail::check_search_raw("fixed", raw_, fixed_, mask_);
        if (pixels(fixed.shape()) <= large && has_pixels(mask))
            prepared_.emplace(fixed, options_.refine, mask);
    }

    automatic_options const& options() const { return options_; }

    registration_result<rigid2> register_to(image<float> const& moving, image_mask const& mask = {},
                                            image<float> const& source = {}) const {
        auto const begin = std::chrono::steady_clock::now();
        detail::check_search_raw("moving", source, moving, mask);  // whether it will be asked or not
        search_outcome const outcome = search_.search(moving, mask);
        registration_result<rigid2> result;
        result.transform.centre = image_centre(fixed_.shape());
        result.value = std::numeric_limits<double>::infinity();
        bool const small = std::max(pixels(fixed_.shape()), pixels(moving.shape())) <= large;
        bool const knows_raw = small && !(raw_.empty() && source.empty());
        auto const sure_of = [&](std::size_t which) {
            return knows_raw ? confidence_by_raw(outcome, which, search_metric::zncc, moving, mask, source)
                             : search_confidence(evidence_of(outcome, which));
        };
        bool const undisputed = consider_winner(outcome, seen_in::representations, sure_of, result, moving, mask);
        if (result.converged && small) {
            // Sources may confirm a pose that images hardly alike put some pixels off.
            double const sure = std::min(result.confidence, search_confidence(evidence_of(outcome)));
            if (options_.ask_raw_below > 0.0 && (!undisputed || sure < options_.ask_raw_below))
                ask_raw(result, moving, mask, source);
            if (result.confidence < options_.ask_features_below)
                ask_features(result, moving, mask);
        }
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return result;
    }

private:
    static constexpr std::size_t large = std::size_t{1} << 20;  // pixels

    static automatic_options with_threads(automatic_options o, image_shape const& fixed) {
        o.search.threads = o.refine.threads = o.features.threads = o.threads;
        if (o.refine.pyramid.empty())
            o.refine.pyramid = refining_pyramid(fixed);
        return o;
    }
    static std::size_t pixels(image_shape const& s) { return s.h * s.w; }
    static bool has_pixels(image_mask const& mask) {
        return mask.empty() || std::ranges::any_of(mask.values(), [](unsigned char m) { return m != 0; });
    }
    static image_mask crop_mask(image_mask const& mask, region const& r) {
        return mask.empty() ? image_mask{} : crop(mask, r);
    }

    double confidence_by_raw(search_outcome const& outcome, std::size_t which, search_metric metric,
                             image<float> const& moving, image_mask const& mask, image<float> const& moving_raw) const {
        return detail::confidence_of(outcome, which, metric, {detail::raw_of(fixed_, raw_), mask_},
                                     {detail::raw_of(moving, moving_raw), mask}, options_.threads);
    }

    /// What found a pose: the images alone, by which it can be refined, or what their sources show besides, of which
    /// intensities know nothing.
    enum class seen_in { representations, raw };

    /// Refines a pose that something is sure of by so much, and takes it if that is surer than what is known, or if it
    /// is the same pose: what asks later compares more.
    void consider(rigid2 const& pose, seen_in evidence, double sure, registration_result<rigid2>& known,
                  image<float> const& moving, image_mask const& mask) const {
        bool const same = known.converged && is_near(pose, known.transform, fixed_.shape(), moving.shape());
        if (known.converged && !same && sure <= known.confidence)
            return;
        registration_result<rigid2> found;
        refine(found, pose, evidence, moving, mask);
        found.confidence = same ? std::max(sure, known.confidence) : sure;
        known = found;
    }
    /// The same with the best of a search's candidates if it is surer of that than of a draw, else with the winner of
    /// them all: plain values may differ where a search by more than correlation is right. sure_of(number) tells of
    /// each how sure it is. Returns whether the best one wins, too.
    template <class SureOf>
    bool consider_winner(search_outcome const& outcome, seen_in evidence, SureOf const& sure_of,
                         registration_result<rigid2>& known, image<float> const& moving, image_mask const& mask) const {
        if (outcome.candidates.empty())
            return false;
        std::size_t const winner = choose(outcome.candidates, moving, mask);
        double const sure = sure_of(0);
        if (winner == 0 || sure > 0.5)
            consider(outcome.candidates[0].transform, evidence, sure, known, moving, mask);
        else
            consider(outcome.candidates[winner].transform, evidence, sure_of(winner), known, moving, mask);
        return winner == 0;
    }

    /// Searches by the images and their sources together, and by the sources alone.
    void ask_raw(registration_result<rigid2>& result, image<float> const& moving, image_mask const& mask,
                 image<float> const& moving_raw) const {
        image<float> const &fixed = detail::raw_of(fixed_, raw_), &other = detail::raw_of(moving, moving_raw);
        global_search_options o = options_.search;
        o.metric = search_metric::zncc_and_mi;
        search_outcome const outcome = global_search_target(fixed_, o, mask_, fixed).search(moving, mask, other);
        auto const sure_of = [&](std::size_t which) {
            return confidence_by_raw(outcome, which, o.metric, moving, mask, moving_raw);
        };
        consider_winner(outcome, seen_in::raw, sure_of, result, moving, mask);
        o.metric = search_metric::mutual_information;
        auto const found = global_search(fixed, other, o, mask_, mask);
        if (found.converged)
            consider(found.transform, seen_in::raw, found.confidence, result, moving, mask);
    }

    void ask_features(registration_result<rigid2>& result, image<float> const& moving, image_mask const& mask) const {
        auto const found = register_features<rigid2>(fixed_, moving, options_.features, mask_, mask);
        auto const f = static_cast<double>(pixels(fixed_.shape())), m = static_cast<double>(pixels(moving.shape()));
        if (!found.converged || found.confidence < options_.ask_features_below ||
            found.overlap * f < least_overlap(options_.search, fixed_.shape(), moving.shape()) * std::min(f, m) ||
            !is_searched(found.transform, moving.shape()))
            return;
        refine(result, found.transform, seen_in::representations, moving, mask);
        result.confidence = found.confidence;
    }

    /// Whether a transform lies in the ranges of the search.
    bool is_searched(rigid2 const& t, image_shape const& moving) const {
        global_search_options const& o = options_.search;
        point2 const fixed_centre = image_centre(fixed_.shape()), moving_centre = image_centre(moving);
        bool const moving_is_larger = pixels(moving) > pixels(fixed_.shape());
        point2 const shift =
            moving_is_larger ? t(fixed_centre) - moving_centre : t.inverse()(moving_centre) - fixed_centre;
        return (o.max_angle >= std::numbers::pi ||
                std::abs(std::remainder(t.parameters[0] - o.angle, 2.0 * std::numbers::pi)) <= o.max_angle) &&
               (o.max_shift_x == 0.0 || std::abs(shift.x) <= o.max_shift_x) &&
               (o.max_shift_y == 0.0 || std::abs(shift.y) <= o.max_shift_y);
    }

    /// Whether poses are compared and refined in windows about them: in large images of which little is covered.
    bool in_windows(image_shape const& moving) const {
        std::size_t const f = pixels(fixed_.shape()), m = pixels(moving);
        return std::max(f, m) > large && std::max(f, m) > 4 * std::min(f, m);
    }
    struct window_pair {
        detail::meeting_windows at;
        image<float> fixed, moving;
        image_mask fixed_mask, moving_mask;
    };
    window_pair windows_at(rigid2 const& pose, image<float> const& moving, image_mask const& mask) const {
        auto const at =
            detail::windows_near(pose, fixed_.shape(), moving.shape(), 2.0 * reach(fixed_.shape(), moving.shape()));
        return {at, crop(fixed_, at.fixed), crop(moving, at.moving), crop_mask(mask_, at.fixed),
                crop_mask(mask, at.moving)};
    }

    double zncc_of_pose(rigid2 const& pose, image<float> const& moving, image_mask const& mask) const {
        if (!in_windows(moving.shape()))
            return detail::zncc(fixed_, mask_, moving, mask, pose, options_.threads).correlation;
        auto const w = windows_at(pose, moving, mask);
        return detail::zncc(w.fixed, w.fixed_mask, w.moving, w.moving_mask, w.at.to_windows(pose), options_.threads)
            .correlation;
    }

    /// The number of the candidate that wins.
    std::size_t choose(std::vector<search_candidate> const& candidates, image<float> const& moving,
                       image_mask const& mask) const {
        if (options_.zncc_weight == 0.0)  // they are sorted by score
            return 0;
        std::size_t winner = 0;
        double best = -std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            search_candidate const& c = candidates[i];
            // Weighed by the overlap as the score is.
            double const value =
                c.score + options_.zncc_weight * zncc_of_pose(c.transform, moving, mask) * std::sqrt(c.overlap);
            if (value > best) {
                best = value;
                winner = i;
            }
        }
        return winner;
    }

    void refine(registration_result<rigid2>& result, rigid2 const& start, seen_in evidence, image<float> const& moving,
                image_mask const& mask) const {
        if (in_windows(moving.shape())) {
            auto const w = windows_at(start, moving, mask);
            rigid2 const part = w.at.to_windows(start);
            alpha_amd_target<rigid2> const target(w.fixed, window_options(w.fixed.shape()), w.fixed_mask);
            result = refined_or_start(target.register_to(w.moving, w.moving_mask, {part}), part, evidence, w.fixed,
                                      w.fixed_mask, w.moving, w.moving_mask);
            result.transform = w.at.to_images(result.transform);
            result.overlap *=
                static_cast<double>(pixels(w.fixed.shape())) / static_cast<double>(pixels(fixed_.shape()));
        } else if (prepared_) {
            result = refined_or_start(prepared_->register_to(moving, mask, {start}), start, evidence, fixed_, mask_,
                                      moving, mask);
        } else {
            alpha_amd_target<rigid2> const target(fixed_, options_.refine, mask_);
            result = refined_or_start(target.register_to(moving, mask, {start}), start, evidence, fixed_, mask_, moving,
                                      mask);
        }
    }

    /// The refined result, or its start where the images correlate no less there or had no say.
    registration_result<rigid2> refined_or_start(registration_result<rigid2> refined, rigid2 const& start,
                                                 seen_in evidence, image<float> const& fixed,
                                                 image_mask const& fixed_mask, image<float> const& moving,
                                                 image_mask const& moving_mask) const {
        auto const zncc_at = [&](rigid2 const& pose) {
            return detail::zncc(fixed, fixed_mask, moving, moving_mask, pose, options_.threads);
        };
        auto const before = zncc_at(start);
        if (evidence == seen_in::raw || !refined.converged ||
            !is_near(start, refined.transform, fixed.shape(), moving.shape()) ||
            before.correlation >= zncc_at(refined.transform).correlation) {
            refined.transform = start;
            refined.overlap = before.overlap;
            refined.converged = true;
        }
        return refined;
    }

    /// How far refining may move the smaller image, px.
    double reach(image_shape const& fixed, image_shape const& moving) const {
        image_shape const& s = pixels(fixed) < pixels(moving) ? fixed : moving;
        return options_.drift * std::hypot(static_cast<double>(s.w), static_cast<double>(s.h));
    }
    bool is_near(rigid2 const& a, rigid2 const& b, image_shape const& fixed, image_shape const& moving) const {
        return distance(a, b, fixed, moving) <= reach(fixed, moving);
    }
    alpha_amd_options window_options(image_shape const& window) const {
        alpha_amd_options o = options_.refine;
        if (own_pyramid_)
            o.pyramid = refining_pyramid(window);
        return o;
    }
    /// The largest distance between where two transforms put the corners of the smaller image.
    static double distance(rigid2 const& a, rigid2 const& b, image_shape const& fixed, image_shape const& moving) {
        return pixels(fixed) < pixels(moving) ? corner_distance(a, b, fixed.h, fixed.w)
                                              : corner_distance(a.inverse(), b.inverse(), moving.h, moving.w);
    }

    image<float> fixed_, raw_;
    image_mask mask_;
    bool own_pyramid_;
    automatic_options options_;
    global_search_target search_;
    std::optional<alpha_amd_target<rigid2>> prepared_;
};

/// Registers the moving image to the fixed one from any displacement; automatic_target says how and with which errors.
inline registration_result<rigid2> register_auto(image<float> const& fixed, image<float> const& moving,
                                                 automatic_options const& options = {},
                                                 image_mask const& fixed_mask = {}, image_mask const& moving_mask = {},
                                                 image<float> const& fixed_raw = {},
                                                 image<float> const& moving_raw = {}) {
    auto const begin = std::chrono::steady_clock::now();
    auto result = automatic_target(fixed, options, fixed_mask, fixed_raw).register_to(moving, moving_mask, moving_raw);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
}

}}  // namespace comir::COMIR_ABI
