#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <comir/models/turn_symmetry.hpp>
#include <comir/models/unet_network.hpp>
#include <comir/nn/layers/row_room.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// The calls of a dense U-Net whose shape is known at run time, with the checks of what they are given.
template <scalar T, bool Resampled>
class unet_calls {
public:
    using value_type = T;
    using workspace = unet_workspace<T>;

    /// With the channel counts that the network has.
    unet_shape const& full_shape() const { return network_.shape(); }
    std::size_t in_channels() const { return full_shape().in; }
    std::size_t out_channels() const { return full_shape().out; }
    std::size_t multiple() const { return full_shape().multiple(); }
    std::size_t halo() const { return full_shape().halo(); }
    std::size_t parameter_count() const { return network_.plan().parameters; }
    std::size_t running_count() const { return network_.plan().running; }
    std::vector<parameter_entry> const& parameter_entries() const { return network_.plan().parameter_entries; }
    std::vector<parameter_entry> const& running_entries() const { return network_.plan().running_entries; }

    /// Bytes of feature maps and what else grows with the image, for encoding (N, in, H, W) or a training step; what
    /// `workspace::bytes()` is afterwards. Scratch of the threads, a few MiB, comes on top.
    /// Errors: shape_error if no network of this shape reads such images
    std::size_t bytes(std::size_t n, std::size_t h, std::size_t w, bool training) const {
        check({n, in_channels(), h, w}, {n, out_channels(), h, w}, "bytes");
        return network_.bytes(n, h, w, training);
    }

    /// Weights and biases uniform within 1 / sqrt(fan-in), as PyTorch's convolutions; normalisations the identity.
    void initialise(std::span<T> parameters, std::span<T> running, std::uint64_t seed) const {
        check_spans(parameters.size(), running.size(), "initialise");
        network_.initialise(parameters, running, seed);
    }

    /// Whether tie_turns has what it needs: inner channel counts in fours, and upsampling to the nearest pixel.
    bool can_tie_turns() const { return has_turned_channels(network_.plan()); }
    /// Makes group convolutions of the network's convolutions: of each four filters the last three become quarter turns
    /// of the first. Then the representation of a turned image is the turned representation, but for rounding.
    /// Errors: shape_error unless can_tie_turns()
    /// Source: Cohen and Welling 2016, arXiv:1602.07576
    void tie_turns(std::span<T> parameters, std::span<T> running) const {
        check_turns(parameters.size(), running.size(), "tie_turns");
        for_tied_parameters(network_.plan(), parameters, as_the_first{});
        for_tied_statistics(running, as_the_first{});
    }
    /// Keeps them so: a gradient, and statistics, of filters that are turns of each other become their mean.
    /// Errors: shape_error unless can_tie_turns()
    void average_tied(std::span<T> gradient, std::span<T> running) const {
        check_turns(gradient.size(), running.size(), "average_tied");
        for_tied_parameters(network_.plan(), gradient, as_their_mean{});
        for_tied_statistics(running, as_their_mean{});
    }

    /// Inference: normalises with the running statistics.
    void encode(std::span<T const> parameters, std::span<T const> running, tensor_view<T const> x, tensor_view<T> y,
                workspace& work, int threads = 0) const {
        check(x.shape(), y.shape(), "encode");
        check_row_room(y, "dense_unet::encode");
        check_spans(parameters.size(), running.size(), "encode");
        network_.forward(parameters, {}, running, x, y, false, 0, work, threads);
    }

    /// Training: normalises with the batch's statistics, updates the running ones, keeps what backward needs.
    /// `seed` chooses the dropped values; give backward the same.
    void forward(std::span<T const> parameters, std::span<T> running, tensor_view<T const> x, tensor_view<T> y,
                 std::uint64_t seed, workspace& work, int threads = 0) const {
        check(x.shape(), y.shape(), "forward");
        check_row_room(y, "dense_unet::forward");
        check_spans(parameters.size(), running.size(), "forward");
        std::size_t const lowest = x.shape().n * (x.shape().h / multiple()) * (x.shape().w / multiple());
        require<shape_error>(lowest > 1, "comir::dense_unet::forward: x is ", to_string(x.shape()),
                             ", which leaves one value a channel to normalise; give a larger batch or image");
        network_.forward(parameters, running, running, x, y, true, seed, work, threads);
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> dy, tensor_view<T> dx,
                  std::span<T> gradient, std::uint64_t seed, workspace& work, int threads = 0) const {
        check(x.shape(), dy.shape(), "backward");
        check_spans(parameters.size(), running_count(), "backward");
        check_spans(gradient.size(), running_count(), "backward");
        require<shape_error>(dx.empty() || dx.shape() == x.shape(), "comir::dense_unet::backward: dx is ",
                             to_string(dx.shape()), ", expected ", to_string(x.shape()));
        network_.backward(parameters, x, dy, dx, gradient, seed, work, threads);
    }

protected:
    explicit unet_calls(unet_shape const& shape) : network_(shape) {}

private:
    void check(shape4 x, shape4 y, char const* where) const {
        require<shape_error>(x.c == in_channels(), "comir::dense_unet::", where, ": x is ", to_string(x), ", expected ",
                             in_channels(), " channels");
        require<shape_error>(x.n > 0 && x.h > 0 && x.w > 0 && x.h % multiple() == 0 && x.w % multiple() == 0,
                             "comir::dense_unet::", where, ": x is ", to_string(x),
                             ", expected rows and columns in multiples of ", multiple(), "; pad the image");
        require<shape_error>(y == shape4{x.n, out_channels(), x.h, x.w}, "comir::dense_unet::", where, ": y is ",
                             to_string(y), ", expected ", to_string(shape4{x.n, out_channels(), x.h, x.w}));
    }
    void check_turns(std::size_t parameters, std::size_t running, char const* where) const {
        check_spans(parameters, running, where);
        require<shape_error>(
            can_tie_turns(), "comir::dense_unet::", where,
            ": the network's inner channels are not all in fours, or it does not upsample to the nearest "
            "pixel; choose a shape that does");
    }
    void check_spans(std::size_t parameters, std::size_t running, char const* where) const {
        require<shape_error>(parameters == parameter_count() && running == running_count(),
                             "comir::dense_unet::", where, ": ", parameters, " parameters and ", running,
                             " running statistics were given, expected ", parameter_count(), " and ", running_count());
    }

    unet_network<T, Resampled> network_;
};

}  // namespace detail

/// Dense U-Net ("tiramisu"): maps images to representations of the same extent.
/// Shapes:  x (N, in, H, W), y (N, out, H, W); H and W multiples of `multiple()`
/// Holds no numbers: parameters, running statistics, gradients and workspaces belong to the caller. The parameters are
/// one flat array in the order of `parameter_entries()`, so a device can point at them in flash memory.
/// Writes:  encode and forward overwrite y, whose rows must have room for whole vectors, as a tensor's have; backward
///          adds to dx (unless it is empty) and to the gradient
/// Errors:  shape_error if an extent, a channel count, a span's length or the distance of y's rows does not fit
/// Threads: over tiles; the same bits for any number of threads
/// Source:  Jegou et al. 2017, arXiv:1611.09326; layer details as in the network published with CoMIR
template <unet_shape Shape, scalar T = float>
class dense_unet : public detail::unet_calls<T, Shape.resampled()> {
    static_assert(
        Shape.valid(),
        "comir: dense_unet needs as many up as down blocks, at least one, no zero counts, a compression of 1 to "
        "100 percent and a dropout below 100 percent");

public:
    static constexpr unet_shape shape = Shape;

    /// For a shape whose channel counts are fixed.
    dense_unet() requires(Shape.in != dynamic && Shape.out != dynamic) : dense_unet(Shape.in, Shape.out) {}
    /// For a shape with dynamic channel counts.
    /// Errors: shape_error if a count is zero or differs from a fixed one
    dense_unet(std::size_t in, std::size_t out) : detail::unet_calls<T, Shape.resampled()>(checked(in, out)) {}

    static constexpr std::size_t multiple() { return Shape.multiple(); }
    static constexpr std::size_t halo() { return Shape.halo(); }

private:
    static unet_shape checked(std::size_t in, std::size_t out) {
        require<shape_error>(
            in > 0 && out > 0 && (Shape.in == dynamic || Shape.in == in) && (Shape.out == dynamic || Shape.out == out),
            "comir::dense_unet: ", in, " -> ", out, " channels were given, expected ",
            Shape.in == dynamic ? std::string("any") : std::to_string(Shape.in), " -> ",
            Shape.out == dynamic ? std::string("any") : std::to_string(Shape.out));
        return with_channels(Shape, in, out);
    }
};

}}  // namespace comir::COMIR_ABI
