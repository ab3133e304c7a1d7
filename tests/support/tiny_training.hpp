#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/contrastive/critics/mse.hpp>
#include <comir/core/random.hpp>
#include <comir/models/dense_unet.hpp>
#include <comir/training/trainer.hpp>

// A training that takes a second: small scenes of two modalities, networks of a few thousand parameters.

namespace tiny_training {

inline constexpr comir::unet_shape shape{
    .in = 1, .out = 1, .first = 4, .down = {1, 1}, .bottleneck = 1, .up = {1, 1}, .growth = 4};
using network = comir::dense_unet<shape>;
using tiny_trainer = comir::trainer<comir::mse_critic, comir::c4, network, network>;

/// Smooth random texture, and its negative as the other modality.
inline std::vector<comir::aligned_images<2>> scenes() {
    std::vector<comir::aligned_images<2>> result(2);
    for (std::size_t s = 0; s < 2; ++s) {
        comir::random_stream random(11, s);
        comir::image<float> a({1, 48, 56});
        for (int wave = 0; wave < 12; ++wave) {
            double const u = random.uniform(-0.7, 0.7), v = random.uniform(-0.7, 0.7), phase = random.uniform(0, 6.3);
            for (std::size_t y = 0; y < 48; ++y)
                for (std::size_t x = 0; x < 56; ++x)
                    a(0, y, x) += static_cast<float>(
                        0.5 / 12 + std::cos(u * static_cast<double>(x) + v * static_cast<double>(y) + phase) / 24);
        }
        comir::image<float> b = a;
        for (float& value : b.values())
            value = 1.0f - value;
        result[s] = {a, b};
    }
    return result;
}

inline comir::trainer_options options(int threads) {
    comir::trainer_options o;
    o.batch = 6;
    o.augment.patch = 16;
    o.learning_rate = 0.05;
    o.threads = threads;
    return o;
}

}  // namespace tiny_training
