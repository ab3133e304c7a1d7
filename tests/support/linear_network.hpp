#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <comir/core/tensor.hpp>

/// The smallest network that a trainer takes: y = w x + b with one w and one b, whose gradients are known. It keeps a
/// running mean of its inputs and compiles at once.
class linear_network {
public:
    using value_type = float;
    struct workspace {
        std::size_t uses = 0;

        void exchange_gradients(workspace&) {}
        std::size_t bytes() const { return uses; }
    };

    std::size_t in_channels() const { return 1; }
    std::size_t out_channels() const { return 1; }
    std::size_t multiple() const { return 1; }
    std::size_t halo() const { return 0; }
    std::size_t parameter_count() const { return 2; }
    std::size_t running_count() const { return 1; }

    void initialise(std::span<float> parameters, std::span<float> running, std::uint64_t seed) const {
        parameters[0] = 0.5f + static_cast<float>(seed % 7) / 7;
        parameters[1] = 0.1f;
        running[0] = 0;
    }
    void tie_turns(std::span<float>, std::span<float>) const {}
    void average_tied(std::span<float>, std::span<float>) const {}

    void encode(std::span<float const> parameters, std::span<float const>, comir::tensor_view<float const> x,
                comir::tensor_view<float> y, workspace& work, int) const {
        ++work.uses;
        comir::shape4 const s = x.shape();
        for (std::size_t n = 0; n < s.n; ++n)
            for (std::size_t h = 0; h < s.h; ++h)
                for (std::size_t w = 0; w < s.w; ++w)
                    y.row(n, 0, h)[w] = parameters[0] * x.row(n, 0, h)[w] + parameters[1];
    }
    void forward(std::span<float const> parameters, std::span<float> running, comir::tensor_view<float const> x,
                 comir::tensor_view<float> y, std::uint64_t, workspace& work, int threads) const {
        encode(parameters, running, x, y, work, threads);
        running[0] = 0.9f * running[0] + 0.1f * x.row(0, 0, 0)[0];
    }
    void backward(std::span<float const>, comir::tensor_view<float const> x, comir::tensor_view<float const> dy,
                  comir::tensor_view<float>, std::span<float> gradient, std::uint64_t, workspace&, int) const {
        comir::shape4 const s = x.shape();
        for (std::size_t n = 0; n < s.n; ++n)
            for (std::size_t h = 0; h < s.h; ++h)
                for (std::size_t w = 0; w < s.w; ++w) {
                    gradient[0] += dy.row(n, 0, h)[w] * x.row(n, 0, h)[w];
                    gradient[1] += dy.row(n, 0, h)[w];
                }
    }
};
