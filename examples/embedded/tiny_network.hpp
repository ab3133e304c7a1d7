#pragma once

#include <comir/models/dense_unet.hpp>

/// A network small enough for any device: one level, four channels at a time.
inline constexpr comir::unet_shape tiny_shape{
    .in = 1, .out = 1, .first = 4, .down = {1}, .bottleneck = 1, .up = {1}, .growth = 4};
using tiny_network = comir::dense_unet<tiny_shape>;
