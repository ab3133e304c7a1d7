#pragma once

#include <string>
#include <vector>

#include <comir/training/state.hpp>

#include "commands.hpp"
#include "models.hpp"

/// All that a checkpoint keeps of a training, and its model.
stopped_training snapshot(train_settings const& settings, comir::trainer_state const& state,
                          std::vector<comir::encoder<any_network>> encoders);

/// The state that a checkpoint keeps. `now` is a snapshot of the training that is to go on from it.
/// Errors: comir::error naming the settings that differ: bit for bit, a training goes on with the same ones only
comir::trainer_state checkpoint_state(std::string const& path, stopped_training const& now);
