#pragma once

#include <string_view>

#include <comir/contrastive/rowwise_norm.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

struct rowwise_l1 {
    static constexpr std::string_view name = "rowwise_l1";

    template <class V>
    static void accumulate(V& total, V&, V const& d) {
        total += absolute(d);
    }
    template <class T>
    static T norm(T total) {
        return total;
    }
    template <class T>
    static T slope(T, T) {
        return T{1};
    }
    template <class V>
    static V shape(V const& d, V const&) {
        return sign(d);
    }
};

}  // namespace detail

/// Critic: minus the mean, over channels and columns, of the L1 norm of the difference down the rows, as in the
/// original CoMIR program; that is the number of rows times l1_critic. Equal values have zero gradient.
struct rowwise_l1_critic : pair_critic<detail::rowwise_norm_pair<detail::rowwise_l1>> {};

}}  // namespace comir::COMIR_ABI
