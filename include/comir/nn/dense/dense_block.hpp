#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <comir/nn/concepts.hpp>
#include <comir/nn/dense/feature_norm.hpp>
#include <comir/nn/layers/init.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Dense layers one after another: each normalises and rectifies the input and all that the layers before it added,
/// convolves it 3x3 and adds `growth` channels. Normalisation as by batch_norm with its default eps and momentum;
/// dropout, if any, as by `dropout` on what a layer adds.
/// Shapes:  x (N, C, H, W), y (N, C + layers growth, H, W), without the input's C channels if `keep_input` is false;
///          parameters: of each layer with its Ci channels Ci weights and Ci biases of the normalisation, weight
///          (growth, Ci, 3, 3), bias (growth); running: of each layer Ci means, then Ci variances
/// Errors:  shape_error if x has other than `channels` channels, spans have other lengths, or a training batch has a
///          single value per channel; error for a count of 0 or a dropout outside [0, 1)
/// Threads: over tiles; the same bits for any number of threads; a state serves one call at a time
/// Source:  Huang et al. 2017, arXiv:1608.06993, section 3
template <scalar T>
struct dense_block {
    using value_type = T;
    /// All channels in one buffer, which every layer reads and appends to; backward keeps its scratch here.
    struct state {
        shape4 shape;  // of the x that forward saw
        std::uint64_t seed = 0;
        mutable feature_buffer<T> buffer;
        mutable detail::norm_scratch<T> norm;
        mutable detail::conv_scratch<T> scratch;
    };

    std::size_t channels;
    std::size_t layers;
    std::size_t growth;
    bool keep_input = true;
    double dropout = 0;
    std::uint64_t seed = 0;  // of the dropout: give every step another

    constexpr std::size_t parameter_count() const { return parameters_before(layers); }
    constexpr std::size_t running_count() const { return running_before(layers); }
    shape4 output_shape(shape4 x) const {
        require(channels > 0 && layers > 0 && growth > 0, "comir::dense_block: ", channels, " channels, ", layers,
                " layers and a growth of ", growth, ", expected at least 1 of each");
        require(dropout >= 0 && dropout < 1, "comir::dense_block: dropout is ", dropout, ", expected 0 to below 1");
        require<shape_error>(x.c == channels && x.size() > 0, "comir::dense_block: x is ", to_string(x), ", expected ",
                             channels, " channels and at least one pixel");
        return {x.n, width(layers) - first_kept(), x.h, x.w};
    }

    /// Convolutions uniform within 1 / sqrt(fan-in), as in PyTorch; normalisations the identity.
    void initialise(std::span<T> parameters, std::span<T> running, std::uint64_t initial_seed) const {
        require<shape_error>(parameters.size() == parameter_count(),
                             "comir::dense_block::initialise: ", parameters.size(), " parameters given, expected ",
                             parameter_count());
        check_running(running.size(), "initialise");
        for (std::size_t i = 0; i < layers; ++i) {
            std::size_t const ci = width(i);
            auto const part = parameters.subspan(parameters_before(i), parameters_before(i + 1) - parameters_before(i));
            std::fill_n(part.begin(), ci, T(1));
            std::fill_n(part.begin() + static_cast<std::ptrdiff_t>(ci), ci, T(0));
            random_stream random(initial_seed, i);
            init_uniform(part.subspan(2 * ci), ci * 9, random);
            std::fill_n(running.data() + running_before(i), ci, T(0));
            std::fill_n(running.data() + running_before(i) + ci, ci, T(1));
        }
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                 int threads) const {
        detail::check_forward(*this, "dense_block::forward", parameters, x, y);
        shape4 const s = x.shape();
        require<shape_error>(s.n * s.h * s.w != 1, "comir::dense_block::forward: x is ", to_string(s),
                             ", one value per channel has no variance; give more samples or pixels, or call infer");
        start(x, kept);
        detail::channel_moments(x, kept.scratch.parts, kept.norm.moments.data(), threads);
        detail::keep_moments(kept.norm, kept.buffer, 0, channels);
        run(parameters, {}, kept, threads);
        copy(std::as_const(kept.buffer.value).view().channels(first_kept(), y.shape().c), y);
        kept.shape = s;
        kept.seed = seed;
    }

    /// Mixes the statistics of the batch that forward saw into the running ones.
    void update_running(state const& kept, std::span<T> running) const {
        check_running(running.size(), "update_running");
        require<shape_error>(kept.shape.c == channels && kept.buffer.value.shape().c == width(layers),
                             "comir::dense_block::update_running: the state holds no batch of this block; call forward "
                             "first");
        for (std::size_t i = 0; i < layers; ++i)
            detail::mix_running(kept.buffer, 0, width(i), running.data() + running_before(i));
    }

    void infer(std::span<T const> parameters, std::span<T const> running, tensor_view<T const> x, tensor_view<T> y,
               state& kept, int threads) const {
        detail::check_forward(*this, "dense_block::infer", parameters, x, y);
        check_running(running.size(), "infer");
        start(x, kept);
        run(parameters, running, kept, threads);
        copy(std::as_const(kept.buffer.value).view().channels(first_kept(), y.shape().c), y);
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "dense_block::backward", parameters, x, y, dy, dx, dparameters);
        detail::check_state(kept.shape == x.shape() && kept.buffer.value.shape().c == width(layers),
                            "dense_block::backward");
        auto& buffer = kept.buffer;
        buffer.clear_gradient();
        copy(dy, buffer.gradient.view().channels(first_kept(), dy.shape().c));
        for (std::size_t i = layers; i-- > 0;) {
            std::size_t const ci = width(i), gamma = parameters_before(i), weight = gamma + 2 * ci;
            auto const input = detail::normalised_input<T>(buffer, 0, ci, parameters.data() + gamma,
                                                           parameters.data() + gamma + ci, nullptr, kept.norm);
            auto output = detail::complete_gradient(buffer, ci, growth, kept.norm);
            output.drop = drop_of(i, kept.seed);
            detail::conv_gradients<T> into;
            into.weight = dparameters.data() + weight;
            into.bias = into.weight + growth * ci * 9;
            into.input = buffer.gradient.view().channels(0, ci);
            into.normalised = kept.norm.sums.data();
            into.mean = kept.norm.mean.data();
            detail::conv_unit_backward(input, growth, 3, parameters.data() + weight, output, into, kept.scratch,
                                       threads);
            detail::add_normalisation_gradient(buffer, 0, ci, parameters.data() + gamma, kept.norm,
                                               dparameters.data() + gamma, dparameters.data() + gamma + ci);
        }
        auto const input = detail::complete_gradient(buffer, 0, channels, kept.norm);
        detail::add_complete(input, dx, threads);
    }

private:
    /// Channels that layer i reads.
    constexpr std::size_t width(std::size_t i) const { return channels + i * growth; }
    constexpr std::size_t first_kept() const { return keep_input ? 0 : channels; }
    constexpr std::size_t parameters_before(std::size_t i) const {
        return running_before(i) * (2 + 9 * growth) / 2 + i * growth;
    }
    constexpr std::size_t running_before(std::size_t i) const {
        return i == 0 ? 0 : i * (width(0) + width(i - 1));  // twice the sum of the first i widths
    }
    void check_running(std::size_t size, char const* where) const {
        require<shape_error>(size == running_count(), "comir::dense_block::", where, ": ", size,
                             " running statistics given, expected ", running_count());
    }
    detail::drop_mask drop_of(std::size_t i, std::uint64_t of_step) const {
        return {dropout, false, detail::mix64(of_step + i + 1)};
    }

    void start(tensor_view<T const> const& x, state& kept) const {
        shape4 const s = x.shape();
        kept.shape = {};
        kept.buffer.resize({s.n, width(layers), s.h, s.w});
        kept.norm.resize(width(layers));
        copy(x, kept.buffer.value.view().channels(0, channels));
    }

    /// All layers; an empty `running` means training.
    void run(std::span<T const> parameters, std::span<T const> running, state& kept, int threads) const {
        bool const training = running.empty();
        for (std::size_t i = 0; i < layers; ++i) {
            std::size_t const ci = width(i), gamma = parameters_before(i), weight = gamma + 2 * ci;
            auto const input =
                detail::normalised_input(kept.buffer, 0, ci, parameters.data() + gamma, parameters.data() + gamma + ci,
                                         training ? nullptr : running.data() + running_before(i), kept.norm);
            detail::conv_epilogue epilogue;
            epilogue.statistics = training;
            if (training)
                epilogue.drop = drop_of(i, seed);
            detail::conv_unit_forward(input, growth, 3, parameters.data() + weight,
                                      parameters.data() + weight + growth * ci * 9, epilogue,
                                      kept.buffer.value.view().channels(ci, growth), nullptr, kept.norm.moments.data(),
                                      kept.scratch, threads);
            if (training)
                detail::keep_moments(kept.norm, kept.buffer, ci, growth);
        }
    }
};

}}  // namespace comir::COMIR_ABI
