#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <comir/image/pyramid.hpp>
#include <comir/registration/confidence/compared_pixels.hpp>
#include <comir/registration/confidence/mutual_information.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/local/descent_state.hpp>
#include <comir/registration/local/mutual_information/descent.hpp>
#include <comir/registration/metrics/mutual_information/check.hpp>
#include <comir/registration/metrics/mutual_information/field.hpp>
#include <comir/registration/metrics/mutual_information/image.hpp>
#include <comir/registration/metrics/mutual_information/measure.hpp>
#include <comir/registration/metrics/mutual_information/options.hpp>
#include <comir/registration/metrics/mutual_information/points.hpp>
#include <comir/transform/affine.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Mutual information as local_metric, for one moving image. It refers to all that it is given.
template <affine_transform Transform>
class mutual_information_metric {
public:
    using state = descent_state<Transform>;
    using workspace = mi_workspace;
    static constexpr char const* name = mi_name;
    static constexpr std::size_t least_side = mi_least_side;

    /// The options' pyramid has a step for each of the fixed image's resolutions, whose shape is that of the full
    /// image. min_overlap is a share of the fixed image's points.
    mutual_information_metric(mutual_information_options const& options, std::vector<mi_points> const& fixed,
                              image_shape const& fixed_shape, registration_input const& moving, double min_overlap)
        : options_(options),
          fixed_(fixed),
          shape_(fixed_shape),
          mask_(moving.mask),
          grey_(prepare_mi_image(moving.values, moving.mask, options.equalise)),
          min_overlap_(min_overlap),
          kept_(options.kept_starts) {}

    std::size_t resolution_count() const { return fixed_.size(); }
    std::size_t factor(std::size_t r) const { return step(r).factor; }

    void prepare(std::size_t r) {
        now_ = r;
        std::size_t const f = factor(r);
        auto const level = make_pyramid_level(grey_, {f, step(r).sigma}, mask_, options_.threads);
        field_.emplace(level.values, mask_.empty() ? image_mask() : subsample(mask_, f), f, step(r).bins);
    }
    workspace make_workspace() const { return {step(now_).bins, mi_kept_points}; }

    void descend(state& s, std::size_t i, workspace& work) const {
        mi_points const& points = fixed_[now_];
        auto const reach = find_mi_reach(s.transform, shape_.h, shape_.w);
        mi_problem<Transform> const problem{
            points, *field_, step(now_), reach, shape_.h, shape_.w, options_.normalised, options_.still, options_.seed};
        // Starts take other points, a prime number of blocks apart.
        descend_mi(s, problem, 7919 * mi_block * i, work);
        auto const e = measure_mi(points, {0, points.count()}, *field_, s.transform, options_.normalised, work);
        s.value = e.value;
        s.overlap = e.overlap;
    }

    void compare(std::vector<state>&) const {}

    bool fits(state const& s) const { return std::isfinite(s.value) && s.overlap >= min_overlap_; }
    bool better(state const& a, state const& b) const {
        bool const a_fits = fits(a), b_fits = fits(b);
        return a_fits != b_fits ? a_fits : a.value > b.value;
    }
    bool gives_up(state const&, std::vector<state> const& kept) const { return kept.size() >= kept_; }
    /// The finest resolution brings such starts together.
    double same_distance() const { return 2.0; }

    void end_resolution(std::size_t r) {
        kept_ = std::max<std::size_t>(1, kept_ / 2);
        if (!compared_field_ || (shape_.h / factor(r)) * (shape_.w / factor(r)) <= compared_pixels) {
            compared_ = r;
            compared_field_ = std::move(field_);
        }
    }

    double confidence(state const& best) const {
        if (!best.informed || !fits(best))
            return 0.0;
        return confidence_of(information_evidence_at(fixed_[compared_], *compared_field_, step(compared_).bins,
                                                     to_affine(best.transform), shape_, options_.seed,
                                                     options_.threads));
    }

private:
    mutual_information_step const& step(std::size_t r) const { return options_.pyramid[r]; }

    mutual_information_options const& options_;
    std::vector<mi_points> const& fixed_;
    image_shape shape_;
    image_mask const& mask_;
    image<float> grey_;
    double min_overlap_;
    std::size_t kept_;  // starts that go on after the resolution
    std::size_t now_ = 0, compared_ = 0;
    std::optional<mi_field> field_, compared_field_;
};

}}}  // namespace comir::COMIR_ABI::detail
