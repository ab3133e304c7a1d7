#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <comir/nn/concepts.hpp>
#include <comir/nn/layers/drop_mask.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Sets values to zero at random and scales the others by 1 / (1 - probability), so that means stay; the identity at
/// inference. Channelwise, whole planes of a sample are dropped together, as by PyTorch's Dropout2d.
/// The mask is a function of seed and place, computed again in backward; give every step another seed. It is the mask
/// of networks that fuse dropout into their convolutions.
/// Shapes:  x, y any shape, equal
/// Errors:  error for a probability outside [0, 1]; shape_error if views differ in shape
/// Threads: over planes; the same bits for any number of threads
/// Source:  Srivastava et al. 2014, JMLR 15; channelwise: Tompson et al. 2015, arXiv:1411.4280
template <scalar T>
struct dropout {
    using value_type = T;
    /// The seed that forward drew with, since the layer's may have moved on.
    struct state {
        std::uint64_t seed = 0;
    };

    double probability = 0.5;
    bool channelwise = false;
    std::uint64_t seed = 0;

    static constexpr std::size_t parameter_count() { return 0; }
    static constexpr std::size_t running_count() { return 0; }
    shape4 output_shape(shape4 x) const {
        require(probability >= 0 && probability <= 1, "comir::dropout: the probability is ", probability,
                ", expected 0 to 1");
        return x;
    }

    void forward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T> y, state& kept,
                 int threads) const {
        detail::check_forward(*this, "dropout::forward", parameters, x, y);
        kept.seed = seed;
        shape4 const s = x.shape();
        detail::drop_mask const mask{probability, channelwise, seed};
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < s.h; ++i) {
                std::copy_n(x.row(n, c, i), s.w, y.row(n, c, i));
                mask.apply(y.row(n, c, i), s.w, n, c, i, 0);
            }
        });
    }

    void backward(std::span<T const> parameters, tensor_view<T const> x, tensor_view<T const> y,
                  tensor_view<T const> dy, state const& kept, tensor_view<T> dx, std::span<T> dparameters,
                  int threads) const {
        detail::check_backward(*this, "dropout::backward", parameters, x, y, dy, dx, dparameters);
        shape4 const s = x.shape();
        detail::drop_mask const mask{probability, channelwise, kept.seed};
        detail::for_each_plane(s, threads, [&](std::size_t n, std::size_t c) {
            for (std::size_t i = 0; i < s.h; ++i) {
                T const* const from = dy.row(n, c, i);
                T* const to = dx.row(n, c, i);
                for (std::size_t j = 0; j < s.w; ++j)
                    to[j] += from[j] * static_cast<T>(mask.factor(n, c, i, j));
            }
        });
    }

    void infer(std::span<T const> parameters, std::span<T const>, tensor_view<T const> x, tensor_view<T> y, state&,
               int) const {
        detail::check_forward(*this, "dropout::infer", parameters, x, y);
        copy(x, y);
    }
    void update_running(state const&, std::span<T>) const {}
};

}}  // namespace comir::COMIR_ABI
