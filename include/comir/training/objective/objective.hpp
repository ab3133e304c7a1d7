#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <comir/contrastive/info_nce.hpp>
#include <comir/core/tensor.hpp>
#include <comir/training/batch/crop_poses.hpp>
#include <comir/training/batch/sampler.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What an objective knows of a batch besides its representations.
template <std::size_t M>
struct batch_info {
    std::uint64_t step = 0, steps = 0;  // steps that are finished, and all that the training has
    crop_poses<M> const& poses;         // where the patches lie in what was drawn, and what they show in common
};

/// What an objective gives besides gradients. What is minimised is the sum.
struct objective_report {
    info_nce_result loss{};
    double decay = 0;      // activation decay
    double canonical = 0;  // canonical-signal loss

    double total() const { return loss.loss + decay + canonical; }
};

/// What a training minimises. Any struct with
/// - `begin(scenes, sampling, channels)`: called before the first step of a call of fit, with the scenes as the
///   networks read them, what draws its squares from them (batch_sampler) and the channels of a representation;
/// - `gradient(batch, x, dx)`: the objective of the representations x of all modalities, M views (N, C, P, P) of
///   which sample n of each shows the same place; overwrites dx, of the same shapes, with its derivative;
/// - `value(batch, x)`: the loss alone, for validation, with neither penalties nor gradients;
/// - `end()`: called after the last step, to give memory back.
/// Threads: gradient and value must give the same bits for any number of threads
template <class Objective, std::size_t M>
concept training_objective = std::copy_constructible<Objective> &&
    requires(Objective o, std::span<aligned_images<M> const> scenes, sampler_options const& sampling,
             std::size_t channels, batch_info<M> const& batch, std::array<tensor_view<float const>, M> const& x,
             std::array<tensor_view<float>, M> const& dx) {
    o.begin(scenes, sampling, channels);
    { o.gradient(batch, x, dx) } -> std::same_as<objective_report>;
    { o.value(batch, x) } -> std::same_as<info_nce_result>;
    o.end();
};

}}  // namespace comir::COMIR_ABI
