#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include <comir/core/clock.hpp>
#include <comir/core/error.hpp>
#include <comir/models/encoder.hpp>
#include <comir/training/batch/batch_source.hpp>
#include <comir/training/options.hpp>
#include <comir/training/prepared_scenes.hpp>
#include <comir/training/state.hpp>
#include <comir/training/stepper.hpp>
#include <comir/training/training_step.hpp>
#include <comir/training/value_range.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The loop of a training, with an objective and a communicator of the program's choice. Programs that train with
/// InfoNCE in one process write `trainer`.
/// Networks: dense_unet, any_unet, or a class with their calls and a workspace with those of unet_workspace
/// Errors:  shape_error if scenes, channels or settings do not fit; error if the objective or a gradient is not finite,
///          with the state as it was before that step
/// Threads: within each step; the same bits for any number of threads
template <class Objective, class Communicator, class Group, class... Networks>
class basic_trainer {
public:
    static constexpr std::size_t modalities = sizeof...(Networks);

    basic_trainer(trainer_options options, Objective objective, Communicator communicator, Networks... networks)
        : stepper_((detail::check_trainer_options(options, modalities), std::move(options)), std::move(objective),
                   std::move(communicator), std::move(networks)...) {
        auto const& o = stepper_.options();
        // Refuses a grid that does not fit the patch before any scene is there.
        [[maybe_unused]] crop_poses<modalities> const poses(o.augment.patch, o.grid, o.turn_apart);
        state_.networks = stepper_.networks().initial_state(o);
    }

    trainer_options const& options() const { return stepper_.options(); }
    trainer_state const& state() const { return state_; }
    /// The range is not part of the state: it is 0 to 1 until fit or set_range.
    /// Errors: shape_error if the state is not of these networks
    void restore(trainer_state state) {
        detail::check_same_networks("comir::trainer::restore", state, state_);
        state_ = std::move(state);
    }

    /// Trains up to `steps` in all, from the step that the state has reached, and measures the range.
    void fit(std::span<aligned_images<modalities> const> scenes, fit_options const& fit) {
        prepared_scenes<modalities> const prepared(scenes, all_settings(), options().threads);
        batch_source<modalities> batches = stepper_.source(prepared.view());
        if (state_.step < fit.steps)
            stepper_.objective().begin(prepared.view(), batches.sampling(),
                                       stepper_.networks().template network<0>().out_channels());
        while (state_.step < fit.steps) {
            auto const begin = std::chrono::steady_clock::now();
            training_step report = stepper_.step(batches, fit.steps, state_);
            report.seconds = detail::seconds_since(begin);
            if (fit.on_step && !fit.on_step(report))
                break;
        }
        stepper_.objective().end();
        range_ = measure_range(batches);
    }

    /// Mean loss over `batches` fixed batches of the scenes, with the running statistics as in encoding.
    info_nce_result validate(std::span<aligned_images<modalities> const> scenes, std::size_t batches = 4) {
        require(batches > 0, "comir::trainer::validate: 0 batches were asked for, expected at least 1");
        prepared_scenes<modalities> const prepared(scenes, all_settings(), options().threads);
        batch_source<modalities> source = stepper_.source(prepared.view());
        info_nce_result mean{};
        for (std::size_t b = 0; b < batches; ++b) {
            auto const representations = stepper_.encode(source, b, state_);
            info_nce_result const one = stepper_.objective().value({.poses = source.poses()}, representations);
            mean.loss += one.loss / static_cast<double>(batches);
            mean.positive_similarity += one.positive_similarity / static_cast<double>(batches);
            mean.accuracy += one.accuracy / static_cast<double>(batches);
        }
        return mean;
    }

    /// Bytes of the feature maps and their gradients that training has made room for.
    std::size_t bytes() const { return stepper_.networks().bytes(); }

    /// The mapping to 0..1 that the end of fit measured.
    intensity_range const& range() const { return range_; }
    void set_range(intensity_range const& range) { range_ = range; }

    /// The trained encoder of modality I, a copy.
    template <std::size_t I>
    auto encoder() const {
        using network = std::tuple_element_t<I, std::tuple<Networks...>>;
        return comir::encoder<network>(stepper_.networks().template network<I>(), state_.networks[I].parameters,
                                       state_.networks[I].running, settings(I));
    }

private:
    encoder_settings settings(std::size_t modality) const {
        auto const& o = options();
        return {.modality = o.names.empty() ? "modality " + std::to_string(modality) : o.names[modality],
                .log = !o.log.empty() && o.log[modality],
                .range = range_,
                .contrast_sigma = o.contrast_sigma,
                .contrast_floor = o.contrast_floor};
    }
    std::array<encoder_settings, modalities> all_settings() const {
        std::array<encoder_settings, modalities> result;
        for (std::size_t m = 0; m < modalities; ++m)
            result[m] = settings(m);
        return result;
    }

    intensity_range measure_range(batch_source<modalities>& batches) {
        value_range range;
        for (std::size_t b = 0; b < 2; ++b)
            for (auto const& representations : stepper_.encode(batches, b, state_))
                range.add(representations);
        return range.measure();
    }

    stepper<Objective, Communicator, Group, Networks...> stepper_;
    trainer_state state_;
    intensity_range range_;
};

}}  // namespace comir::COMIR_ABI
