#pragma once

#include <cstddef>
#include <string>

#include <comir/models/unet_shape.hpp>
#include <comir/training/options.hpp>

#include "commands.hpp"

// What the library is asked for, of what the user asked for: settings that were not given are those of a recipe.

/// Of both networks, whatever their channels.
comir::unet_shape shape_of(train_settings const& settings);
/// What makes representations turn with their images: network, loss or none.
std::string equivariance_of(train_settings const& settings);
/// The name of the group whose turns are drawn.
std::string group_of(train_settings const& settings);
/// Of settings that say how large a patch is.
comir::trainer_options trainer_options_of(train_settings const& settings);
