#pragma once

#include <cmath>
#include <cstddef>

#include <comir/core/memory.hpp>
#include <comir/core/tensor.hpp>

namespace comir::inline COMIR_ABI {

/// A stack of channels that layers read and append to: values, gradients, and what all readers of a channel share.
/// Concatenation is a range of channels, never a copy. A channel's batch statistics are computed once, by the layer
/// that writes it, however many layers normalise it.
///
/// Gradient of a normalised channel: every reader adds its direct part to `gradient`; the parts through the batch mean
/// and variance are the same for all pixels up to a factor, so readers add only their two coefficients, and the
/// gradient is complete when it is read:  gradient - inverse_std * (pull_mean + pull_slope * (x - mean) * inverse_std).
template <scalar T>
class feature_buffer {
public:
    tensor<T> value;
    tensor<T> gradient;
    aligned_vector<double> mean, variance;
    aligned_vector<double> pull_mean, pull_slope;

    /// Makes room for (N, C, H, W); for training also for the gradients. Keeps what already fits.
    void resize(shape4 shape, bool training) {
        if (!(value.shape() == shape))
            value.resize(shape);
        if (training && !(gradient.shape() == shape))
            gradient.resize(shape);
        for (auto* v : {&mean, &variance, &pull_mean, &pull_slope})
            v->resize(shape.c);
    }
    /// Clears the gradients before a backward pass.
    void clear_gradient() {
        std::fill_n(gradient.data(), gradient.storage_size(), T(0));
        std::fill(pull_mean.begin(), pull_mean.end(), 0.0);
        std::fill(pull_slope.begin(), pull_slope.end(), 0.0);
    }
    std::size_t bytes() const { return (value.storage_size() + gradient.storage_size()) * sizeof(T); }
};

}  // namespace comir::inline COMIR_ABI
