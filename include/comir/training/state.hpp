#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/optim/sgd.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The numbers of one network in training.
/// Shapes:  parameters and running statistics as the network counts them; the velocity is empty before the first step,
///          then as long as the parameters
struct network_state {
    std::vector<float> parameters, running;
    sgd_state<float> optimizer;

    bool operator==(network_state const& other) const {
        return parameters == other.parameters && running == other.running &&
               optimizer.velocity == other.optimizer.velocity;
    }
};

/// All that changes while training: saved and restored, a training goes on bit for bit.
struct trainer_state {
    std::uint64_t step = 0;               // finished steps
    std::vector<network_state> networks;  // one for each modality

    bool operator==(trainer_state const&) const = default;
};

namespace detail {

/// Whether a state is of the same networks as another.
inline void check_same_networks(char const* who, trainer_state const& given, trainer_state const& own) {
    require<shape_error>(given.networks.size() == own.networks.size(), who, ": the state has ", given.networks.size(),
                         " networks, expected ", own.networks.size());
    for (std::size_t m = 0; m < own.networks.size(); ++m) {
        network_state const &s = given.networks[m], &expected = own.networks[m];
        std::size_t const count = expected.parameters.size(), velocity = s.optimizer.velocity.size();
        require<shape_error>(s.parameters.size() == count && s.running.size() == expected.running.size() &&
                                 (velocity == 0 || velocity == count),
                             who, ": the state of network ", m,
                             " is that of another shape; give the networks that it was saved with");
    }
}

}  // namespace detail

}}  // namespace comir::COMIR_ABI
