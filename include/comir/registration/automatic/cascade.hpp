#pragma once

#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/automatic/refine.hpp>
#include <comir/registration/automatic/stages.hpp>
#include <comir/registration/global/check.hpp>
#include <comir/registration/input.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A fixed image prepared for registrations from nowhere: any angle, any shift, images of any two sizes. For images
/// that are alike, such as two CoMIRs: a global search by ZNCC of local contrast, whose best poses, unless it is sure
/// of the first, compete by score and plain ZNCC, then alpha-AMD from the winner. Of the search's transform and the
/// refined one the better correlated is taken: alpha-AMD is exact to hundredths of a pixel where intensities agree, and
/// less so than the search where they do not. Poses that raw images showed stay as they are. Raw images are what the
/// values were made of, pixel by pixel, such as the photographs behind representations; what they show at the pose
/// tells how sure the search is. Where it is in doubt, a second one adds their mutual information, or without raw
/// images that of the values themselves, and a third one compares these alone. The surest of them counts. Where it is
/// unsure, features are asked: they may tell poses apart that correlate alike. Nothing of this above a megapixel, where
/// it takes long.
/// The result's value is alpha-AMD's, in pixels; its confidence is that of the search or the features that decided; 0
/// if not converged.
/// Memory:  the fixed image is copied once, and what stages make of it is kept. Above a megapixel alpha-AMD's maps are
///          not, and where one image is more than four times the other they are made of windows about the poses found
/// Errors:  those of global_search_target and alpha_amd_target. Constant images, masks without pixels and images
///          without enough overlap are no errors: the result has not converged and its confidence is 0
/// Threads: as global_search_target and alpha_amd_target; the same bits for any number of threads
template <class Transform = rigid2>
class automatic_target {
public:
    /// The first two copy what the input refers to, or take the image; the last shares what others prepared.
    explicit automatic_target(registration_input const& fixed, automatic_options options = {})
        : automatic_target(prepared_image(fixed), std::move(options)) {}
    explicit automatic_target(image<float> fixed, automatic_options options = {})
        : automatic_target(prepared_image(registration_image{std::move(fixed)}), std::move(options)) {}
    explicit automatic_target(prepared_image fixed, automatic_options options = {})
        : fixed_(std::move(fixed)), options_(checked(std::move(options), fixed_)), refiner_(fixed_, *options_) {}
    [[deprecated("give a registration_input")]] automatic_target(image<float> fixed, automatic_options options,
                                                                 image_mask mask, image<float> raw = {})
        : automatic_target(prepared_image(registration_image{std::move(fixed), std::move(mask), std::move(raw), {}}),
                           std::move(options)) {}

    automatic_options const& options() const { return *options_; }

    /// The transform from the fixed to the moving image.
    registration_result<Transform> register_to(registration_input const& moving) const {
        auto const begin = std::chrono::steady_clock::now();
        auto const prepared = prepared_image::referring_to(moving);
        detail::automatic_stages<Transform> stages(fixed_, prepared, options_, refiner_);
        stages.search();
        if (stages.best().converged && stages.is_small()) {
            if (stages.asks_raw())
                stages.search_raw();
            if (stages.asks_features())
                stages.match_features();
        }
        auto result = stages.best();
        result.seconds = detail::seconds_since(begin);
        return result;
    }
    registration_result<Transform> register_to(image<float> const& moving) const {
        return register_to(registration_input{.values = moving});
    }
    [[deprecated("give a registration_input")]] registration_result<Transform> register_to(
        image<float> const& moving, image_mask const& mask, image<float> const& raw = {}) const {
        return register_to(registration_input{.values = moving, .mask = mask, .raw = raw});
    }

private:
    static std::shared_ptr<automatic_options const> checked(automatic_options o, prepared_image const& fixed) {
        o.search.threads = o.refine.threads = o.features.threads = o.threads;
        detail::check_search_options(o.search);
        detail::check_search_input("fixed", fixed);
        require(
            o.search.metric == search_metric::zncc,
            "comir::register_auto: the search's metric is mutual information, expected ZNCC, since alpha-AMD compares "
            "intensities; call global_search for raw images");
        require(o.zncc_weight >= 0.0 && std::isfinite(o.zncc_weight) && o.drift > 0.0,
                "comir::register_auto: zncc_weight is ", o.zncc_weight, " and drift ", o.drift,
                ", expected a number not below 0 and a positive share");
        for (auto const& [name, value] :
             {std::pair{"ask_raw_below", o.ask_raw_below}, {"ask_features_below", o.ask_features_below}})
            require(value >= 0.0 && value <= 1.0, "comir::register_auto: ", name, " is ", value,
                    ", expected a confidence from 0 to 1");
        return std::make_shared<automatic_options const>(std::move(o));
    }

    prepared_image fixed_;
    std::shared_ptr<automatic_options const> options_;
    detail::pose_refiner<Transform> refiner_;
};

/// Registers the moving image to the fixed one from any displacement; automatic_target says how and with which errors.
template <class Transform = rigid2>
registration_result<Transform> register_auto(registration_input const& fixed, registration_input const& moving,
                                             automatic_options const& options = {}) {
    auto const begin = std::chrono::steady_clock::now();
    auto result = automatic_target<Transform>(prepared_image::referring_to(fixed), options).register_to(moving);
    result.seconds = detail::seconds_since(begin);
    return result;
}
/// The same for images without masks and raw images.
template <class Transform = rigid2>
registration_result<Transform> register_auto(image<float> const& fixed, image<float> const& moving,
                                             automatic_options const& options = {}) {
    return register_auto<Transform>(registration_input{.values = fixed}, registration_input{.values = moving}, options);
}

}}  // namespace comir::COMIR_ABI
