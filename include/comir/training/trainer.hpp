#pragma once

#include <concepts>
#include <utility>

#include <comir/training/basic_trainer.hpp>
#include <comir/training/communicator.hpp>
#include <comir/training/objective/dense_info_nce.hpp>
#include <comir/training/options.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Trains one network per modality on aligned images, connected by the loss only: patches are turned by independent
/// quarter turns, encoded, turned back and compared by InfoNCE with the critic. Other objectives, and training on
/// several machines: basic_trainer.
/// With default options it trains as the original program does; `comir_recipe()` in training/recipe.hpp gives the
/// settings behind this library's figures.
/// Networks: dense_unet, any_unet, or a class with their calls and a workspace with those of unet_workspace
/// Errors: those of basic_trainer
/// Threads: within each step; the same bits for any number of threads
/// Source:  Pielawski, Wetzer et al. 2020, arXiv:2006.06325
template <class Critic, class Group, class... Networks>
class trainer : public basic_trainer<dense_info_nce<Critic, sizeof...(Networks)>, one_process, Group, Networks...> {
    using objective = dense_info_nce<Critic, sizeof...(Networks)>;
    using loop = basic_trainer<objective, one_process, Group, Networks...>;

public:
    /// With networks whose channel counts are fixed.
    explicit trainer(trainer_options options = {}) requires(std::default_initializable<Networks>&&...)
        : trainer(std::move(options), Networks()...) {}
    trainer(trainer_options options, Networks... networks)
        : trainer(std::move(options), Critic{}, std::move(networks)...) {}
    /// With a critic that carries values of its own.
    trainer(trainer_options const& options, Critic critic, Networks... networks)
        : loop(options, objective_of(options, std::move(critic)), one_process{}, std::move(networks)...) {}

private:
    static objective objective_of(trainer_options const& options, Critic critic) {
        detail::check_trainer_options(options, loop::modalities);  // here, since its errors name the options
        return objective({.temperature = options.temperature,
                          .decay_l1 = options.decay_l1,
                          .decay_l2 = options.decay_l2,
                          .canonical_weight = options.canonical_weight,
                          .threads = options.threads},
                         std::move(critic));
    }
};

}}  // namespace comir::COMIR_ABI
