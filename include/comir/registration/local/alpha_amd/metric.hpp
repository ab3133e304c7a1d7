#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <comir/image/zncc.hpp>
#include <comir/registration/confidence/alpha_amd.hpp>
#include <comir/registration/confidence/compared_pixels.hpp>
#include <comir/registration/confidence/zncc.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/alpha_amd/descent.hpp>
#include <comir/registration/local/descent_state.hpp>
#include <comir/registration/local/starts.hpp>
#include <comir/registration/metrics/alpha_amd/check.hpp>
#include <comir/registration/metrics/alpha_amd/measure.hpp>
#include <comir/registration/metrics/alpha_amd/options.hpp>
#include <comir/registration/metrics/alpha_amd/resolution.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// Points of each image that compare the starts: 20000 leave an error of about 1 % of the distances' spread.
inline constexpr std::size_t amd_compared_points = 20000;

/// Alpha-AMD as local_metric, for one moving image. It refers to all that it is given.
template <affine_transform Transform>
class alpha_amd_metric {
public:
    using state = descent_state<Transform>;
    struct workspace {};
    static constexpr char const* name = amd_name;
    static constexpr std::size_t least_side = amd_least_side;

    /// The options' pyramid has a step for each of the fixed image's resolutions, whose shape is that of the full
    /// image.
    alpha_amd_metric(alpha_amd_options const& options, std::vector<amd_resolution> const& fixed,
                     image_shape const& fixed_shape, registration_input const& moving)
        : options_(options),
          fixed_(fixed),
          moving_(moving),
          reach_(parameter_reach(centred_start<Transform>(fixed_shape, moving.values.shape()), fixed_shape.h,
                                 fixed_shape.w)) {}

    std::size_t resolution_count() const { return fixed_.size(); }
    std::size_t factor(std::size_t r) const { return options_.pyramid[r].factor; }

    void prepare(std::size_t r) {
        now_ = r;
        at_resolution_.emplace(make_amd_resolution(moving_, options_.pyramid[r], options_, &fixed_[r].range));
        varied_ = fixed_[r].maps.is_varied() && at_resolution_->maps.is_varied();
    }
    workspace make_workspace() const { return {}; }

    void descend(state& s, std::size_t, workspace&) const {
        alpha_cut_maps const& fixed = fixed_[now_].maps;
        alpha_cut_maps const& moving = at_resolution_->maps;
        // Starts begin at different points of the random order, a prime apart.
        descend_amd(s, fixed, moving, options_.pyramid[now_], options_, reach_, 7919 * s.number);
        s.informed = s.informed && varied_;
        point_sample const all{0, amd_compared_points};
        auto const e = evaluate_amd(fixed, all, moving, all, s.transform, options_.symmetric);
        s.value = e.value;
        s.overlap = e.overlap;
        s.overlap_moving = e.overlap_moving;
    }

    void compare(std::vector<state>& states) const {
        if (correlates())
            for (state& s : states)
                s.correlation = zncc(fixed_[now_].picture, fixed_[now_].mask, at_resolution_->picture,
                                     at_resolution_->mask, at_resolution(s.transform, now_), options_.threads)
                                    .correlation;
    }

    /// The points of one image suffice: a small image may lie in a large one.
    bool fits(state const& s) const {
        return std::isfinite(s.value) && std::max(s.overlap, s.overlap_moving) >= options_.min_overlap;
    }
    bool better(state const& a, state const& b) const {
        bool const a_fits = fits(a), b_fits = fits(b);
        if (a_fits != b_fits)
            return a_fits;
        return correlates() ? a.correlation > b.correlation : a.value < b.value;
    }
    bool gives_up(state const& s, std::vector<state> const& kept) const {
        if (kept.empty() || !(options_.abandon > 0.0))
            return false;
        state const& best = kept.front();
        if (fits(s) != fits(best))
            return true;
        return correlates() ? options_.abandon * s.correlation < best.correlation
                            : s.value > options_.abandon * best.value;
    }
    double same_distance() const { return options_.pyramid[now_].step_begin; }

    void end_resolution(std::size_t r) {
        if (!coarsest_maps_) {
            coarsest_ = r;
            coarsest_maps_ = std::move(at_resolution_->maps);
        }
        image<float> const& picture = fixed_[r].picture;
        if (correlates() && (!compared_picture_ || picture.height() * picture.width() <= compared_pixels)) {
            compared_ = r;
            compared_picture_ = std::move(at_resolution_->picture);
            compared_mask_ = std::move(at_resolution_->mask);
        }
    }

    /// By the images' correlation if that chooses among the starts, else by the measure at the coarsest resolution.
    double confidence(state const& best) const {
        if (!varied_ || !fits(best))
            return 0.0;
        if (correlates())
            return confidence_of(correlation_evidence_at(
                fixed_[compared_].picture, fixed_[compared_].mask, *compared_picture_, compared_mask_,
                at_resolution(best.transform, compared_), options_.seed, options_.threads));
        return confidence_of(contrast_amd(fixed_[coarsest_].maps, *coarsest_maps_, to_affine_map(best.transform),
                                          options_.symmetric, options_.seed));
    }

private:
    bool correlates() const { return options_.choice == amd_choice::correlation; }

    affine2 at_resolution(Transform const& t, std::size_t r) const {
        double const factor = static_cast<double>(options_.pyramid[r].factor);
        affine2 scaled = to_affine(t);
        scaled.parameters[4] /= factor;
        scaled.parameters[5] /= factor;
        return scaled;
    }

    alpha_amd_options const& options_;
    std::vector<amd_resolution> const& fixed_;
    registration_input moving_;
    std::array<double, Transform::parameter_count> reach_;
    std::size_t now_ = 0, coarsest_ = 0, compared_ = 0;
    bool varied_ = false;
    std::optional<amd_resolution> at_resolution_;
    std::optional<alpha_cut_maps> coarsest_maps_;
    std::optional<image<float>> compared_picture_;
    image_mask compared_mask_;
};

}}}  // namespace comir::COMIR_ABI::detail
