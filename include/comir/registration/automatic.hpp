#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <comir/registration/alpha_amd.hpp>
#include <comir/registration/agreement.hpp>
#include <comir/registration/automatic_confidence.hpp>
#include <comir/registration/global_search.hpp>
#include <comir/registration/result.hpp>

namespace comir::inline COMIR_ABI {

/// The last resolution of alpha_amd_pyramid: enough for a start within a pixel or two.
inline std::vector<alpha_amd_step> refining_pyramid(image_shape const& fixed) {
    return {alpha_amd_pyramid(fixed).back()};
}

/// `search` decides where, `refine` how exactly. Threads count for both; callbacks are their own.
struct automatic_options {
    global_search_options search{.candidates = 4};
    alpha_amd_options refine{};  // an empty pyramid means refining_pyramid
    double contest = 0.9;        // places that score this share of the best are refined too; alpha-AMD then decides
    double drift = 0.02;         // of the moving image's diagonal: refining that moves it further is undone
    int threads = 0;
};

/// A fixed image prepared for registrations from nowhere: any angle, any shift, images of any two sizes. For images
/// that are alike, such as two CoMIRs: a global search by correlation, then alpha-AMD from its best places. Of the
/// search's transform and the refined one the better correlated is taken: alpha-AMD is exact to hundredths of a pixel
/// where intensities agree, and less so than the search where they do not.
/// The result's value is alpha-AMD's, in pixels; its confidence is search_confidence, 0 if not converged.
/// Errors:  those of global_search_target and alpha_amd_target. Constant images, masks without pixels and images
///          without enough overlap are no errors: the result has not converged and its confidence is 0
/// Threads: as global_search_target and alpha_amd_target; the same bits for any number of threads
class automatic_target {
public:
    explicit automatic_target(image<float> const& fixed, automatic_options options = {}, image_mask const& mask = {})
        : fixed_(fixed),
          mask_(mask),
          options_(with_threads(std::move(options), fixed.shape())),
          search_(fixed, options_.search, mask),
          refine_(make_refine(fixed, mask)) {
        require(
            options_.search.metric == search_metric::correlation,
            "comir::register_auto: the search's metric is mutual information, expected correlation, since alpha-AMD "
            "compares intensities; call global_search for raw images");
        require(options_.contest >= 0.0 && options_.contest <= 1.0 && options_.drift > 0.0,
                "comir::register_auto: contest is ", options_.contest, " and drift ", options_.drift,
                ", expected 0 to 1 and a positive share");
    }

    automatic_options const& options() const { return options_; }

    registration_result<rigid2> register_to(image<float> const& moving, image_mask const& mask = {}) const {
        auto const begin = std::chrono::steady_clock::now();
        search_outcome const outcome = search_.search(moving, mask);
        registration_result<rigid2> result;
        result.value = std::numeric_limits<double>::infinity();
        if (!outcome.candidates.empty() && !refine_.empty()) {
            std::vector<rigid2> starts;
            for (search_candidate const& c : outcome.candidates)
                if (c.score >= options_.contest * outcome.candidates[0].score)
                    starts.push_back(c.transform);
            if (starts.empty())
                starts.push_back(outcome.candidates[0].transform);
            result = refine_[0].register_to(moving, mask, starts);
            double const limit = options_.drift * std::hypot(static_cast<double>(moving.width()),  //
                                                             static_cast<double>(moving.height()));
            double nearest = std::numeric_limits<double>::infinity();
            std::size_t winner = 0;
            for (std::size_t i = 0; i < starts.size(); ++i)
                if (double const d = distance(starts[i], result.transform, moving.shape()); d < nearest) {
                    nearest = d;
                    winner = i;
                }
            auto const refined =
                detail::agreement_under(fixed_, mask_, moving, mask, result.transform, options_.threads);
            rigid2 const& found = starts[nearest <= limit ? winner : 0];
            auto const searched = detail::agreement_under(fixed_, mask_, moving, mask, found, options_.threads);
            if (!(nearest <= limit) || searched.correlation >= refined.correlation) {
                result.transform = found;
                result.overlap = searched.overlap;
                result.converged = true;
                winner = nearest <= limit ? winner : 0;
            }
            // Another place than the best of the search cannot be surer than a draw.
            double const sure = search_confidence(evidence_of(outcome));
            result.confidence = !result.converged ? 0.0 : winner == 0 ? sure : std::min(sure, 0.5);
        }
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return result;
    }

private:
    static automatic_options with_threads(automatic_options o, image_shape const& fixed) {
        o.search.threads = o.refine.threads = o.threads;
        if (o.refine.pyramid.empty())
            o.refine.pyramid = refining_pyramid(fixed);
        return o;
    }
    /// Nothing for a mask without pixels, which alpha-AMD refuses.
    std::vector<alpha_amd_target<rigid2>> make_refine(image<float> const& fixed, image_mask const& mask) const {
        std::vector<alpha_amd_target<rigid2>> made;
        if (mask.empty() || std::ranges::any_of(mask.values(), [](unsigned char m) { return m != 0; }))
            made.emplace_back(fixed, options_.refine, mask);
        return made;
    }
    /// The largest distance between where the inverses put the moving image's corners.
    static double distance(rigid2 const& a, rigid2 const& b, image_shape const& moving) {
        return detail::corner_distance(a.inverse(), b.inverse(), moving.h, moving.w);
    }

    image<float> fixed_;
    image_mask mask_;
    automatic_options options_;
    global_search_target search_;
    std::vector<alpha_amd_target<rigid2>> refine_;
};

/// Registers the moving image to the fixed one from any displacement; automatic_target says how and with which errors.
inline registration_result<rigid2> register_auto(image<float> const& fixed, image<float> const& moving,
                                                 automatic_options const& options = {},
                                                 image_mask const& fixed_mask = {},
                                                 image_mask const& moving_mask = {}) {
    auto const begin = std::chrono::steady_clock::now();
    auto result = automatic_target(fixed, options, fixed_mask).register_to(moving, moving_mask);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
}

}  // namespace comir::inline COMIR_ABI
