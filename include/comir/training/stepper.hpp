#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <comir/core/error.hpp>
#include <comir/image/c4.hpp>
#include <comir/optim/schedule.hpp>
#include <comir/training/batch/batch_source.hpp>
#include <comir/training/communicator.hpp>
#include <comir/training/network_set.hpp>
#include <comir/training/objective/objective.hpp>
#include <comir/training/options.hpp>
#include <comir/training/state.hpp>
#include <comir/training/training_step.hpp>

namespace comir { inline namespace COMIR_ABI {

/// One step of a training: draw, forward, gather, objective, backward, reduce, update, each a function of its own. The
/// state is the caller's.
/// Errors:  error if the objective or a gradient is not finite, with the state as it was before that step
/// Threads: within each part; the same bits for any number of threads
template <class Objective, class Communicator, class Group, class... Networks>
class stepper {
public:
    static constexpr std::size_t modalities = sizeof...(Networks);

private:
    static_assert(rotation_group<Group>, "comir: trainer needs a rotation group: comir::c4 or comir::trivial_group");
    static_assert(modalities >= 2, "comir: trainer needs one network for each of at least two modalities");
    static_assert(training_objective<Objective, modalities>,
                  "comir: basic_trainer needs an objective: a struct with begin, gradient, value and end; see "
                  "training/objective/objective.hpp");
    static_assert(communicator<Communicator, modalities>,
                  "comir: basic_trainer needs a communicator: a struct with runs, gather, reduce and agree; see "
                  "training/communicator.hpp");

public:
    using scenes_view = std::span<aligned_images<modalities> const>;
    using inputs = std::array<tensor_view<float const>, modalities>;

    stepper(trainer_options options, Objective objective, Communicator communicator, Networks... networks)
        : options_(std::move(options)),
          objective_(std::move(objective)),
          communicator_(std::move(communicator)),
          networks_(options_, communicator_, std::move(networks)...) {}

    trainer_options const& options() const { return options_; }
    Objective& objective() { return objective_; }
    network_set<Networks...> const& networks() const { return networks_; }

    /// What draws batches from the scenes, with room made for them. The scenes must outlive it.
    batch_source<modalities> source(scenes_view scenes) {
        batch_source<modalities> made(scenes, {.sampling = {.augment = options_.augment, .seed = options_.seed},
                                               .batch = options_.batch,
                                               .grid = options_.grid,
                                               .turn_apart = options_.turn_apart,
                                               .invert_contrast = options_.invert_contrast,
                                               .threads = options_.threads});
        auto const expected = networks_.in_channels();
        for (std::size_t m = 0; m < modalities; ++m)
            require<shape_error>(made.channels(m) == expected[m], "comir::trainer: modality ", m, " has ",
                                 made.channels(m), " channels, its network expects ", expected[m]);
        networks_.reserve(options_);
        return made;
    }

    /// One step of `steps` in all.
    training_step step(batch_source<modalities>& batches, std::size_t steps, trainer_state& state) {
        training_step report;
        report.steps = steps;
        draw(batches, state);
        forward(state);
        gather();
        bool const finite = minimise(batches, state, report);
        backward(state);
        reduce(state);
        update(finite, state, report);
        report.step = ++state.step;
        return report;
    }

    /// The representations of a validation batch, as encoders give them.
    inputs encode(batch_source<modalities>& batches, std::uint64_t index, trainer_state const& state) {
        batches.draw_validation(index, networks_.patches());
        networks_.encode(options_, state);
        gather();
        return networks_.representations();
    }

private:
    /// Patches of all modalities.
    void draw(batch_source<modalities>& batches, trainer_state const& state) {
        batches.draw(state.step, networks_.patches());
    }

    /// The representations of the networks that this process runs.
    void forward(trainer_state& state) { networks_.template forward<Group>(options_, state); }

    /// The representations of all other networks.
    void gather() { communicator_.gather(networks_.representation_room()); }

    /// The objective and its gradient by the representations; whether its value is finite.
    bool minimise(batch_source<modalities> const& batches, trainer_state const& state, training_step& report) {
        objective_report const found =
            objective_.gradient({.step = state.step, .steps = report.steps, .poses = batches.poses()},
                                networks_.representations(), networks_.gradients());
        report.loss = found.loss;
        report.decay = found.decay;
        report.canonical = found.canonical;
        return std::isfinite(found.total());
    }

    /// The gradients by the parameters.
    void backward(trainer_state& state) { networks_.backward(options_, state); }

    /// The gradients of all processes together.
    void reduce(trainer_state& state) { networks_.reduce(options_, communicator_, state); }

    /// Moves the parameters, unless something is not finite.
    void update(bool finite, trainer_state& state, training_step& report) {
        report.gradient_norms = networks_.clip(options_);
        for (double const norm : report.gradient_norms)
            finite = finite && std::isfinite(norm);
        if (!communicator_.agree(finite)) {
            networks_.undo(state);
            fail("comir::trainer: the loss or its gradient is not finite at step ", state.step + 1,
                 "; the state before that step is kept; lower the learning rate or raise the temperature");
        }
        report.learning_rate = cosine_schedule{options_.learning_rate, 0, options_.warm_up}(state.step, report.steps);
        networks_.update(options_, report.learning_rate, state);
    }

    trainer_options options_;
    Objective objective_;
    Communicator communicator_;
    network_set<Networks...> networks_;
};

}}  // namespace comir::COMIR_ABI
