#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>
#include <comir/optim/clip.hpp>
#include <comir/optim/sgd.hpp>
#include <comir/training/network_step.hpp>
#include <comir/training/options.hpp>
#include <comir/training/state.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The networks of all modalities through one step of training, those that this process runs, and the workspaces that
/// they may share. The numbers are the caller's.
/// Errors:  shape_error if the representations' channels differ, or a patch is no multiple of what a network halves;
///          error for recompute with networks that cannot share a workspace
/// Threads: within each network; the same bits for any number of threads
template <class... Networks>
class network_set {
public:
    static constexpr std::size_t modalities = sizeof...(Networks);
    using inputs = std::array<tensor_view<float const>, modalities>;
    using outputs = std::array<tensor_view<float>, modalities>;

    template <class Communicator>
    network_set(trainer_options const& options, Communicator const& processes, Networks... networks)
        : steps_(network_step<Networks>(std::move(networks))...) {
        for (std::size_t m = 0; m < modalities; ++m)
            runs_[m] = processes.runs(m);
        require(alike || !options.recompute,
                "comir::trainer: recompute is on, but the networks' workspaces are of different types; they cannot "
                "take turns in one");
        each([&]<std::size_t I>() {
            std::size_t const out = network<I>().out_channels(), first = network<0>().out_channels();
            require<shape_error>(out == first, "comir::trainer: network ", I, " has ", out,
                                 " output channels, network 0 has ", first, "; representations must be alike");
            require<shape_error>(options.augment.patch % network<I>().multiple() == 0, "comir::trainer: a patch of ",
                                 options.augment.patch, " px, expected a multiple of ", network<I>().multiple());
        });
    }

    template <std::size_t I>
    auto const& network() const {
        return std::get<I>(steps_).network();
    }
    std::array<std::size_t, modalities> in_channels() const {
        return of_each([](auto const& step) { return step.network().in_channels(); });
    }
    outputs patches() {
        return of_each([](auto& step) { return step.patches(); });
    }
    inputs representations() const {
        return of_each([](auto const& step) { return step.representations(); });
    }
    /// The same, to be filled in where this process does not run the network.
    outputs representation_room() {
        return of_each([](auto& step) { return step.representation_room(); });
    }
    /// By the representations: what backward reads.
    outputs gradients() {
        return of_each([](auto& step) { return step.gradients(); });
    }

    /// The numbers of all networks before the first step.
    std::vector<network_state> initial_state(trainer_options const& o) const {
        std::vector<network_state> states;
        each([&]<std::size_t I>() {
            states.push_back(
                std::get<I>(steps_).initial_state(detail::mix64(o.network_seed + 977 * I), o.group_convolutions));
        });
        return states;
    }

    /// Makes room for a step.
    void reserve(trainer_options const& o) {
        each([&]<std::size_t I>() { std::get<I>(steps_).reserve(o.batch, o.augment.patch); });
    }

    /// The representations of a batch's patches, turned by independent elements of the group.
    template <class Group>
    void forward(trainer_options const& o, trainer_state& state) {
        each_own([&]<std::size_t I>() {
            random_stream random(o.seed, state.step, 0x7475726e + I);
            std::get<I>(steps_).template forward<Group>(random, state.networks[I], state.step, workspace<I>(o),
                                                        o.threads);
        });
    }

    /// The gradients by the parameters of all networks.
    void backward(trainer_options const& o, trainer_state& state) {
        // From the last network, whose feature maps are there even if the networks take turns in one workspace.
        bool kept = true;
        each([&]<std::size_t Before>() {
            constexpr std::size_t I = modalities - 1 - Before;
            if (!runs_[I])
                return;
            if (o.recompute && !kept)
                std::get<I>(steps_).recompute(state.networks[I], state.step, workspace<I>(o), o.threads);
            kept = false;
            if constexpr (alike)
                if (!o.recompute)
                    std::get<I>(workspaces_).exchange_gradients(std::get<(I + 1) % modalities>(workspaces_));
            std::get<I>(steps_).backward(state.networks[I], state.step, workspace<I>(o), o.threads);
        });
    }

    /// The gradients by the parameters after all processes have added theirs; of tied filters, the mean.
    template <class Communicator>
    void reduce(trainer_options const& o, Communicator& processes, trainer_state& state) {
        each_own([&]<std::size_t I>() {
            auto const gradient = std::get<I>(steps_).parameter_gradient();
            processes.reduce(I, gradient);
            if (o.group_convolutions)
                network<I>().average_tied(gradient, state.networks[I].running);
        });
    }

    /// Clips each network's gradient; the norms that they had.
    std::vector<double> clip(trainer_options const& o) {
        std::vector<double> norms(modalities, 0.0);
        each_own([&]<std::size_t I>() {
            norms[I] = clip_norm(std::get<I>(steps_).parameter_gradient(), o.clip, o.threads);
        });
        return norms;
    }

    /// Gradient descent.
    void update(trainer_options const& o, double learning_rate, trainer_state& state) {
        sgd const descent{.learning_rate = learning_rate,
                          .momentum = o.momentum,
                          .weight_decay = o.weight_decay,
                          .threads = o.threads};
        each_own([&]<std::size_t I>() {
            descent.step(state.networks[I].parameters, std::get<I>(steps_).parameter_gradient(),
                         state.networks[I].optimizer);
        });
    }

    /// Makes the step's forward undone.
    void undo(trainer_state& state) const {
        each_own([&]<std::size_t I>() { std::get<I>(steps_).undo(state.networks[I]); });
    }

    /// The representations of a batch's patches as encoders give them.
    void encode(trainer_options const& o, trainer_state const& state) {
        each_own([&]<std::size_t I>() { std::get<I>(steps_).encode(state.networks[I], workspace<I>(o), o.threads); });
    }

    /// Bytes of the feature maps and their gradients that steps have made room for.
    std::size_t bytes() const {
        std::size_t total = 0;
        each([&]<std::size_t I>() { total += std::get<I>(workspaces_).bytes(); });
        return total;
    }

private:
    using first_workspace = typename std::tuple_element_t<0, std::tuple<Networks...>>::workspace;
    static constexpr bool alike = (std::same_as<typename Networks::workspace, first_workspace> && ...);

    template <std::size_t I>
    auto& workspace(trainer_options const& o) {
        if constexpr (alike)
            return o.recompute ? std::get<0>(workspaces_) : std::get<I>(workspaces_);
        else
            return std::get<I>(workspaces_);
    }
    template <class F>
    static void each(F const& f) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f.template operator()<I>(), ...);
        }
        (std::index_sequence_for<Networks...>{});
    }
    template <class F>
    void each_own(F const& f) const {
        each([&]<std::size_t I>() {
            if (runs_[I])
                f.template operator()<I>();
        });
    }
    template <class F>
    auto of_each(F const& f) {
        return std::apply([&](auto&... step) { return std::array{f(step)...}; }, steps_);
    }
    template <class F>
    auto of_each(F const& f) const {
        return std::apply([&](auto const&... step) { return std::array{f(step)...}; }, steps_);
    }

    std::array<bool, modalities> runs_{};  // in this process
    std::tuple<network_step<Networks>...> steps_;
    std::tuple<typename Networks::workspace...> workspaces_;  // with recompute, only the first is used
};

}}  // namespace comir::COMIR_ABI
