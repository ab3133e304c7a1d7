#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>

#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How the processes of one training share its networks. Every process trains on the same scenes with the same options
/// and so draws the same batches; it computes the objective of all representations by itself and updates the networks
/// that it runs. Any struct with
///   - `runs(m) const`: whether this process runs the network of modality m; the same answer throughout a training;
///   - `gather(representations)`: overwrites those of the networks that other processes run with what these computed;
///     the views are (N, C, P, P), in the order of the modalities, alike in shape on all processes;
///   - `reduce(m, gradient)`: adds up what all processes that run network m have as its gradient by the parameters;
///   - `agree(good)`: true if all processes say so. One that alone refused a step would leave the others waiting.
/// Each is called at the same point of every step by all processes. Sums must be added in an order that does not depend
/// on who comes first, for the same bits each time.
template <class Communicator, std::size_t M>
concept communicator = std::copy_constructible<Communicator> &&
    requires(Communicator c, Communicator const fixed, std::size_t m,
             std::array<tensor_view<float>, M> const& representations, std::span<float> gradient, bool good) {
    { fixed.runs(m) } -> std::convertible_to<bool>;
    c.gather(representations);
    c.reduce(m, gradient);
    { c.agree(good) } -> std::convertible_to<bool>;
};

/// The communicator of a training in one process: it runs all networks, and there is nothing to exchange.
struct one_process {
    bool runs(std::size_t) const { return true; }
    template <std::size_t M>
    void gather(std::array<tensor_view<float>, M> const&) const {}
    void reduce(std::size_t, std::span<float>) const {}
    bool agree(bool good) const { return good; }
};

}}  // namespace comir::COMIR_ABI
