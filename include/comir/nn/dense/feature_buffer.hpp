#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/core/memory.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Owning (N, C, H, W) values like a tensor, but with channels an odd number of cache lines apart: the same pixel of
/// all channels, which a convolution reads together, must not fall into the same set of a cache.
template <scalar T>
class feature_map {
public:
    /// Elements from one channel to the next.
    static constexpr std::size_t channel_stride(shape4 const& shape) {
        constexpr std::size_t line = alignment / sizeof(T);
        // 9 modulo 16: also the rows of neighbouring channels lie in different sets.
        std::size_t const lines = shape.h * row_pitch<T>(shape.w) / line;
        return (round_up(lines + 7, 16) - 7) * line;
    }
    /// Bytes that a shape needs.
    static constexpr std::size_t bytes(shape4 const& shape) {
        return shape.n * shape.c * channel_stride(shape) * sizeof(T);
    }
    /// Changes the shape; the values are zero afterwards. Keeps the memory if it is large enough.
    void resize(shape4 shape) {
        shape_ = shape;
        stride_c_ = channel_stride(shape);
        storage_.assign(shape.n * shape.c * stride_c_, T(0));
    }
    shape4 const& shape() const { return shape_; }
    T* data() { return storage_.data(); }
    T const* data() const { return storage_.data(); }
    std::size_t storage_size() const { return storage_.size(); }
    tensor_view<T> view() { return {data(), shape_, shape_.c * stride_c_, stride_c_, row_pitch<T>(shape_.w)}; }
    tensor_view<T const> view() const {
        return {data(), shape_, shape_.c * stride_c_, stride_c_, row_pitch<T>(shape_.w)};
    }

private:
    shape4 shape_;
    std::size_t stride_c_ = 0;
    aligned_vector<T> storage_;
};

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
    feature_map<T> value;
    feature_map<T> gradient;
    aligned_vector<double> mean, variance;
    aligned_vector<double> pull_mean, pull_slope;

    /// Makes room for (N, C, H, W). Keeps what already fits.
    void resize(shape4 shape) {
        if (!(value.shape() == shape))
            value.resize(shape);
        for (auto* v : {&mean, &variance, &pull_mean, &pull_slope})
            v->resize(shape.c);
    }
    /// Makes room for the gradients, which only a backward pass needs, and clears them.
    void clear_gradient() {
        if (gradient.shape() == value.shape())
            std::fill_n(gradient.data(), gradient.storage_size(), T(0));
        else
            gradient.resize(value.shape());
        std::fill(pull_mean.begin(), pull_mean.end(), 0.0);
        std::fill(pull_slope.begin(), pull_slope.end(), 0.0);
    }
    std::size_t bytes() const { return (value.storage_size() + gradient.storage_size()) * sizeof(T); }
};

}}  // namespace comir::COMIR_ABI
