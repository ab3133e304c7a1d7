#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>
#include <comir/image/c4.hpp>
#include <comir/training/state.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What one network does in a step of training: its patches are turned by independent quarter turns, encoded and turned
/// back; the gradient by these representations goes the same way back to one by the parameters. Holds the network and
/// the step's tensors; the numbers are the caller's, and so is the workspace, which networks may share.
/// Shapes:  patches (N, in, P, P), representations and their gradient (N, out, P, P), as reserved
/// Threads: the same bits for any number of threads. One object per thread
template <class Network>
class network_step {
public:
    using workspace = typename Network::workspace;

    explicit network_step(Network network) : network_(std::move(network)) {}

    Network const& network() const { return network_; }

    /// The numbers before the first step. `tied`: filters are quarter turns of each other.
    /// Errors: shape_error if the network cannot tie its turns and is told to
    network_state initial_state(std::uint64_t seed, bool tied) const {
        network_state s;
        s.parameters.resize(network_.parameter_count());
        s.running.resize(network_.running_count());
        network_.initialise(s.parameters, s.running, seed);
        if (tied)
            network_.tie_turns(s.parameters, s.running);
        return s;
    }

    /// Makes room for batches of n patches of p px.
    void reserve(std::size_t n, std::size_t p) {
        for (auto* t : {&patches_, &turned_})
            t->resize({n, network_.in_channels(), p, p});
        for (auto* t : {&encoded_, &representations_, &gradients_})
            t->resize({n, network_.out_channels(), p, p});
        parameter_gradient_.resize(network_.parameter_count());
        turns_.resize(n);
        inverse_.resize(n);
    }

    tensor_view<float> patches() { return patches_.view(); }
    tensor_view<float const> representations() const { return representations_.view(); }
    tensor_view<float> representation_room() { return representations_.view(); }
    /// By the representations: an objective's output, read by backward.
    tensor_view<float> gradients() { return gradients_.view(); }
    /// By the parameters: what backward wrote.
    std::span<float> parameter_gradient() { return parameter_gradient_; }

    /// Representations of the patches, with turns of the group drawn anew; updates the running statistics. `seed`
    /// chooses the values that are dropped.
    template <class Group>
    void forward(random_stream& random, network_state& state, std::uint64_t seed, workspace& work, int threads) {
        for (std::size_t i = 0; i < turns_.size(); ++i) {
            turns_[i] = quarter_turns_of<Group>(random.below(Group::order));
            inverse_[i] = inverse_turn(turns_[i]);
        }
        turn<float>(std::as_const(patches_).view(), turns_, turned_.view(), threads);
        running_before_ = state.running;
        run(state, seed, work, threads);
        turn<float>(std::as_const(encoded_).view(), inverse_, representations_.view(), threads);
    }

    /// Brings the feature maps of forward back into a workspace that another network has used since.
    void recompute(network_state& state, std::uint64_t seed, workspace& work, int threads) {
        state.running = running_before_;  // the network mixes the batch's in once more
        run(state, seed, work, threads);
    }

    /// The gradient by the parameters from that by the representations, with the workspace and the seed of forward.
    void backward(network_state const& state, std::uint64_t seed, workspace& work, int threads) {
        std::fill(parameter_gradient_.begin(), parameter_gradient_.end(), 0.0f);
        // The turns' gradient: turned as the input was.
        turn<float>(std::as_const(gradients_).view(), turns_, encoded_.view(), threads);
        network_.backward(state.parameters, std::as_const(turned_).view(), std::as_const(encoded_).view(), {},
                          parameter_gradient_, seed, work, threads);
    }

    /// Makes forward undone: the running statistics are as before.
    void undo(network_state& state) const { state.running = running_before_; }

    /// Representations of the patches as an encoder gives them: without turns, with the running statistics.
    void encode(network_state const& state, workspace& work, int threads) {
        network_.encode(state.parameters, state.running, std::as_const(patches_).view(), representations_.view(), work,
                        threads);
    }

private:
    void run(network_state& state, std::uint64_t seed, workspace& work, int threads) {
        network_.forward(state.parameters, state.running, std::as_const(turned_).view(), encoded_.view(), seed, work,
                         threads);
    }

    Network network_;
    tensor<float> patches_, turned_, encoded_, representations_, gradients_;
    std::vector<float> parameter_gradient_, running_before_;
    std::vector<std::uint8_t> turns_, inverse_;
};

}}  // namespace comir::COMIR_ABI
