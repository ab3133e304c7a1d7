#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <comir/features/fit.hpp>
#include <comir/image/image.hpp>
#include <comir/image/preparation.hpp>
#include <comir/registration/automatic/result.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/any_transform.hpp>
#include <comir/transform/bspline.hpp>
#include <comir/transform/bspline_folding.hpp>
#include <comir/transform/chain.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a method found that was chosen while the program runs.
struct method_result : registration_result<any_transform> {
    std::vector<point_match> matches{};  // of keypoints; of sift only
    std::vector<std::size_t> inliers{};  // numbers of the matches that agree with the transform, ascending
    // Of auto: as automatic_result has them.
    bool mirrored = false, kept_start = false, at_rim = false;
    std::vector<local_residual> residuals{};
    double agreeing = 0.0, residual_step = 0.0;
    std::optional<bspline2> bend{};
    double largest_displacement = 0.0;
    smallest_jacobian least_jacobian{1.0, {}};

    /// The whole map: the bend first, if there is one, then the transform.
    transform_chain chain() const {
        transform_chain all = to_chain(transform);
        if (bend)
            all.parts.insert(all.parts.begin(), *bend);
        return all;
    }
};

/// A registration that is chosen while the program runs: make_method gives one by its name. Where the choice is made at
/// compile time, any callable of this form does, such as a lambda around register_alpha_amd.
class registration_method {
public:
    using function = std::function<method_result(registration_input const& fixed, registration_input const& moving)>;

    /// Registers raw images, and prepares of them what it compares.
    using preparing_function = std::function<method_result(
        registration_input const& fixed, registration_input const& moving, pair_preparations const& prepare)>;

    /// `preparing` is for a method that compares less than the whole images; without it these are prepared whole.
    explicit registration_method(function run, preparing_function preparing = {})
        : run_(std::move(run)), preparing_(std::move(preparing)) {}
    method_result operator()(registration_input const& fixed, registration_input const& moving) const {
        return run_(fixed, moving);
    }
    method_result operator()(image<float> const& fixed, image<float> const& moving) const {
        return run_({.values = fixed}, {.values = moving});
    }
    /// Whether it prepares raw images itself, and the call that does.
    bool prepares() const { return static_cast<bool>(preparing_); }
    method_result operator()(registration_input const& fixed, registration_input const& moving,
                             pair_preparations const& prepare) const {
        return preparing_(fixed, moving, prepare);
    }

private:
    function run_;
    preparing_function preparing_;
};

namespace detail {

/// The same result with its transform as one of any kind.
template <class Transform>
method_result to_method_result(registration_result<Transform> const& r) {
    method_result result;
    result.transform = r.transform;
    result.value = r.value;
    result.converged = r.converged;
    result.confidence = r.confidence;
    result.overlap = r.overlap;
    result.iterations = r.iterations;
    result.seconds = r.seconds;
    return result;
}

}  // namespace detail

/// What auto found, as a method's result.
inline method_result to_method_result(automatic_result found) {
    method_result result = detail::to_method_result<any_transform>(found);
    result.mirrored = found.mirrored;
    result.kept_start = found.kept_start;
    result.at_rim = found.at_rim;
    result.residuals = std::move(found.residuals);
    result.agreeing = found.agreeing;
    result.residual_step = found.residual_step;
    result.bend = std::move(found.bend);
    result.largest_displacement = found.largest_displacement;
    result.least_jacobian = found.least_jacobian;
    return result;
}

}}  // namespace comir::COMIR_ABI
